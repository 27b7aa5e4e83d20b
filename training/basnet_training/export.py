"""From a trained network to a bundle: weights and metadata in one checked file."""

from __future__ import annotations

import datetime
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

import basnet_rt
from basnet_rt import BundleError, InvalidValue, PostprocessConfig
from basnet_rt._system.whole_file import whole
from basnet_rt.model.bundle import METADATA_FILE, BundleMetadata, Calibration

from .config import Config
from .network import BaSNet
from .scripted import InferenceNetwork
from .stored_weights import read_into, write_safetensors

FORMATS = ("torchscript", "safetensors", "onnx")
# What the inference network is made in; int8 is made of float32.
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "int8": torch.float32}
# Largest error of the CAS that an export may have, as a share of its largest value.
TOLERANCE = {"float32": 1e-4, "bfloat16": 5e-2, "int8": 1e-1}
# Sizes of the chunks that the streamed comparison feeds, in turn.
CHUNKS = (1, 2, 5, 64)


@dataclass(frozen=True)
class Agreement:
    """How far an exported file is from the network it was made of.

    cas, stream: largest difference of the CAS from the network's, as a share of its largest
        absolute value; `forward` on the whole, and `step` and `flush` on chunks.
    score, foreground: largest absolute differences.
    """

    snippets: int
    cas: float
    stream: float
    score: float
    foreground: float

    def to_dict(self) -> dict[str, float]:
        return asdict(self)


def export_bundle(
    network: BaSNet,
    metadata: BundleMetadata,
    path: str | Path,
    *,
    sample: Tensor | None = None,
    form: str = "torchscript",
) -> Agreement:
    """Write a bundle, load it back and compare it with the network; whole or not at all.

    Args:
        network: trained; left in evaluation mode.
        metadata: its `classes`, `feature_dim`, `topk_divisor`, `dtype` and `activation` decide
            what is written.
        sample: (T, F) float32 features to compare on; made ones by default.
        form: "torchscript", "safetensors" or "onnx" (float32 alone, for other programs; a second
            file beside `path` holds `step`). "int8" weights need "safetensors".

    Raises:
        BundleError: the file does not agree with the network; nothing was written.
        ValueError: metadata and network do not belong together, or the format holds no such dtype.
    """
    _check_pair(network, metadata)
    check_form(form, metadata.dtype)
    module = InferenceNetwork(network.eval(), metadata.activation, DTYPES[metadata.dtype]).eval()
    if form == "onnx":
        from .onnx_export import export_onnx

        return export_onnx(network, module, metadata, Path(path), sample)
    with whole(path) as part, _quiet():
        if form == "safetensors":
            write_safetensors(module, metadata, part)
            loaded: Any = read_into(module, part)
        else:
            write_module(torch.jit.script(module), metadata, part)
            loaded = _load(str(part))
        agreement = compare(network, loaded, sample)
        limit = TOLERANCE[metadata.dtype]
        if not (agreement.cas <= limit and agreement.stream <= limit):
            raise BundleError(
                f"{path}: the exported CAS differs from the network's by {agreement.cas:.1e} "
                f"(stream {agreement.stream:.1e}) of its largest value; allowed is {limit:.0e}"
            )
    return agreement


def check_form(form: str, dtype: str) -> None:
    """Refuse a format that does not exist, or cannot hold weights of this dtype."""
    if form not in FORMATS:
        raise InvalidValue(f"format is {form!r}; it must be one of {', '.join(FORMATS)}")
    if dtype == "int8" and form != "safetensors":
        raise InvalidValue(f"dtype 'int8' is stored by format 'safetensors'; the format is {form!r}")
    if dtype != "float32" and form == "onnx":
        raise InvalidValue(f"format 'onnx' holds float32; the dtype is {dtype!r}")


def load_bundle(path: str | Path) -> tuple[torch.jit.ScriptModule, BundleMetadata]:
    """Load module and metadata, on the CPU.

    Raises:
        BundleError: absent, truncated, no bundle, or with code that no exporter of ours wrote.
    """
    model = basnet_rt.load(path)
    return model.module, model.metadata


def _load(path: str) -> torch.jit.ScriptModule:
    load: Any = torch.jit.load
    module: torch.jit.ScriptModule = load(path, map_location="cpu")
    return module


