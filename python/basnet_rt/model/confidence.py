"""From scores, which only rank, to confidence in [0, 1]: curves that training fitted."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from basnet_rt._errors import BundleError
from basnet_rt.results import Detections, Float64Array

VERSION = 1
# A gate without curves uses those of another gate: both leave out the score of the whole video.
_STANDS_IN = {"horizon": "none"}


@dataclass(frozen=True)
class Curve:
    """Confidence over score: linear between K points, constant beyond them.

    Attributes:
        scores: (K,) strictly rising, K >= 1.
        confidence: (K,) in [0, 1], never falling.
    """

    scores: tuple[float, ...]
    confidence: tuple[float, ...]

    def __call__(self, scores: Any) -> Float64Array:
        """(N,) float64."""
        return np.interp(np.asarray(scores, np.float64), self.scores, self.confidence)


@dataclass(frozen=True)
class Confidence:
    """The curves and thresholds of confidence in a bundle.

    The confidence at a score is the share of held-out training videos that are tagged with the
    class, among those whose best detection of the class has this score. It does not describe the
    accuracy of a segment's start and end.

    Attributes:
        curves: C curves, one per class, for each gate of post-processing.
        thresholds: (C,) in [0, 1], the lowest confidence at which to show a class.
    """

    curves: Mapping[str, tuple[Curve, ...]]
    thresholds: tuple[float, ...]

    @classmethod
    def from_dict(cls, fields: Any, num_classes: int) -> Confidence:
        """From the JSON value under "confidence" in a bundle.

        Raises:
            BundleError: the value is of another version, or a field is missing or invalid.
        """
        if not isinstance(fields, Mapping) or fields.get("version") != VERSION:
            raise BundleError(f"confidence: expected an object of version {VERSION}")
        thresholds = _numbers("confidence.thresholds", fields.get("thresholds"), num_classes)
        curves = fields.get("curves")
        if not isinstance(curves, Mapping) or not curves:
            raise BundleError("confidence.curves: expected an object with a list for each gate")
        return cls(
            {gate: _curves(f"confidence.curves.{gate}", listed, num_classes)
             for gate, listed in curves.items()},
            tuple(_in_unit("confidence.thresholds", thresholds)),
        )  # fmt: skip

    def of(self, found: Detections, gate: str) -> Float64Array | None:
        """(N,) float64 for detections made with this gate; None if there is no curve."""
        curves = self.curves.get(gate, self.curves.get(_STANDS_IN.get(gate, "")))
        if curves is None:
            return None
        values = np.zeros(len(found))
        for label in np.unique(found.labels):
            rows = found.labels == label
            values[rows] = curves[int(label)](found.scores[rows])
        return values


def described(
    found: Detections,
    classes: tuple[str, ...],
    confidence: Confidence | None,
    *,
    gate: str,
    snippet_seconds: float,
) -> Detections:
    """Detections with class names, confidence and the length of a snippet from their model."""
    values = None if confidence is None else confidence.of(found, gate)
    suggested = None
    if confidence is not None and values is not None:
        suggested = np.array(confidence.thresholds)
    return dataclasses.replace(
        found,
        classes=classes,
        confidence=values,
        suggested=suggested,
        snippet_seconds=snippet_seconds,
    )


def _curves(where: str, listed: Any, num_classes: int) -> tuple[Curve, ...]:
    if not isinstance(listed, Sequence) or len(listed) != num_classes:
        raise BundleError(f"{where}: expected {num_classes} curves, one for each class")
    return tuple(_curve(f"{where}[{i}]", one) for i, one in enumerate(listed))


def _curve(where: str, fields: Any) -> Curve:
    if not isinstance(fields, Mapping):
        raise BundleError(f"{where}: expected an object with scores and confidence")
    scores = _numbers(f"{where}.scores", fields.get("scores"))
    values = _in_unit(where, _numbers(f"{where}.confidence", fields.get("confidence"), len(scores)))
    if not scores or any(b <= a for a, b in itertools.pairwise(scores)):
        raise BundleError(f"{where}.scores: expected at least one number, strictly rising")
    if any(b < a for a, b in itertools.pairwise(values)):
        raise BundleError(f"{where}.confidence: expected numbers that never fall")
    return Curve(tuple(scores), tuple(values))


def _numbers(where: str, values: Any, count: int | None = None) -> list[float]:
    wanted = "numbers" if count is None else f"{count} numbers"
    if not isinstance(values, (list, tuple)) or (count is not None and len(values) != count):
        raise BundleError(f"{where}: expected a list of {wanted}")
    for value in values:
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or not math.isfinite(value):
            raise BundleError(f"{where}: {value!r} is no finite number; expected {wanted}")
    return [float(value) for value in values]


def _in_unit(where: str, values: list[float]) -> list[float]:
    if not all(0 <= value <= 1 for value in values):
        raise BundleError(f"{where}: expected numbers in [0, 1]")
    return values
