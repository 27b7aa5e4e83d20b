"""The record of an extractor, which determines its features; the differences of two records."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from basnet_rt._errors import BundleError, InvalidValue
from basnet_rt.video.frames import Formats, FrameFormat


@dataclass(frozen=True, kw_only=True)
class ExtractorSpec:
    """Everything that determines features: two extractors with equal specs give equal features.

    It is stored beside features and in bundles; a model refuses features of another spec.

    Attributes:
        name: "motion", "i3d", "hf"...; the names in a joined extractor are separated by `+`.
        version: of the formulas; features of two versions must not be mixed.
        feature_dim: F.
        fps: frames per second of the grid that snippets are formed on.
        snippet_frames, snippet_stride: row i is of the frames [i * stride, i * stride + frames).
        frames: how pictures are scaled.
        settings: all other settings that change features, as JSON values: sizes, method of flow,
            SHA-256 of weights.
        parts: the specs of a joined extractor, whose features are concatenated; `frames` is that
            of the first. Empty for other extractors.
    """

    name: str
    version: int
    feature_dim: int
    fps: float
    snippet_frames: int
    snippet_stride: int
    frames: FrameFormat
    settings: Mapping[str, Any] = field(default_factory=dict)
    parts: tuple[ExtractorSpec, ...] = ()

    def __post_init__(self) -> None:
        for name in ("version", "feature_dim", "snippet_frames", "snippet_stride"):
            if getattr(self, name) < 1:
                raise InvalidValue(f"{name}: expected at least 1, got {getattr(self, name)}")
        if not 0 < self.fps < math.inf:
            raise InvalidValue(f"fps: expected a finite number above 0, got {self.fps}")
        dims = [one.feature_dim for one in self.parts]
        if dims and sum(dims) != self.feature_dim:
            raise InvalidValue(f"feature_dim: parts have {dims}, together not {self.feature_dim}")

    @property
    def snippet_seconds(self) -> float:
        return self.snippet_stride / self.fps

    @property
    def formats(self) -> Formats:
        """The formats for `read_frames`: one for each part."""
        return tuple(one.frames for one in self.parts) or self.frames

    def num_snippets(self, num_frames: int) -> int:
        """Rows of a video with `num_frames` frames of the grid; at least one if it has a frame.

        Frames at the end that do not fill a snippet are left out. In a video shorter than one
        snippet the last frame is repeated.
        """
        if num_frames <= 0:
            return 0
        return max(1, (num_frames - self.snippet_frames) // self.snippet_stride + 1)

    def to_dict(self) -> dict[str, Any]:
        """JSON values only; equal specs give equal dictionaries."""
        fields: dict[str, Any] = json.loads(json.dumps(asdict(self), allow_nan=False))
        del fields["parts"]  # older versions wrote records without it
        return fields | ({"parts": [one.to_dict() for one in self.parts]} if self.parts else {})

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> ExtractorSpec:
        """The inverse of `to_dict`.

        Raises:
            BundleError: a field is missing, unknown or invalid.
        """
        try:
            parts = tuple(cls.from_dict(one) for one in fields.get("parts", ()))
            frames = FrameFormat(**fields["frames"])
            return cls(**{**fields, "frames": frames, "parts": parts})
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise BundleError(f"extractor: not a record of one: {error}") from error


def differences(wanted: ExtractorSpec, got: ExtractorSpec) -> list[str]:
    """The differences of two records, in words: "fps 30.0, not 25.0"."""
    return list(_differences(_by_name(wanted.to_dict()), _by_name(got.to_dict()), ""))


def _by_name(fields: dict[str, Any]) -> dict[str, Any]:
    """The parts of a joined extractor as keys."""
    parts = {f"{n} {one['name']}": one for n, one in enumerate(fields.get("parts", ()), start=1)}
    return {**fields, "parts": parts} if parts else fields


def _differences(wanted: Any, got: Any, where: str) -> Iterable[str]:
    if isinstance(wanted, Mapping) and isinstance(got, Mapping):
        for key in sorted({*wanted, *got}):
            inner = f"{where}.{key}" if where else str(key)
            yield from _differences(wanted.get(key), got.get(key), inner)
    elif wanted != got:
        yield f"{where} {got!r}, not {wanted!r}"
