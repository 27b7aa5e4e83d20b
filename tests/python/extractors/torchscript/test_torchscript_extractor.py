"""TorchScript files behind a contract: outputs, records, and everything that does not fit."""

from __future__ import annotations

import hashlib
from typing import Dict, Tuple  # noqa: UP035 (TorchScript knows these)

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from basnet_rt import BundleError, Error, InvalidValue
from basnet_rt.extractors import ExtractorSpec, extractor_from_spec, make_extractor
from basnet_rt.extractors.backbone.weights_files import check_recorded, sha256_of
from basnet_rt.video.frames import Frame


class Clips(nn.Module):
    """(B, C, T, H, W) to (B, C, T): means of pictures."""

    def forward(self, x: Tensor) -> Tensor:
        return x.mean(dim=[3, 4])


class Images(nn.Module):
    """(B, C, H, W) to (B, C)."""

    def forward(self, x: Tensor) -> Tensor:
        return x.mean(dim=[2, 3])


class Pair(nn.Module):
    """Logits, and tokens (B, T, C)."""

    def forward(self, x: Tensor) -> Tuple[Tensor, Tensor]:  # noqa: UP006
        return x.sum(dim=[1, 2, 3, 4]).unsqueeze(1), x.mean(dim=[3, 4]).transpose(1, 2)


class Named(nn.Module):
    def forward(self, x: Tensor) -> Dict[str, Tensor]:  # noqa: UP006
        return {"features": x.mean(dim=[2, 3, 4]), "rest": x}


class Weighted(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x.mean(dim=[2, 3, 4]))


