"""Recall of short and of long segments."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from basnet_rt._errors import InvalidValue
from basnet_rt.evaluation.error_kinds import error_kinds
from basnet_rt.evaluation.inputs import EvaluationInput
from basnet_rt.results import Float64Array, Int64Array

NAMES = ("XS", "S", "M", "L", "XL")
THUMOS14_SECONDS = (3.0, 6.0, 12.0, 18.0)
ACTIVITYNET_SECONDS = (30.0, 60.0, 120.0, 180.0)
FIFTHS = (0.2, 0.4, 0.6, 0.8)


@dataclass(frozen=True, eq=False)
class Breakdown:
    """Recall by size of the marked segments, from extra small to extra large.

    Attributes:
        quantity: "seconds" or "coverage" (share of the video).
        bounds: (4,) a segment of size s is in the first bucket whose bound is at least s.
        tiou_thresholds: (K,).
        num_truths: (5,) segments per bucket.
        recall: (5, K) share of the bucket's segments matched by a detection; NaN if it is empty.
    """

    quantity: str
    bounds: Float64Array
    tiou_thresholds: Float64Array
    num_truths: Int64Array
    recall: Float64Array

    @property
    def ranges(self) -> list[str]:
        """The range of each bucket, in words."""
        edges = [f"{bound:g}" for bound in self.bounds]
        middle = [f"{a} to {b}" for a, b in itertools.pairwise(edges)]
        return [f"up to {edges[0]}", *middle, f"above {edges[-1]}"]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; an empty bucket has None."""
        rows = zip(NAMES, self.ranges, self.num_truths.tolist(), self.recall.tolist(), strict=True)
        return {
            "quantity": self.quantity,
            "bounds": self.bounds.tolist(),
            "tiou_thresholds": self.tiou_thresholds.tolist(),
            "buckets": {
                name: {"range": text, "num_truths": count, "recall": recall if count else None}
                for name, text, count, recall in rows
            },
        }


def by_duration(
    given: EvaluationInput,
    tiou_thresholds: Sequence[float] | Float64Array,
    *,
    bounds: Sequence[float] = THUMOS14_SECONDS,
) -> Breakdown:
    """Recall by length in seconds.

    Args:
        bounds: four rising numbers above 0. The default is the source's bounds for THUMOS'14; its
            bounds for ActivityNet are `ACTIVITYNET_SECONDS`.

    Raises:
        ValueError: the bounds are not four rising numbers.

    Source: the buckets and the false-negative profile of Alwassel et al., "Diagnosing Error in
    Temporal Action Detectors", ECCV 2018; recall is 1 less their rate. All detections count here.
    """
    lengths = np.subtract(given.truth.segments[:, 1], given.truth.segments[:, 0])
    return _breakdown(given, tiou_thresholds, "seconds", lengths, bounds)


def by_coverage(
    given: EvaluationInput,
    tiou_thresholds: Sequence[float] | Float64Array,
    *,
    bounds: Sequence[float] = FIFTHS,
) -> Breakdown:
    """Recall by the share of its video that a segment fills; arguments as for `by_duration`.

    Raises:
        ValueError: as `by_duration`, or a video with segments has no annotated duration.
    """
    truth = given.truth
    durations = truth.durations[truth.video_ids]
    unknown = ~(durations > 0)
    if unknown.any():
        video = list(truth.videos)[int(truth.video_ids[unknown.argmax()])]
        raise InvalidValue(f"video {video!r} has no duration in the annotations; coverage needs it")
    lengths = np.subtract(truth.segments[:, 1], truth.segments[:, 0])
    return _breakdown(given, tiou_thresholds, "coverage", lengths / durations, bounds)


def _breakdown(
    given: EvaluationInput,
    tiou_thresholds: Sequence[float] | Float64Array,
    quantity: str,
    sizes: Float64Array,
    bounds: Sequence[float],
) -> Breakdown:
    edges = np.asarray(bounds, np.float64)
    if edges.shape != (4,) or not (np.diff(edges) > 0).all() or not edges[0] > 0:
        raise InvalidValue(f"bounds is {list(bounds)}; it must be four rising numbers above 0")
    levels = np.asarray(tiou_thresholds, np.float64)
    found = np.stack([_taken(given, level) for level in levels.tolist()], axis=1)  # (M, K)
    bucket = np.searchsorted(edges, sizes, side="left")
    recall = np.full((len(NAMES), len(levels)), np.nan)
    for place in np.unique(bucket).tolist():
        recall[place] = found[bucket == place].mean(axis=0)
    counts = np.bincount(bucket, minlength=len(NAMES)).astype(np.int64)
    return Breakdown(quantity, edges, levels, counts, recall)


def _taken(given: EvaluationInput, level: float) -> Any:
    """(M,) whether the evaluator matches each segment with a detection."""
    # The kinds of errors below the threshold are not used here.
    return ~error_kinds(
        given.truth, given.table, tiou_threshold=level, background_tiou=level
    ).missed
