"""The metadata of a bundle: a model's classes, its input, and its origin.

A bundle is one TorchScript file; its metadata is a JSON text stored beside the code. Reading it
needs neither torch nor the compiled core: a TorchScript file is a zip archive.
"""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from basnet_rt._errors import BundleError
from basnet_rt.features.extractor_spec import ExtractorSpec

FORMAT = "basnet_rt.bundle"
FORMAT_VERSION = 1
METADATA_FILE = "basnet_rt.json"  # the name under torch.jit's `_extra_files`

DTYPES = ("float32", "bfloat16")
ACTIVATIONS = ("raw", "softmax", "sigmoid", "fused")
SCORE_FUNCTIONS = ("softmax", "sigmoid")


@dataclass(frozen=True)
class Calibration:
    """Range per class that `fixed` normalisation maps to [0, 1]; in units of the activation.

    lo, hi: C finite numbers each, hi > lo.
    """

    lo: tuple[float, ...]
    hi: tuple[float, ...]

    def check(self, num_classes: int) -> None:
        for name, values in (("lo", self.lo), ("hi", self.hi)):
            if len(values) != num_classes or not all(map(math.isfinite, values)):
                raise BundleError(
                    f"calibration.{name}: expected {num_classes} finite numbers, one per class, "
                    f"got {list(values)}"
                )
        for index, (lo, hi) in enumerate(zip(self.lo, self.hi, strict=True)):
            if not hi > lo:
                raise BundleError(f"calibration of class {index}: hi {hi} must be above lo {lo}")


