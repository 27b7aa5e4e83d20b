"""Settings from activations to detections."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, Literal

import numpy as np

from basnet_rt import _core
from basnet_rt._errors import InvalidType, InvalidValue

# Settings whose default depends on the mode.
_OF_MODE: dict[str, dict[str, Any]] = {
    "continuous": {"cas_thresholds": tuple(k / 20 for k in range(1, 20)), "nms": "gaussian"},
    "published": {"cas_thresholds": tuple(k / 40 for k in range(10)), "nms": "hard"},
}
_MODES_OWN: Any = object()  # until the mode is known


@dataclasses.dataclass(frozen=True)
class PostprocessConfig:
    """The settings from class activations to detections; checked when made, never later.

    Durations are in seconds; None is "no limit". docs/numerics.md has the formulas.

    Attributes:
        mode: "continuous" (exact crossing times; the default) or "published" (the same numbers as
            the released code). Results record their mode.
        class_threshold: video score from which a class may emit; in [0, 1].
        cas_thresholds: activation thresholds, >= 0 and rising; by default 0.05 to 0.95, and 0 to
            0.225 in mode "published".
        upsample: samples per snippet, 1 to 10000; used in mode "published" only.
        outer_ratio: length of each flank as a share of the proposal's; >= 0.
        score_weight: weight of the video score in a proposal's score; >= 0.
        nms_iou: IoU from which the worse of two proposals is dropped ("hard") or decays ("linear");
            in (0, 1]; "gaussian" has no such bound.
        nms: "hard", or "linear" / "gaussian" soft-NMS; by default "gaussian", and "hard" in mode
            "published".
        soft_sigma: gaussian soft-NMS multiplies by exp(-iou^2 / soft_sigma); > 0.
        soft_min_score: soft-NMS drops proposals whose score falls below this.
        normalisation: "video" (min-max of the video), "fixed" (fixed_lo, fixed_hi), or "horizon"
            (min-max of the `horizon` seconds that end with the snippet).
        fixed_lo, fixed_hi: one value for all classes or one per class; lo < hi.
        gate: "video" (video score >= class_threshold), "none" (every class, no video-score term),
            or "horizon" (scores of the `horizon` seconds that end with a root's last snippet).
        horizon: needed by normalisation or gate "horizon"; > 0.
        min_duration: shorter proposals are dropped.
        merge_gap: two intervals of one threshold closer than this are merged.
        max_duration: a longer root, with its proposals, is cut at exactly this length.
        max_lookahead: longest right flank; a stream waits for it after a root's end.
        keep_top1: if no class passes the gate, keep the best class.
        score_function, topk_divisor: of video scores that post-processing computes (gate "horizon",
            and "video" in a stream): "softmax" over C+1 or "sigmoid" of the mean of the best
            max(1, T // topk_divisor) snippets. A model sets both.

    Raises:
        InvalidValue: (a ValueError) a field is out of range; the message names it.
        InvalidType: (a TypeError) a field has the wrong kind.
    """

    mode: Literal["continuous", "published"] = "continuous"
    class_threshold: float = 0.25
    cas_thresholds: tuple[float, ...] = _MODES_OWN
    upsample: int = 24
    outer_ratio: float = 0.25
    score_weight: float = 0.2
    nms_iou: float = 0.7
    nms: Literal["hard", "linear", "gaussian"] = _MODES_OWN
    soft_sigma: float = 0.5
    soft_min_score: float = 0.001
    normalisation: Literal["video", "fixed", "horizon"] = "video"
    fixed_lo: tuple[float, ...] = (0.0,)
    fixed_hi: tuple[float, ...] = (1.0,)
    gate: Literal["video", "none", "horizon"] = "video"
    horizon: float | None = None
    min_duration: float = 0.0
    merge_gap: float = 0.0
    max_duration: float | None = None
    max_lookahead: float | None = None
    keep_top1: bool = False
    score_function: Literal["softmax", "sigmoid"] = "softmax"
    topk_divisor: int = 8

    def __post_init__(self) -> None:
        mode = "published" if self.mode == "published" else "continuous"
        for name, value in _OF_MODE[mode].items():
            if getattr(self, name) is _MODES_OWN:
                object.__setattr__(self, name, value)
        for name in ("cas_thresholds", "fixed_lo", "fixed_hi"):
            object.__setattr__(self, name, _floats(getattr(self, name), name))
        for name, value in self._fields().items():
            if isinstance(value, np.generic):  # JSON cannot hold numpy scalars
                object.__setattr__(self, name, value.item())
        _ = self.native

    @cached_property
    def native(self) -> _core.PostprocessConfig:
        """The same settings as the core's struct; making it checks them."""
        return _core.PostprocessConfig(self._fields())

    @classmethod
    def published(cls, **overrides: Any) -> PostprocessConfig:
        """The released THUMOS'14 settings in mode "published"."""
        return cls.from_dict({"mode": "published", **overrides})

    @classmethod
    def continuous(cls, **overrides: Any) -> PostprocessConfig:
        """The defaults: mode "continuous", dense thresholds and Gaussian soft-NMS."""
        return cls.from_dict({"mode": "continuous", **overrides})

    def replace(self, **changes: Any) -> PostprocessConfig:
        """A copy with some fields changed; it is checked too."""
        return self.from_dict({**self._fields(), **changes})

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; `from_dict` reads them back."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in self._fields().items()
        }

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> PostprocessConfig:
        """Build from a mapping; an unknown field is an error that tells the known ones."""
        known = [field.name for field in dataclasses.fields(cls)]
        for name in fields:
            if name not in known:
                near = difflib.get_close_matches(str(name).lower(), known, n=1)
                meant = f"did you mean {near[0]!r}?" if near else f"it must be one of {known}"
                raise InvalidValue(f"{name!r} is no field of PostprocessConfig; {meant}")
        return cls(**fields)

    def __getstate__(self) -> dict[str, Any]:
        return self._fields()

    def _fields(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}


def _floats(values: Any, name: str) -> tuple[float, ...]:
    if isinstance(values, str):
        raise InvalidType(f"{name} is {values!r}; it must be a number or a sequence of numbers")
    try:
        items = list(values) if isinstance(values, Iterable) else [values]
        if any(isinstance(value, bool | np.bool_) for value in items):
            raise TypeError("true and false are no numbers")
        return tuple(float(value) for value in items)
    except (TypeError, ValueError) as error:
        raise InvalidType(f"{name} is {values!r}; it must hold numbers") from error
