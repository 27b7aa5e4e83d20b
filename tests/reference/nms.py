"""Non-maximum suppression with the true IoU, plain loops.

Classes never touch each other. Within a class, proposals are visited by falling score;
equal scores by start, end, then threshold index (or place in the input, where no
threshold index is given).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from .results import Row, detection_order, suppression_order


def iou(a: Row, b: Row) -> float:
    """Intersection over union of half-open intervals; 0 where both have no length."""
    overlap = max(0.0, min(a.end, b.end) - max(a.start, b.start))
    union = (a.end - a.start) + (b.end - b.start) - overlap
    return overlap / union if union > 0 else 0.0


def hard_rows(rows: Sequence[Row], nms_iou: float) -> list[Row]:
    """Keeps a row unless a kept one of its class overlaps it by `nms_iou` or more."""
    kept: list[Row] = []
    for row in sorted(rows, key=suppression_order):
        rivals = [other for other in kept if other.label == row.label]
        if all(iou(row, other) < nms_iou for other in rivals):
            kept.append(row)
    return kept


def linear_decay(nms_iou: float) -> Callable[[float], float]:
    return lambda overlap: 1.0 - overlap if overlap >= nms_iou else 1.0


def gaussian_decay(sigma: float) -> Callable[[float], float]:
    return lambda overlap: math.exp(-overlap * overlap / sigma)


def soft_class(rows: Sequence[Row], decay: Callable[[float], float], min_score: float) -> list[Row]:
    """Takes the best row, lets it decay the others, and again, until none reaches min_score.

    Only positive scores decay: a factor below one would raise a negative score.
    """
    left, kept = list(rows), []
    while left:
        best = min(left, key=suppression_order)
        if best.score < min_score:
            break
        kept.append(best)
        left.remove(best)
        left = [
            row._replace(score=row.score * decay(iou(best, row))) if row.score > 0 else row
            for row in left
        ]
    return kept


def soft_rows(rows: Sequence[Row], decay: Callable[[float], float], min_score: float) -> list[Row]:
    """`soft_class` for each class."""
    kept = []
    for label in sorted({row.label for row in rows}):
        kept += soft_class([row for row in rows if row.label == label], decay, min_score)
    return kept


def as_rows(segments: np.ndarray, scores: np.ndarray, labels: np.ndarray) -> list[Row]:
    """Arrays to rows whose `threshold_index` is the place in the input."""
    numbered = zip(labels, scores, segments, strict=True)
    return [
        Row(int(label), float(score), float(s), float(e), i)
        for i, (label, score, (s, e)) in enumerate(numbered)
    ]


def hard(
    segments: np.ndarray, scores: np.ndarray, labels: np.ndarray, *, nms_iou: float
) -> list[int]:
    """Indices kept, in `detection_order`. Arrays (N, 2), (N,), (N,)."""
    kept = hard_rows(as_rows(segments, scores, labels), nms_iou)
    return [row.threshold_index for row in sorted(kept, key=detection_order)]


def soft(
    segments: np.ndarray,
    scores: np.ndarray,
    labels: np.ndarray,
    *,
    decay: Callable[[float], float],
    min_score: float = 0.001,
) -> tuple[list[int], list[float]]:
    """Indices kept and their decayed scores, in `detection_order` of the decayed scores."""
    kept = soft_rows(as_rows(segments, scores, labels), decay, min_score)
    kept.sort(key=detection_order)
    return [row.threshold_index for row in kept], [row.score for row in kept]