def write_module(module: torch.jit.ScriptModule, metadata: BundleMetadata, path: Path) -> None:
    torch.jit.save(module, str(path), _extra_files={METADATA_FILE: metadata.to_json()})


def describe(
    config: Config,
    *,
    dtype: str | None = None,
    activation: str | None = None,
    calibration: Calibration | None = None,
    provenance: dict[str, Any] | None = None,
) -> BundleMetadata:
    """The metadata of a resolved configuration's bundle; None takes the configuration's choice."""
    data = config.data
    if data.classes is None or data.feature_dim is None:
        raise InvalidValue("data.classes and data.feature_dim must be known to export")
    return BundleMetadata(
        classes=data.classes,
        feature_dim=data.feature_dim,
        dtype=dtype or config.export.dtype,
        activation=activation or config.export.activation,
        feature_extractor=data.feature_extractor,
        modality=data.modality,
        fps=data.fps,
        snippet_frames=data.snippet_frames,
        snippet_stride=data.snippet_stride,
        extractor=data.extractor,
        num_segments=config.sampling.num_segments,
        topk_divisor=config.network.topk_divisor,
        score_function=config.network.score_function,
        calibration=calibration,
        postprocess=postprocess_fields(
            {
                "score_function": config.network.score_function,
                "topk_divisor": config.network.topk_divisor,
                **config.postprocess,
            },
            calibration,
        ),
        versions={"basnet_rt": basnet_rt.__version__, "torch": str(torch.__version__)},
        provenance={
            "name": config.name,
            "variant": config.network.variant,
            "seed": config.run.seed,
            "config": config.digest(),
            "simulated": data.simulated,
            "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            **(provenance or {}),
        },
    )


def postprocess_fields(settings: dict[str, Any], calibration: Calibration | None) -> dict[str, Any]:
    """Every field of the post-processing; a calibrated range stands in for one not given."""
    fields = dict(settings)
    if calibration is not None and fields.get("normalisation") == "fixed":
        fields = {"fixed_lo": calibration.lo, "fixed_hi": calibration.hi, **fields}
    return PostprocessConfig.from_dict(fields).to_dict()


@torch.no_grad()
def compare(
    network: BaSNet, module: torch.jit.ScriptModule | InferenceNetwork, sample: Tensor | None = None
) -> Agreement:
    """Run both on the same features, whole and in chunks."""
    if sample is None:
        drawn = np.random.default_rng(0).standard_normal((150, network.feature_dim))
        sample = torch.from_numpy(np.abs(drawn).astype(np.float32))
    features = sample.unsqueeze(0)
    expected = network(features)
    _, scores, foreground, cas = module(features)
    largest = float(expected.cas.abs().max()) or 1.0
    streamed = torch.cat(list(_stream(module, features)), dim=1)
    return Agreement(
        snippets=len(sample),
        cas=_difference(cas, expected.cas) / largest,
        stream=_difference(streamed, expected.cas) / largest,
        score=_difference(scores, expected.score[:, :-1]),
        foreground=_difference(foreground, expected.foreground),
    )


def _stream(module: Any, features: Tensor) -> Iterator[Tensor]:
    """The CAS, as chunks of several sizes yield it."""
    state, start, turn = module.initial_state(1), 0, 0
    while start < features.shape[1]:
        size = CHUNKS[turn % len(CHUNKS)]
        _, _, cas, state = module.step(features[:, start : start + size], state)
        yield cas
        start, turn = start + size, turn + 1
    yield module.flush(state)[2]


def _difference(a: Tensor, b: Tensor) -> float:
    return float((a - b).abs().max())


def _check_pair(network: BaSNet, metadata: BundleMetadata) -> None:
    for name in ("feature_dim", "num_classes", "topk_divisor", "score_function"):
        if getattr(network, name) != getattr(metadata, name):
            raise InvalidValue(
                f"{name}: the network has {getattr(network, name)}, "
                f"the metadata says {getattr(metadata, name)}"
            )


@contextmanager
def _quiet() -> Iterator[None]:
    """TorchScript is deprecated since torch 2.11; it is the format asked for."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield
