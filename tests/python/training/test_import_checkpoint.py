"""A released checkpoint becomes a network; what is no checkpoint is named."""

from __future__ import annotations

import pickle
import zipfile

import numpy as np
import pytest
import torch

from basnet_rt import InvalidValue
from basnet_training import BaSNet, load_config
from basnet_training.export import compare, describe, export_bundle, load_bundle
from basnet_training.import_checkpoint import import_checkpoint

CONFIG = load_config("thumos14")


def released() -> BaSNet:
    """The released layers with small sizes, and as many classes as THUMOS'14 has."""
    torch.manual_seed(0)
    return BaSNet(16, 20, 6, 12).eval()


@pytest.mark.parametrize("prefix", ["", "module."])
@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("zipped", [False, True])
def test_weights_and_sizes_arrive(tmp_path, prefix, nested, zipped):
    source, path = released(), tmp_path / "model.pkl"
    weights = {prefix + name: value for name, value in source.state_dict().items()}
    content = {"state_dict": weights, "epoch": 3} if nested else weights
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    imported = import_checkpoint(path, CONFIG)
    assert imported.config.data.feature_dim == 16
    assert imported.provenance["imported"] == "model.pkl"
    assert len(imported.provenance["sha256"]) == 64
    metadata = describe(imported.config, provenance=imported.provenance)
    assert metadata.num_segments == 750
    assert metadata.postprocess["mode"] == "published"
    export_bundle(imported.network, metadata, tmp_path / "m.pt")
    assert compare(source, load_bundle(tmp_path / "m.pt")[0]).cas < 1e-5


def test_code_is_not_run(tmp_path):
    class Trap:
        def __reduce__(self):
            return (print, ("run",))

    path = tmp_path / "trap.pkl"
    torch.save({"cas_module.conv_3.0.weight": Trap()}, path)
    with pytest.raises(InvalidValue, match="no readable checkpoint"):
        import_checkpoint(path, CONFIG)


def test_a_whole_object_is_called_that_without_advice_to_load_it_unsafely(tmp_path):
    torch.save(released(), tmp_path / "x.pth")
    with pytest.raises(InvalidValue) as error:
        import_checkpoint(tmp_path / "x.pth", CONFIG)
    text = str(error.value)
    assert "a pickled object (basnet_training.network.BaSNet)" in text
    assert "torch.save(network.state_dict()" in text
    assert "weights_only" not in text


def test_entries_of_a_checkpoint_are_listed_and_chosen(tmp_path):
    path = tmp_path / "x.pth"
    torch.save({"epoch": 3, "model": released().state_dict(), "best": 0.5}, path)
    with pytest.raises(InvalidValue, match=r"keys are epoch, model, best; try --key model"):
        import_checkpoint(path, CONFIG)
    assert import_checkpoint(path, CONFIG, key="model").config.data.feature_dim == 16
    with pytest.raises(InvalidValue, match=r"--key epoch: not a state dict there.*--key model"):
        import_checkpoint(path, CONFIG, key="epoch")


def test_weights_that_are_not_finite_are_named(tmp_path):
    weights = released().state_dict()
    weights["cas_module.conv_2.0.bias"][3] = float("nan")
    torch.save(weights, tmp_path / "x.pth")
    with pytest.raises(InvalidValue, match=r"conv_2\.0\.bias \(12,\): 1 of its numbers are NaN"):
        import_checkpoint(tmp_path / "x.pth", CONFIG)


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (lambda w: w[:, :, 0], r"has the shape \(21, 12\), expected \(outputs, inputs, 1\)"),
        (lambda w: w[:0], r"has the shape \(0, 12, 1\)"),
        (lambda w: w.to(torch.complex64) * 1j, "is torch.complex64"),
        (lambda w: w.bool(), "is torch.bool"),
        (lambda w: w.int(), "is torch.int32"),
        (lambda w: w.to(torch.float8_e4m3fn), "is torch.float8_e4m3fn"),
        (lambda w: w.to_sparse(), "torch.sparse_coo; expected a dense tensor"),
        (lambda w: w.to("meta"), "is without its numbers"),
        (lambda w: w.double() * 1e300, "NaN or infinite in float32"),
    ],
)
def test_a_tensor_that_is_no_plain_array_of_numbers_is_named(tmp_path, change, part):
    """Integers and complex numbers became other weights; the rest ended in torch's own errors."""
    weights = released().state_dict()
    weights["cas_module.conv_3.0.weight"] = change(weights["cas_module.conv_3.0.weight"])
    torch.save(weights, tmp_path / "x.pth")
    with pytest.raises(InvalidValue, match=r"conv_3\.0\.weight.*" + part):
        import_checkpoint(tmp_path / "x.pth", CONFIG)


def test_two_sets_of_weights_in_one_file_are_refused(tmp_path):
    weights = released().state_dict()
    both = {**weights, **{f"module.{name}": -value for name, value in weights.items()}}
    torch.save(both, tmp_path / "x.pth")
    with pytest.raises(InvalidValue, match=r"holds (\S+) and module\.\1, two sets of weights"):
        import_checkpoint(tmp_path / "x.pth", CONFIG)


def test_torch_s_advice_to_load_unsafely_is_not_passed_on(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.pth", "w") as archive:  # the members of TorchScript
        for name in ("data.pkl", "constants.pkl", "version"):
            archive.writestr(f"x/{name}", "3")
    with pytest.raises(InvalidValue, match="TorchScript archive, which holds code") as error:
        import_checkpoint(tmp_path / "x.pth", CONFIG)
    assert "weights_only" not in str(error.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "it is empty"), (b"text of words", "it begins with b'text of word'")],
)
def test_bytes_of_another_kind_are_told(tmp_path, content, message):
    (tmp_path / "x.pkl").write_bytes(content)
    with pytest.raises(InvalidValue, match=f"{message}; expected what torch.save wrote"):
        import_checkpoint(tmp_path / "x.pkl", CONFIG)
    np.savez(tmp_path / "y.npz", weights=np.zeros(3))
    with pytest.raises(InvalidValue, match=r"it is an archive of weights\.npy"):
        import_checkpoint(tmp_path / "y.npz", CONFIG)
    with pytest.raises(InvalidValue, match="it is a folder: give a file in it"):
        import_checkpoint(tmp_path, CONFIG)


def test_what_is_no_checkpoint_is_named(tmp_path):
    path = tmp_path / "x.pkl"
    with pytest.raises(InvalidValue, match="no readable checkpoint"):
        import_checkpoint(path, CONFIG)
    for content in (b"", b"text", pickle.dumps([1])):
        path.write_bytes(content)
        with pytest.raises(InvalidValue, match=r"no readable checkpoint|expected a state dict"):
            import_checkpoint(path, CONFIG)
    torch.save({"a": torch.zeros(1)}, path)
    with pytest.raises(InvalidValue, match=r"conv_3\.0\.weight is absent"):
        import_checkpoint(path, CONFIG)
    weights = released().state_dict()
    del weights["cas_module.conv_2.0.bias"]
    torch.save(weights, path)
    with pytest.raises(InvalidValue, match=r"conv_2\.0\.bias is absent"):
        import_checkpoint(path, CONFIG)


def test_classes_must_fit(tmp_path):
    path = tmp_path / "x.pkl"
    torch.save(released().state_dict(), path)
    with pytest.raises(InvalidValue, match="20 classes, 1 are named"):
        import_checkpoint(path, load_config("cctv_fights"))
    with pytest.raises(InvalidValue, match="none are named"):
        import_checkpoint(path, load_config("activitynet12"))


def test_a_state_dict_below_other_entries_is_named_and_read(tmp_path):
    path = tmp_path / "x.pth"
    torch.save({"epoch": 1, "state": {"model": released().state_dict(), "lr": 0.1}}, path)
    with pytest.raises(InvalidValue, match=r"keys are epoch, state; try --key state\.model"):
        import_checkpoint(path, CONFIG)
    assert import_checkpoint(path, CONFIG, key="state.model").config.data.feature_dim == 16
    for key in ("state", "state.lr", "state.model.x", "epoch.model", "."):
        with pytest.raises(InvalidValue, match="not a state dict there"):
            import_checkpoint(path, CONFIG, key=key)