class Undefined(nn.Module):
    """NaN where the picture is bright; fine on zeros."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.sqrt(0.5 - x.mean(dim=[2, 3, 4]))


def frames(count: int = 8, height: int = 24, width: int = 32) -> list[Frame]:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (count, height, width, 3), dtype=np.uint8)
    return [Frame(k, k / 25, k / 25, image) for k, image in enumerate(images)]


def run(extractor, shown: list[Frame]) -> np.ndarray:
    session = extractor.start()
    return np.concatenate([*(session.push(session.prepare(f)) for f in shown), session.finish()])


def means(shown: list[Frame], window: int = 4) -> np.ndarray:
    """(T, window, 3): what all these networks look at."""
    pixels = np.stack([frame.image for frame in shown]).astype(np.float64) / 255
    return pixels.mean(axis=(1, 2)).reshape(-1, window, 3)


@pytest.mark.parametrize(
    ("module", "changes", "pool"),
    [
        (Clips(), {}, np.mean),
        (Clips(), {"output": {"pooling": "max"}, "batch": 2}, np.max),
        (Images(), {"layout": "B C H W"}, np.mean),
        (Images(), {"layout": "B C H W", "output": {"pooling": "max"}, "batch": 2}, np.max),
        (Pair(), {"output": {"which": 1, "axis": 2}}, np.mean),
        (Pair(), {"output": {"which": -1, "axis": -1, "pooling": "max"}}, np.max),
        (Named(), {"output": {"which": "features", "pooling": "none"}}, np.mean),
    ],
)
def test_features_are_the_output_that_the_contract_names(module, changes, pool, script, contract):
    """Catches another output, channels taken from another axis, and the wrong pooling."""
    script(module)
    shown = frames()
    rows = run(make_extractor("torchscript", contract=str(contract(**changes))), shown)
    np.testing.assert_allclose(rows, pool(means(shown), axis=1), rtol=1e-5)


def test_half_precision_is_computed_and_recorded(script, contract):
    """Catches a dtype that is only written down: bfloat16 differs, and says so in the record."""
    script(Weighted())
    shown = frames()
    full = make_extractor("torchscript", contract=contract())
    half = make_extractor("torchscript", contract=contract(dtype="bfloat16"))
    difference = np.abs(run(full, shown) - run(half, shown)).max()
    assert 0 < difference < 0.01
    assert full.spec != half.spec


def test_the_record_makes_the_same_extractor_again(script, contract):
    """Catches a record that needs the YAML file, and weights that changed under their name."""
    torch.manual_seed(0)
    path = script(Weighted())
    made = make_extractor("torchscript", contract=contract())
    spec = ExtractorSpec.from_dict(made.spec.to_dict())
    assert spec.settings["weights"] == hashlib.sha256(path.read_bytes()).hexdigest()
    contract().unlink()
    again = extractor_from_spec(spec, path, batch=2)
    np.testing.assert_array_equal(run(made, frames()), run(again, frames()))
    other = script(Weighted(), "other.pt")
    with pytest.raises(BundleError, match=r"not the weights on record: other weights: .*other"):
        extractor_from_spec(spec, other)
    with pytest.raises(InvalidValue, match="extractor torchscript needs its file of weights"):
        extractor_from_spec(spec)
    with pytest.raises(InvalidValue, match="contract is on record already"):
        extractor_from_spec(spec, path, contract="a.yaml")


def test_recorded_files_are_all_needed_and_no_other_may_come_along(tmp_path):
    """Catches a check in one direction alone."""
    paths = {name: tmp_path / name for name in ("rgb", "flow", "other")}
    for name, path in paths.items():
        path.write_text(name)
    recorded = {name: sha256_of(paths[name]) for name in ("rgb", "flow")}
    check_recorded(recorded, [paths["flow"], paths["rgb"]], "made")
    with pytest.raises(BundleError, match=r"other weights: [^;]*/other$"):
        check_recorded(recorded, [*paths.values()], "made")
    with pytest.raises(BundleError, match=r"record: missing: flow \(SHA-256 "):
        check_recorded(recorded, [paths["rgb"]], "made")


def test_a_contract_that_gives_a_digest_is_held_to_it(script, contract):
    """Catches a file exchanged after the contract was written."""
    digest = hashlib.sha256(script(Clips()).read_bytes()).hexdigest()
    make_extractor("torchscript", contract=contract(sha256=digest))
    with pytest.raises(BundleError, match=r"SHA-256 is .*, the contract says 000"):
        make_extractor("torchscript", contract=contract(sha256="0" * 64))


@pytest.mark.parametrize(
    ("module", "changes", "message"),
    [
        (Clips(), {"feature_dim": 7}, r"shape \(1, 3, 4\); expected 1 along axis 0 and feature_d"),
        (Clips(), {"output": {"axis": 5}}, r"output.axis 5: the network gives .* \(1, 3, 4\)"),
        (Clips(), {"output": {"axis": 0}}, "output.axis 0"),
        (Clips(), {"output": {"pooling": "none"}}, "more than one number a channel"),
        (Clips(), {"output": {"which": 1}}, "expected an index below 1, .*, got 1"),
        (Pair(), {}, "expected an index below 2, the number of outputs, got None"),
        (Named(), {"output": {"which": "feature"}}, "gives features, rest; got 'feature'"),
        (Clips(), {"layout": "B C H W"}, r"does not take float32 input of shape \(4, 3, 24, 32\)"),
        (Weighted(), {"input": "gray"}, r"does not take float32 input of shape \(1, 1, 4, 24, 32"),
    ],
)
def test_a_network_that_breaks_its_contract_is_refused_at_once(
    module, changes, message, script, contract
):
    """Catches an error that would come in the middle of the first video."""
    script(module)
    with pytest.raises(BundleError, match=rf"(?s)module\.pt: .*{message}"):
        make_extractor("torchscript", contract=contract(**changes))


def test_nan_is_refused_with_the_number_of_the_snippet(script, contract):
    """Catches NaN in features: nothing that comes later could say where it began."""
    script(Undefined())
    made = make_extractor("torchscript", contract=contract())
    dark, bright = np.zeros((24, 32, 3), np.uint8), np.full((24, 32, 3), 255, np.uint8)
    shown = [Frame(k, 0.0, 0.0, dark if k < 4 else bright) for k in range(8)]
    with pytest.raises(Error, match=r"torchscript: .*NaN or infinity for snippet 1"):
        run(made, shown)


def test_files_that_are_no_torchscript_are_refused(script, contract, tmp_path):
    """Catches tracebacks of zip and torch."""
    whole = script(Clips()).read_bytes()
    torch.save({"weight": torch.ones(1)}, tmp_path / "state.pt")
    contents = {
        "text.pt": (b"text", "damaged: File is not a zip file"),
        "cut.pt": (whole[: len(whole) // 2], "damaged"),
        "state.pt": ((tmp_path / "state.pt").read_bytes(), "not a TorchScript file"),
    }
    for name, (content, message) in contents.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(BundleError, match=message):
            make_extractor("torchscript", contract=contract(weights=name))
    with pytest.raises(BundleError, match=r"absent\.pt: no such file; expected weights"):
        make_extractor("torchscript", contract=contract(weights="absent.pt"))
    with pytest.raises(InvalidValue, match="needs its file of weights"):
        make_extractor("torchscript", contract=contract(weights=None))
    with pytest.raises(InvalidValue, match="has one file, got 2"):
        make_extractor("torchscript", contract=contract(), weights=[
            tmp_path / "text.pt", tmp_path / "state.pt"])  # fmt: skip
