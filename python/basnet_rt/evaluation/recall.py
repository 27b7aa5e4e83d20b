"""Recall over the number of detections that are kept of each video."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from basnet_rt._errors import InvalidValue
from basnet_rt.evaluation.error_kinds import tiou_matrix
from basnet_rt.evaluation.inputs import EvaluationInput
from basnet_rt.results import Float64Array, Int64Array

DEFAULT_COUNTS = (1, 2, 5, 10, 20, 50, 100)


@dataclass(frozen=True, eq=False)
class RecallCurve:
    """Recall at N: the share of marked segments reached by the N best detections of their video.

    Attributes:
        counts: (R,) N, detections kept of each video.
        tiou_thresholds: (K,).
        average_number: (R,) detections kept per video, averaged over the subset.
        any_label: (R, K) share of segments that a kept detection of any label reaches, as for
            class-agnostic proposals.
        own_label: (R, K) the same for detections of the segment's label.
    """

    counts: Int64Array
    tiou_thresholds: Float64Array
    average_number: Float64Array
    any_label: Float64Array
    own_label: Float64Array

    def to_dict(self) -> dict[str, Any]:
        """Plain values, fit for JSON; "average_..." are means over the thresholds."""
        return {
            "counts": self.counts.tolist(),
            "tiou_thresholds": self.tiou_thresholds.tolist(),
            "average_number": self.average_number.tolist(),
            "any_label": self.any_label.tolist(),
            "own_label": self.own_label.tolist(),
            "average_any_label": self.any_label.mean(axis=1).tolist(),
            "average_own_label": self.own_label.mean(axis=1).tolist(),
        }


def recall_curve(
    given: EvaluationInput,
    tiou_thresholds: Sequence[float] | Float64Array,
    *,
    counts: Sequence[int] = DEFAULT_COUNTS,
) -> RecallCurve:
    """Keep the N best detections of each video by score, whatever their label, for every N.

    A detection may reach several segments, as in the proposal task; mAP's matching is one to one.
    Equal scores keep the order given.

    Args:
        tiou_thresholds: (K,), each in (0, 1].
        counts: N, each at least 1.

    Raises:
        ValueError: a count is below 1.

    Source: average recall over average number of proposals, ActivityNet challenge 2017, task
    "temporal action proposals"; here N is the same for every video.
    """
    if not counts or min(counts) < 1:
        raise InvalidValue(f"counts is {list(counts)}; each must be at least 1")
    levels = np.asarray(tiou_thresholds, np.float64)
    sizes, best_any, best_own = [], [], []
    for num_detections, overlaps, same_label in _videos(given):
        sizes.append(np.minimum(counts, num_detections))
        best_any.append(_best_of_first(overlaps, counts))
        best_own.append(_best_of_first(np.where(same_label, overlaps, 0.0), counts))
    return RecallCurve(
        np.asarray(counts, np.int64),
        levels,
        np.mean(sizes, axis=0),
        _reached(np.concatenate(best_any, axis=1), levels),
        _reached(np.concatenate(best_own, axis=1), levels),
    )


def _videos(given: EvaluationInput) -> Iterator[tuple[int, Float64Array, Any]]:
    """For each video of the subset: detections, (n, m) tIoU, and whether labels agree."""
    truth, table = given.truth, given.table
    places = {video: place for place, video in enumerate(table.videos)}
    own = np.array([truth.labels.get(label, -1) for label in table.labels], np.int64)
    labels = own[table.label_ids]
    for video, number in truth.videos.items():
        place = places.get(video, -1)
        rows = slice(*np.searchsorted(table.video_ids, [place, place + 1]))
        marked = slice(*np.searchsorted(truth.video_ids, [number, number + 1]))
        order = np.argsort(-table.scores[rows], kind="stable")
        overlaps = tiou_matrix(table.segments[rows][order], truth.segments[marked])
        yield len(order), overlaps, labels[rows][order][:, None] == truth.label_ids[marked]


def _best_of_first(overlaps: Float64Array, counts: Sequence[int]) -> Float64Array:
    """(R, m) highest tIoU with each segment among the first N detections."""
    if not len(overlaps):
        return np.zeros((len(counts), overlaps.shape[1]))
    best = np.maximum.accumulate(overlaps, axis=0)
    kept: Float64Array = best[np.minimum(counts, len(best)) - 1]
    return kept


def _reached(best: Float64Array, levels: Float64Array) -> Float64Array:
    share: Float64Array = (best[:, :, None] >= levels).mean(axis=1)
    return share