@dataclass(frozen=True, kw_only=True)
class BundleMetadata:
    """Everything a runtime must know about an exported model. Checked when made.

    Attributes:
        classes: C names, in the order of the activation columns; no two alike.
        feature_dim: F, channels of one snippet's feature vector.
        dtype: of the weights; inputs and outputs are float32 either way.
        activation: what `forward` returns first: "raw" CAS, per-snippet "softmax" or "sigmoid",
            or "fused" (mean of softmax and foreground weight).
        score_function: of the video scores, "softmax" over C+1 or "sigmoid" of each class.
        feature_extractor: free text; features of another extractor do not fit this model.
        modality: "rgb", "flow" or "rgb+flow"; the order of the channels.
        fps: frames per second of the video that features are taken from.
        snippet_frames, snippet_stride: frames in a snippet, and between starts of two.
        num_segments: T to resample a video to for `published` mode; None is native rate.
        topk_divisor: video scores are means over the best max(1, T // topk_divisor) snippets.
        calibration: range for `fixed` normalisation; None when it was never measured.
        postprocess: `PostprocessConfig.to_dict()`; the settings to localize with by default.
        versions: of the packages that wrote the bundle.
        provenance: free form: data set, seed, configuration hash, date, simulated or not.
        extractor: `ExtractorSpec.to_dict()` of what makes the features; None where it is not known,
            and then features are judged by `feature_dim` alone.

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

    def __post_init__(self) -> None:
        _check_fields(self)

    @property
    def num_classes(self) -> int:
        return len(self.classes)

    @property
    def snippet_seconds(self) -> float:
        """Seconds between the starts of two snippets at native rate."""
        return self.snippet_stride / self.fps

    @property
    def extractor_spec(self) -> ExtractorSpec | None:
        """The record of the extractor, read."""
        return None if self.extractor is None else ExtractorSpec.from_dict(self.extractor)

    def check_feature_dim(self, channels: int, where: str) -> None:
        """Refuse features that cannot be this model's; `where` names them in the message."""
        if channels != self.feature_dim:
            raise BundleError(
                f"{where}: this bundle expects features with {self.feature_dim} channels "
                f"({self.feature_extractor}, {self.modality}), got {channels}"
            )

    def to_json(self) -> str:
        fields = {"format": FORMAT, "format_version": FORMAT_VERSION, **asdict(self)}
        try:
            return json.dumps(fields, indent=1, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise BundleError(
                f"metadata cannot be written as JSON: {error}; expected text, finite numbers, "
                "lists and dictionaries"
            ) from error


def parse_metadata(text: str | bytes, where: str = "metadata") -> BundleMetadata:
    """Check and read the JSON text of a bundle; `where` names the file in messages.

    Keys that this version does not know are ignored: a later writer may add some.

    Raises:
        BundleError: not JSON, not a bundle's, of another format version, or a field is wrong.
    """
    try:
        fields = json.loads(text)
    except ValueError as error:
        raise BundleError(f"{where}: the metadata is not JSON: {error}") from error
    if not isinstance(fields, dict) or fields.get("format") != FORMAT:
        raise BundleError(f'{where}: expected metadata with "format": "{FORMAT}"')
    version = fields.get("format_version")
    if version != FORMAT_VERSION:
        raise BundleError(
            f"{where}: bundle format version {version!r}; this program reads {FORMAT_VERSION}"
        )
    try:
        return _from_fields(fields)
    except BundleError as error:
        raise BundleError(f"{where}: {error}") from error


def read_metadata(path: str | Path) -> BundleMetadata:
    """Read the metadata of the bundle at `path` without loading the model.

    Raises:
        BundleError: the file is absent, truncated, no TorchScript file, or no bundle.
    """
    path = Path(path)
    if not path.is_file():
        raise BundleError(f"{path}: no such file; expected a bundle from `basnet-train export`")
    try:
        with zipfile.ZipFile(path) as archive:
            members = [n for n in archive.namelist() if n.endswith(f"/extra/{METADATA_FILE}")]
            text = archive.read(members[0]) if members else None
    except (zipfile.BadZipFile, EOFError, OSError) as error:
        raise BundleError(f"{path}: truncated, or not a TorchScript file: {error}") from error
    if text is None:
        raise BundleError(f"{path}: a zip archive without {METADATA_FILE}; expected a bundle")
    return parse_metadata(text, str(path))


def _from_fields(fields: dict[str, Any]) -> BundleMetadata:
    known = {k: v for k, v in fields.items() if k in BundleMetadata.__dataclass_fields__}
    absent = {"classes", "feature_dim", "dtype", "activation"} - known.keys()
    if absent:
        raise BundleError(f"the metadata lacks {sorted(absent)}")
    classes = known["classes"]
    known["classes"] = tuple(classes) if isinstance(classes, list) else classes
    if known.get("calibration") is not None:
        known["calibration"] = _calibration(known["calibration"])
    return BundleMetadata(**known)


def _calibration(value: Any) -> Calibration:
    try:
        lo, hi = (tuple(float(v) for v in value[name]) for name in ("lo", "hi"))
    except (TypeError, KeyError, ValueError) as error:
        raise BundleError(f'calibration: expected {{"lo": [...], "hi": [...]}}: {error}') from error
    return Calibration(lo, hi)


def _check_fields(metadata: BundleMetadata) -> None:
    _check_classes(metadata.classes)
    for name in ("feature_dim", "snippet_frames", "snippet_stride", "topk_divisor"):
        _check_count(name, getattr(metadata, name))
    if metadata.num_segments is not None:
        _check_count("num_segments", metadata.num_segments)
    _check_choice("dtype", metadata.dtype, DTYPES)
    _check_choice("activation", metadata.activation, ACTIVATIONS)
    _check_choice("score_function", metadata.score_function, SCORE_FUNCTIONS)
    for name in ("feature_extractor", "modality"):
        if not isinstance(getattr(metadata, name), str):
            raise BundleError(f"{name}: expected text, got {getattr(metadata, name)!r}")
    fps = metadata.fps
    if isinstance(fps, bool) or not isinstance(fps, (int, float)) or not 0 < fps < math.inf:
        raise BundleError(f"fps: expected a finite number above 0, got {fps!r}")
    for name in ("postprocess", "versions", "provenance"):
        if not isinstance(getattr(metadata, name), Mapping):
            raise BundleError(f"{name}: expected a dictionary, got {getattr(metadata, name)!r}")
    if metadata.calibration is not None:
        metadata.calibration.check(len(metadata.classes))
    _check_extractor(metadata)


def _check_extractor(metadata: BundleMetadata) -> None:
    """The record of the extractor and the metadata must agree where they overlap."""
    if metadata.extractor is not None and not isinstance(metadata.extractor, Mapping):
        raise BundleError(f"extractor: expected a dictionary, got {metadata.extractor!r}")
    spec = metadata.extractor_spec
    for name in ("feature_dim", "fps", "snippet_frames", "snippet_stride"):
        if spec is not None and getattr(spec, name) != getattr(metadata, name):
            raise BundleError(
                f"{name}: {getattr(metadata, name)!r}, but the extractor's record says "
                f"{getattr(spec, name)!r}"
            )


def _check_classes(classes: Any) -> None:
    if not isinstance(classes, tuple) or not classes:
        raise BundleError(f"classes: expected one name or more, got {classes!r}")
    if not all(isinstance(name, str) and name for name in classes):
        raise BundleError(f"classes: every name must be non-empty text, got {classes!r}")
    if len(set(classes)) != len(classes):
        twice = sorted({name for name in classes if classes.count(name) > 1})
        raise BundleError(f"classes: named twice: {twice}")


def _check_count(name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise BundleError(f"{name}: expected an integer of at least 1, got {value!r}")


def _check_choice(name: str, value: Any, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise BundleError(f"{name}: expected one of {', '.join(allowed)}, got {value!r}")
