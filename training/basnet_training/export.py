"""From a trained network to a bundle: weights and metadata in one checked file."""

from __future__ import annotations

import datetime
import io
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

import basnet_rt
from basnet_rt import InvalidValue, PostprocessConfig
from basnet_rt._system.torchscript import quiet_torchscript
from basnet_rt._system.whole_file import whole
from basnet_rt.model.bundle import METADATA_FILE, BundleMetadata, Calibration

from .agreement import Agreement, check_agreement, compare
from .config import Config
from .network import BaSNet
from .onnx_export import export_onnx
from .scripted import InferenceNetwork
from .stored_weights import read_into, write_safetensors

FORMATS = ("torchscript", "safetensors", "onnx")
# The dtype of the inference network; int8 is made of float32.
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "int8": torch.float32}


def export_bundle(
    network: BaSNet,
    metadata: BundleMetadata,
    path: str | Path,
    *,
    sample: Tensor | None = None,
    form: str = "torchscript",
) -> Agreement:
    """Write a bundle completely or not at all; load it again and compare it with the network.

    Args:
        network: trained; left in evaluation mode.
        metadata: `classes`, `feature_dim`, `topk_divisor`, `dtype` and `activation` determine the
            content of the file.
        sample: (T, F) float32 features to compare on; random ones by default.
        form: "torchscript", "safetensors" or "onnx" (float32 only, for other programs; a second
            file beside `path` has `step`). "int8" weights need "safetensors".

    Raises:
        BundleError: the file does not agree with the network; nothing was written.
        ValueError: metadata and network do not fit together, or the format cannot hold the dtype.
    """
    _check_pair(network, metadata)
    check_form(form, metadata.dtype)
    module = _inference_network(network, metadata)
    if form == "onnx":
        return export_onnx(network, module, metadata, Path(path), sample)
    with whole(path) as part, quiet_torchscript():
        if form == "safetensors":
            write_safetensors(module, metadata, part)
            loaded: Any = _inference_network(network, metadata)
            read_into(loaded, part)
        else:
            write_module(torch.jit.script(module), metadata, part)
            loaded = _load(str(part))
        agreement = compare(network, loaded, sample)
        check_agreement(agreement, metadata.dtype, path)
    return agreement


def _inference_network(network: BaSNet, metadata: BundleMetadata) -> InferenceNetwork:
    made = InferenceNetwork(network.eval(), metadata.activation, DTYPES[metadata.dtype])
    return made.eval()


def check_form(form: str, dtype: str) -> None:
    """Refuse a format that does not exist, or cannot hold weights of this dtype."""
    if form not in FORMATS:
        raise InvalidValue(f"format is {form!r}; it must be one of {', '.join(FORMATS)}")
    if dtype == "int8" and form != "safetensors":
        raise InvalidValue(
            f"dtype 'int8' is stored by format 'safetensors'; the format is {form!r}"
        )
    if dtype != "float32" and form == "onnx":
        raise InvalidValue(f"format 'onnx' holds float32; the dtype is {dtype!r}")


def load_bundle(path: str | Path) -> tuple[torch.jit.ScriptModule, BundleMetadata]:
    """Load module and metadata, on the CPU.

    Raises:
        BundleError: the file is absent, truncated, not a bundle, or has code of no known exporter.
    """
    model = basnet_rt.load(path, engine="torch")
    return model.module, model.metadata


def _load(path: str) -> torch.jit.ScriptModule:
    load: Any = torch.jit.load
    module: torch.jit.ScriptModule = load(path, map_location="cpu")
    return module


def write_module(module: torch.jit.ScriptModule, metadata: BundleMetadata, path: Path) -> None:
    buffer = io.BytesIO()  # of a file's name torch makes part of the archive
    torch.jit.save(module, buffer, _extra_files={METADATA_FILE: metadata.to_json()})
    path.write_bytes(buffer.getbuffer())


def describe(
    config: Config,
    *,
    dtype: str | None = None,
    activation: str | None = None,
    calibration: Calibration | None = None,
    confidence: dict[str, Any] | None = None,
    provenance: dict[str, Any] | None = None,
) -> BundleMetadata:
    """The metadata of a resolved configuration's bundle; None uses the configuration's value.

    confidence: as from `FittedConfidence.to_dict`.
    """
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
        confidence=confidence,
        postprocess=postprocess_fields(
            {
                "score_function": config.network.score_function,
                "topk_divisor": config.network.topk_divisor,
                **config.postprocess,
            },
            calibration,
        ),
        versions={"basnet_rt": basnet_rt.__version__, "torch": str(torch.__version__)},
        provenance={**_origin(config), **(provenance or {})},
    )


def _origin(config: Config) -> dict[str, Any]:
    """The part of a bundle's provenance that comes from the settings."""
    return {
        "name": config.name,
        "variant": config.network.variant,
        "seed": config.run.seed,
        "config": config.digest(),
        "simulated": config.data.simulated,
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
    }


def postprocess_fields(settings: dict[str, Any], calibration: Calibration | None) -> dict[str, Any]:
    """Every field of the post-processing; the calibrated range is used if none is given."""
    fields = dict(settings)
    if calibration is not None and fields.get("normalisation") == "fixed":
        fields = {"fixed_lo": calibration.lo, "fixed_hi": calibration.hi, **fields}
    return PostprocessConfig.from_dict(fields).to_dict()


def _check_pair(network: BaSNet, metadata: BundleMetadata) -> None:
    for name in ("feature_dim", "num_classes", "topk_divisor", "score_function"):
        if getattr(network, name) != getattr(metadata, name):
            raise InvalidValue(
                f"{name}: the network has {getattr(network, name)}, "
                f"the metadata says {getattr(metadata, name)}"
            )
