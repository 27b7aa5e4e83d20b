"""From a trained network to a bundle: TorchScript and metadata in one checked file."""

from __future__ import annotations

import datetime
import json
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
from basnet_rt.model.bundle import METADATA_FILE, BundleMetadata, Calibration, parse_metadata

from .config import Config
from .network import BaSNet
from .scripted import InferenceNetwork

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
# Largest error of the CAS that an export may have, as a share of its largest value.
TOLERANCE = {"float32": 1e-4, "bfloat16": 5e-2}
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
    confidence: dict[str, Any] | None = None,
) -> Agreement:
    """Write a bundle, load it back and compare it with the network; whole or not at all.

    Args:
        network: trained; left in evaluation mode.
        metadata: its `classes`, `feature_dim`, `topk_divisor`, `dtype` and `activation` decide
            what is written.
        sample: (T, F) float32 features to compare on; made ones by default.
        confidence: of `Confidence.to_dict`, for the metadata; None: it was not fitted.

    Raises:
        BundleError: the file does not agree with the network; nothing was written.
        ValueError: metadata and network do not belong together.
    """
    _check_pair(network, metadata)
    module = InferenceNetwork(network.eval(), metadata.activation, DTYPES[metadata.dtype]).eval()
    with whole(path) as part, _quiet():
        write_module(torch.jit.script(module), metadata, part, confidence)
        agreement = compare(network, _load(str(part)), sample)
        limit = TOLERANCE[metadata.dtype]
        if not (agreement.cas <= limit and agreement.stream <= limit):
            raise BundleError(
                f"{path}: the exported CAS differs from the network's by {agreement.cas:.1e} "
                f"(stream {agreement.stream:.1e}) of its largest value; allowed is {limit:.0e}"
            )
    return agreement


def rewrite_metadata(source: str | Path, metadata: BundleMetadata, path: str | Path) -> None:
    """Write the bundle `source` to `path` (which may be the same) with other metadata."""
    module, _ = load_bundle(source)
    with whole(path) as part, _quiet():
        write_module(module, metadata, part)


def load_bundle(path: str | Path) -> tuple[torch.jit.ScriptModule, BundleMetadata]:
    """Load module and metadata, on the CPU.

    Raises:
        BundleError: absent, truncated, or no bundle.
    """
    extra = {METADATA_FILE: ""}
    if not Path(path).is_file():
        raise BundleError(f"{path}: no such file; expected a bundle")
    try:
        with _quiet():
            module = _load(str(path), extra)
    except (RuntimeError, ValueError) as error:
        raise BundleError(f"{path}: truncated, or not a TorchScript file") from error
    return module, parse_metadata(extra[METADATA_FILE], str(path))


def _load(path: str, extra: dict[str, Any] | None = None) -> torch.jit.ScriptModule:
    load: Any = torch.jit.load
    module: torch.jit.ScriptModule = load(path, map_location="cpu", _extra_files=extra)
    return module


def write_module(
    module: torch.jit.ScriptModule,
    metadata: BundleMetadata,
    path: Path,
    confidence: dict[str, Any] | None = None,
) -> None:
    text = metadata.to_json()
    if confidence is not None:
        text = json.dumps({**json.loads(text), "confidence": confidence}, indent=1)
    torch.jit.save(module, str(path), _extra_files={METADATA_FILE: text})


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
    network: BaSNet, module: torch.jit.ScriptModule, sample: Tensor | None = None
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


def _stream(module: torch.jit.ScriptModule, features: Tensor) -> Iterator[Tensor]:
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
