"""Average precision of moments: whether a detection has the right time, within a tolerance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from basnet_rt._errors import InvalidType, InvalidValue
from basnet_rt.evaluation.reading import Convention, evaluation_input
from basnet_rt.results import Float64Array

ANCHORS = ("start", "centre", "end")
# The IoU of two intervals of twice the tolerance whose centres are one tolerance apart. The core
# compares IoU; the margin allows for rounding of times.
_IOU = 1 / 3 - 1e-9


@dataclass(frozen=True, eq=False)
class SpottingReport:
    """Average precision of moments; precisions are in [0, 1].

    Attributes:
        tolerances: (K,) seconds.
        map: (K,) mean AP over `labels`.
        average_map: mean of `map`.
        ap: (L, K) average precision per label and tolerance.
        labels: the L labels that the subset has, sorted.
    """

    tolerances: Float64Array
    map: Float64Array
    average_map: float
    ap: Float64Array
    labels: list[str]


def evaluate_spotting(
    ground_truth: Any,
    predictions: Any,
    *,
    subset: str | None,
    tolerances: float | Iterable[float] = (0.5, 1.0, 2.0, 3.0, 4.0, 5.0),
    anchor: Literal["start", "centre", "end"] = "centre",
    ignore_labels: Sequence[str] = (),
    videos: Sequence[str] | str | Path | None = None,
    unknown_labels: str = "error",
    num_threads: int = 0,
) -> SpottingReport:
    """Score the moment of each detection, not its extent.

    By falling score, each detection is matched with the nearest free marked moment of its class and
    video, if that is within the tolerance.

    Args:
        ground_truth, predictions, subset, ignore_labels, videos, unknown_labels: as `evaluate`.
        tolerances: in seconds, each > 0.
        anchor: the moment of a segment, on both sides. "start" gives point-level AP of online
            action detection, "centre" the event spotting of sports video.

    Raises:
        ValueError: as `evaluate`, or a tolerance or `anchor` is out of range.

    Source: point-level AP as in Shou et al. (ECCV 2018); event spotting as in Giancola et al.
    (CVPR workshops 2018), whose tolerance is the full width, twice ours.
    """
    levels = np.atleast_1d(np.asarray(tolerances, np.float64))
    if levels.ndim != 1:
        raise InvalidType(f"tolerances is {tolerances!r}; it must be a list of numbers")
    if anchor not in ANCHORS:
        raise InvalidValue(f"anchor is {anchor!r}; it must be one of {', '.join(ANCHORS)}")
    if not len(levels) or not (np.isfinite(levels) & (levels > 0)).all():
        raise InvalidValue(f"tolerances is {levels.tolist()}; each must be a finite number > 0")
    convention = Convention(None, ignore_labels, videos)
    given = evaluation_input(
        ground_truth,
        predictions,
        subset,
        unknown_labels=unknown_labels,
        convention=convention,
    )
    columns, means = [], []
    for tolerance in levels.tolist():
        truth = replace(given.truth, segments=_around(given.truth.segments, anchor, tolerance))
        table = replace(given.table, segments=_around(given.table.segments, anchor, tolerance))
        ap, mean, _ = truth.score(table, [_IOU], num_threads)
        columns.append(ap[:, 0])
        means.append(float(mean[0]))
    ap = np.stack(columns, axis=1)
    return SpottingReport(
        levels, np.array(means), float(np.mean(means)), ap, list(given.truth.labels)
    )


def _around(segments: Float64Array, anchor: str, tolerance: float) -> Float64Array:
    """The interval from a tolerance before each segment's moment to one after it."""
    weights = {"start": (1.0, 0.0), "centre": (0.5, 0.5), "end": (0.0, 1.0)}[anchor]
    moments = segments @ np.array(weights)
    return np.stack([moments - tolerance, moments + tolerance], axis=1)
