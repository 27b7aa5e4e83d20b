"""Errors among the best predictions: the number of each kind, and the mAP lost to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from basnet_rt._errors import InvalidValue
from basnet_rt.evaluation.error_kinds import (
    CORRECT,
    DEFAULT_BACKGROUND_TIOU,
    DEFAULT_TIOU,
    KINDS,
    ErrorKinds,
    error_kinds,
)
from basnet_rt.evaluation.inputs import EvaluationInput
from basnet_rt.results import Int64Array

DEFAULT_BANDS = 10


@dataclass(frozen=True, eq=False)
class ErrorProfile:
    """Kinds of errors at one tIoU threshold; the kinds are those of `evaluation.error_kinds`.

    Attributes:
        tiou_threshold, background_tiou: as asked for.
        counts: of each kind over all detections, and "missed" segments.
        bands: (R, 5) int64, detections of each kind of `KINDS` in band r. For a class with G
            marked segments, band r has its detections of rank r G + 1 to (r + 1) G by falling
            score. Bands may have fewer detections.
        impact: by kind of error, the gain in mAP at the threshold if those detections are left
            out; in [0, 1].
        num_truths: marked segments.
    """

    tiou_threshold: float
    background_tiou: float
    counts: dict[str, int]
    bands: Int64Array
    impact: dict[str, float]
    num_truths: int

    def to_dict(self) -> dict[str, Any]:
        """Plain values, fit for JSON."""
        return {
            "tiou_threshold": self.tiou_threshold,
            "background_tiou": self.background_tiou,
            "counts": self.counts,
            "bands": [dict(zip(KINDS, band, strict=True)) for band in self.bands.tolist()],
            "impact": self.impact,
            "num_truths": self.num_truths,
        }


def error_profile(
    given: EvaluationInput,
    *,
    tiou_threshold: float = DEFAULT_TIOU,
    background_tiou: float = DEFAULT_BACKGROUND_TIOU,
    bands: int = DEFAULT_BANDS,
) -> ErrorProfile:
    """Sort every detection into kinds, and count.

    Args:
        tiou_threshold: lowest tIoU of a correct detection; in (0, 1].
        background_tiou: a smaller tIoU counts as no overlap; in (0, tiou_threshold].
        bands: R >= 1.

    Raises:
        ValueError: a number is out of range.

    Source: after the false-positive profile and the error impact of Alwassel et al., "Diagnosing
    Error in Temporal Action Detectors", ECCV 2018, but with mAP instead of normalised mAP.
    """
    if bands < 1:
        raise InvalidValue(f"bands is {bands}; it must be at least 1")
    found = error_kinds(
        given.truth, given.table, tiou_threshold=tiou_threshold, background_tiou=background_tiou
    )
    return ErrorProfile(
        tiou_threshold,
        background_tiou,
        found.counts(),
        _bands(given, found, bands),
        _impact(given, found),
        len(given.truth),
    )


def _bands(given: EvaluationInput, found: ErrorKinds, bands: int) -> Int64Array:
    truth, table = given.truth, given.table
    truths_of = np.bincount(truth.label_ids, minlength=len(truth.labels))
    counts = np.zeros((bands, len(KINDS)), np.int64)
    for place, label in enumerate(table.labels):
        rows = np.flatnonzero(table.label_ids == place)
        if not len(rows):
            continue
        ranked = rows[np.argsort(-table.scores[rows], kind="stable")]
        band = np.arange(len(ranked)) // truths_of[truth.labels[label]]
        inside = band < bands
        np.add.at(counts, (band[inside], found.kinds[ranked[inside]]), 1)
    return counts


def _impact(given: EvaluationInput, found: ErrorKinds) -> dict[str, float]:
    levels = [found.tiou_threshold]
    now = given.truth.score(given.table, levels, 0)[2]
    gains = {}
    for kind, name in enumerate(KINDS):
        if kind != CORRECT:
            kept = given.table.select(found.kinds != kind)
            gains[name] = given.truth.score(kept, levels, 0)[2] - now
    return gains
