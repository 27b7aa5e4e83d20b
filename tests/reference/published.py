"""Mode `published`, done the way the released code does the work.

Per threshold, per class, on the upsampled array: masks, lists of sample numbers,
`np.mean`, NumPy NMS. `bench/` times against this file; keep it the published way.

Where DESIGN 5.1 can be read in two ways, golden decides:

- The difference between two snippets is taken in float32, then interpolated in
  float64. All in float64, golden cases `plateaus` and `peak_at_last_snippet` fail:
  a plateau at a threshold falls on the other side of it.
- A sample that hits snippet k > 0 exactly is computed on the line k-1..k, not k..k+1.
  It then differs from y[k] by one float32 step. The other choice fails `plateaus`.
- The score weight g is added as float32(g): 3e-9 above g = 0.2.
- Scores and class threshold are compared in float32, as NumPy does it in the released
  code: float32(0.7) passes a threshold of 0.7. No golden case depends on it.
- Equal scores: the released `argsort()[::-1]` is unstable. In every golden case equal
  scores of a class are equal intervals too, so any order gives the same detections.
  Here: falling score, start, end, threshold index, as in `continuous`.
- One snippet: the released code has no second point to draw a line through. After step 1
  a single snippet is never above zero, so there is nothing to emit.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .results import (
    Result,
    Row,
    columns,
    detection_order,
    proposal_order,
    rows_of,
    suppression_order,
)


def normalise(cas: np.ndarray) -> np.ndarray:
    """Step 1: min-max over time, limits no lower than zero. (T, C) float32 -> same."""
    cas = np.asarray(cas, dtype=np.float32)
    hi = np.maximum(np.float32(0), cas.max(axis=0))
    lo = np.maximum(np.float32(0), cas.min(axis=0))
    spread = hi - lo
    spread[spread <= 0] = 1
    return (cas - lo) / spread


def predicted_classes(video_scores: np.ndarray, class_threshold: float) -> np.ndarray:
    """Step 2: classes at or above the threshold; class 0 alone counts as none."""
    scores = np.asarray(video_scores, dtype=np.float32)
    classes = np.flatnonzero(scores >= np.float32(class_threshold))
    return classes if classes.any() else classes[:0]


def upsample(y: np.ndarray, scale: int) -> np.ndarray:
    """Step 3: (T, C) float32 -> (T * scale, C) float64, linear, the end extrapolated."""
    num_snippets = len(y)
    if num_snippets == 1:
        return np.repeat(y.astype(np.float64), scale, axis=0)
    position = np.arange(num_snippets * scale) / scale
    right = np.searchsorted(np.arange(num_snippets), position).clip(1, num_snippets - 1)
    left = right - 1
    slope = (y[right] - y[left]).astype(np.float64)  # float32 difference: golden needs it
    return slope * (position - left)[:, None] + y[left]


def runs_of(positions: np.ndarray) -> list[np.ndarray]:
    """Splits rising sample numbers where one is missing."""
    return np.split(positions, np.flatnonzero(np.diff(positions) != 1) + 1)


def contrast(z: np.ndarray, run: np.ndarray, outer_ratio: float) -> float:
    """Step 5 without g: mean over the run minus mean over its flanks, on thresholded z."""
    first, last = int(run[0]), int(run[-1])
    reach = outer_ratio * len(run)
    begin = max(0, int(first - reach))
    stop = min(len(z) - 1, int(last + reach))
    flanks = list(range(begin, first)) + list(range(last + 1, stop + 1))
    outer = np.mean(z[flanks]) if flanks else 0.0
    return float(np.mean(z[run]) - outer)


def class_proposals(
    z: np.ndarray, label: int, index: int, settings: dict[str, Any], sample_seconds: float
) -> list[Row]:
    """Steps 4 to 6 for one class at one threshold; z is (T * scale,), thresholded."""
    positions = np.flatnonzero(z > 0)
    if not positions.any():  # empty, or sample 0 alone
        return []
    rows = []
    for run in runs_of(positions):
        score = contrast(z, run, settings["outer_ratio"]) + float(
            np.float32(settings["score_weight"])
        )
        start, end = run[0] * sample_seconds, (run[-1] + 1) * sample_seconds
        rows.append(Row(label, score, float(start), float(end), index))
    return rows


def propose(
    cas: np.ndarray,
    video_scores: np.ndarray,
    settings: dict[str, Any],
    *,
    snippet_seconds: float,
    duration: float | None = None,
) -> Result:
    """All proposals of a video in the released order, before NMS.

    Args:
        cas: (T, C) float32, action columns.
        video_scores: (C,).
        settings: class_threshold, cas_thresholds, upsample, outer_ratio, score_weight, nms_iou.
        snippet_seconds: 16 * V / (T * fps), V the snippets before resampling to T.
        duration: not looked at; here so that both modes are called alike.
    """
    classes = predicted_classes(video_scores, settings["class_threshold"])
    if len(classes) == 0:
        return columns([])
    scale = int(settings["upsample"])
    samples = upsample(normalise(cas)[:, classes], scale)
    rows: list[Row] = []
    for index, threshold in enumerate(settings["cas_thresholds"]):
        z = samples.copy()
        z[z < threshold] = 0
        for column, label in enumerate(classes):
            rows += class_proposals(
                z[:, column], int(label), index, settings, snippet_seconds / scale
            )
    return columns(sorted(rows, key=proposal_order))


def suppress(result: Result, nms_iou: float) -> list[int]:
    """Step 7 for one class: indices kept, best first. Sizes are seconds plus one."""
    start, end = result.segments.T
    size = end - start + 1
    order = np.lexsort((result.threshold_index, end, start, -result.scores))
    kept = []
    while len(order):
        best, rest = order[0], order[1:]
        kept.append(int(best))
        overlap = np.minimum(end[best], end[rest]) - np.maximum(start[best], start[rest]) + 1
        overlap = np.maximum(0.0, overlap)
        order = rest[overlap / (size[best] + size[rest] - overlap) < nms_iou]
    return kept


def decayed(rows: list[Row], settings: dict[str, Any]) -> list[Row]:
    """Soft-NMS of one class in place of step 7, with its way of measuring: seconds plus one.

    Source: Bodla et al., ICCV 2017. A score that is not positive does not decay.
    """
    left, kept = sorted(rows, key=suppression_order), []
    while left and left[0].score >= settings.get("soft_min_score", 0.001):
        best = left.pop(0)
        kept.append(best)
        left = [row._replace(score=row.score * weight(best, row, settings)) for row in left]
        left.sort(key=suppression_order)
    return kept


def weight(best: Row, row: Row, settings: dict[str, Any]) -> float:
    shared = max(0.0, min(best.end, row.end) - max(best.start, row.start) + 1)
    overlap = shared / (best.end - best.start + row.end - row.start + 2 - shared)
    if row.score <= 0:
        return 1.0
    if settings["nms"] == "gaussian":
        return math.exp(-overlap * overlap / settings["soft_sigma"])
    return 1.0 - overlap if overlap >= settings["nms_iou"] else 1.0


def suppressed(proposals: Result, settings: dict[str, Any]) -> Result:
    """Step 7, class by class; what is left in `detection_order`."""
    rows: list[Row] = []
    for label in np.unique(proposals.labels):
        mine = Result(*(column[proposals.labels == label] for column in proposals))
        mine_rows = rows_of(mine)
        if settings.get("nms", "hard") == "hard":
            rows += [mine_rows[i] for i in suppress(mine, settings["nms_iou"])]
        else:
            rows += decayed(mine_rows, settings)
    return columns(sorted(rows, key=detection_order))


def postprocess(
    cas: np.ndarray,
    video_scores: np.ndarray,
    settings: dict[str, Any],
    *,
    snippet_seconds: float,
    duration: float | None = None,
) -> Result:
    """Detections of a video; arguments as for `propose`."""
    proposals = propose(cas, video_scores, settings, snippet_seconds=snippet_seconds)
    return suppressed(proposals, settings)
