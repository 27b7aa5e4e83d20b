"""The metadata of a bundle: a model's classes, its input, and its origin.

A bundle is one TorchScript or safetensors file; its metadata is a JSON text inside. The core reads
and checks it, for Python and C++; no code in the file is executed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from basnet_rt import _core
from basnet_rt._errors import BundleError
from basnet_rt._system.arguments import as_path
from basnet_rt._system.special_files import why_no_file
from basnet_rt.features.extractor_spec import ExtractorSpec
from basnet_rt.model.confidence import Confidence

FORMAT = "basnet_rt.bundle"
FORMAT_VERSION = 1
SHARED = ("score_function", "topk_divisor")  # stored beside `postprocess`, once
METADATA_FILE = "basnet_rt.json"  # the name under torch.jit's `_extra_files`

DTYPES = ("float32", "bfloat16", "int8")
ACTIVATIONS = ("raw", "softmax", "sigmoid", "fused")
SCORE_FUNCTIONS = ("softmax", "sigmoid")


@dataclass(frozen=True)
class Calibration:
    """The range of each class that `fixed` normalisation maps to [0, 1]; in activation units.

    lo, hi: C finite numbers each, hi > lo.
    """

    lo: tuple[float, ...]
    hi: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class BundleMetadata:
    """Everything a runtime must know about an exported model. Checked when made.

    Attributes:
        classes: C names, in the order of the activation columns; no two alike.
        feature_dim: F, channels of one snippet's feature vector.
        dtype: of the weights; inputs and outputs are always float32.
        activation: the kind of activations that `forward` returns: "raw" CAS, per-snippet "softmax"
            or "sigmoid", or "fused" (mean of softmax and foreground weight).
        score_function: of the video scores, "softmax" over C+1 or "sigmoid" of each class.
        feature_extractor: free text; features of another extractor do not fit this model.
        modality: "rgb", "flow" or "rgb+flow"; the order of the channels.
        fps: frames per second of the video that features are taken from.
        snippet_frames, snippet_stride: frames in a snippet, and between the starts of two.
        num_segments: T to resample a video to for `published` mode; None: native rate.
        topk_divisor: video scores are means over the best max(1, T // topk_divisor) snippets.
        calibration: range for `fixed` normalisation; None if it was not measured.
        postprocess: `PostprocessConfig.to_dict()`, the default settings for localizing. If it has
            no `score_function` or `topk_divisor`, those of this model are used.
        versions: of the packages that wrote the bundle.
        provenance: free form: data set, seed, configuration hash, date, simulated or not.
        extractor: `ExtractorSpec.to_dict()` of the extractor of the features; None if it is not
            known, and then only `feature_dim` of features is checked.
        background_logit: the background column's constant, if the network does not compute that
            column; else None. A TorchScript file also has it in its module.
        confidence: curves from scores to confidence; None if none were fitted.

    Raises:
        BundleError: a field's kind or value is wrong; the message says what was expected.
    """

    classes: tuple[str, ...]
    feature_dim: int
    dtype: str = "float32"
    activation: str = "raw"
    feature_extractor: str = "unknown"
    modality: str = "rgb+flow"
    fps: float = 25.0
    snippet_frames: int = 16
    snippet_stride: int = 16
    num_segments: int | None = None
    topk_divisor: int = 8
    score_function: str = "softmax"
    calibration: Calibration | None = None
    postprocess: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    extractor: Mapping[str, Any] | None = None
    background_logit: float | None = None
    confidence: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        if isinstance(self.postprocess, Mapping):
            shared = {name: getattr(self, name) for name in SHARED}
            object.__setattr__(self, "postprocess", {**shared, **self.postprocess})
        _core.parse_metadata(_judged_text(self), "metadata")
        if self.confidence is not None:
            Confidence.from_dict(self.confidence, len(self.classes))

    @property
    def num_classes(self) -> int:
        return len(self.classes)

    @property
    def snippet_seconds(self) -> float:
        """Seconds between the starts of two snippets at native rate."""
        return self.snippet_stride / self.fps

    @property
    def extractor_spec(self) -> ExtractorSpec | None:
        """The record of the extractor."""
        return None if self.extractor is None else ExtractorSpec.from_dict(self.extractor)

    def check_feature_dim(self, channels: int, where: str) -> None:
        """Refuse features with another number of channels; `where` names them in the message."""
        if channels != self.feature_dim:
            raise BundleError(
                f"{where}: this bundle expects features with {self.feature_dim} channels "
                f"({self.feature_extractor}, {self.modality}), got {channels}"
            )

    def to_json(self) -> str:
        """The text in a bundle; fields that `postprocess` has too are stored once, beside it."""
        try:
            return json.dumps(_written_fields(self), indent=1, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise BundleError(
                f"metadata cannot be written as JSON: {error}; expected text, finite numbers, "
                "lists and dictionaries"
            ) from error


def parse_metadata(text: str | bytes, where: str = "metadata") -> BundleMetadata:
    """Check and read the JSON text of a bundle; `where` names the file in messages.

    Unknown keys are ignored, because a later version may add some.

    Raises:
        BundleError: the text is not strict JSON in UTF-8, not a bundle's, of another format
            version, or a field is wrong.
    """
    encoded = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    _core.parse_metadata(encoded, where)
    try:
        return _from_fields(json.loads(text))
    except BundleError as error:
        raise BundleError(f"{where}: {error}") from error


def read_metadata(path: str | Path) -> BundleMetadata:
    """Read the metadata of the bundle at `path` without loading the model.

    Raises:
        BundleError: the file is absent, truncated, neither a TorchScript nor a safetensors file,
            or not a bundle.
    """
    path = as_path(path, "path")
    if "\0" in str(path):
        raise BundleError(f"{str(path)!r}: no such file: the name holds a NUL")
    if (reason := why_no_file(path)) is not None:
        raise BundleError(f"{path}: {reason}; write the bundle to a file and give that")
    try:
        str(path).encode()
    except UnicodeEncodeError as error:
        raise BundleError(f"{str(path)!r}: the name is not UTF-8; rename the file") from error
    return parse_metadata(_core.read_metadata(os.fspath(path)), str(path))


def _from_fields(fields: dict[str, Any]) -> BundleMetadata:
    known = {k: v for k, v in fields.items() if k in BundleMetadata.__dataclass_fields__}
    known["classes"] = tuple(known["classes"])
    if known.get("calibration") is not None:
        lo, hi = (tuple(map(float, known["calibration"][name])) for name in ("lo", "hi"))
        known["calibration"] = Calibration(lo, hi)
    return BundleMetadata(**known)


def _written_fields(metadata: BundleMetadata) -> dict[str, Any]:
    fields = {"format": FORMAT, "format_version": FORMAT_VERSION, **asdict(metadata)}
    if isinstance(metadata.postprocess, Mapping):
        fields["postprocess"] = {
            name: value
            for name, value in metadata.postprocess.items()
            if name not in SHARED or value != fields[name]
        }
    return fields


def _judged_text(metadata: BundleMetadata) -> bytes:
    """The fields that the core checks, without free-form fields, which may not be valid JSON."""
    fields = _written_fields(metadata)
    for name in ("versions", "provenance"):
        if isinstance(fields[name], Mapping):
            fields[name] = {}
    return json.dumps(fields, default=repr).encode()
