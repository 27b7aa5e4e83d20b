"""Non-maximum suppression of scored intervals."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from basnet_rt import _core
from basnet_rt._errors import InvalidValue
from basnet_rt.postprocessing.arrays import as_number, as_vector
from basnet_rt.results import Float64Array, Int64Array


def nms(segments: Any, scores: Any, labels: Any = None, *, iou: float) -> Int64Array:
    """Keep the best intervals of each label and drop those that repeat them.

    Intervals are visited by (score falling, start, end, input order). One is dropped if its IoU
    with a kept one of its label reaches `iou`. Intervals are half-open: two that only touch do not
    overlap.

    Args:
        segments: (N, 2) seconds, end >= start; N may be 0.
        scores: (N,) finite.
        labels: (N,) integers; None puts all in one class.
        iou: in (0, 1].

    Returns:
        (M,) int64 indices into the input, best first.

    Raises:
        ValueError: a shape, a NaN, an end before its start, or `iou` out of range.
    """
    return _core.nms(*_inputs(segments, scores, labels), as_number(iou, "iou"))


def soft_nms(
    segments: Any,
    scores: Any,
    labels: Any = None,
    *,
    method: Literal["linear", "gaussian"] = "gaussian",
    iou: float = 0.7,
    sigma: float = 0.5,
    min_score: float = 0.001,
) -> tuple[Int64Array, Float64Array]:
    """Decay the scores of intervals that overlap better ones of their label.

    "linear" multiplies by 1 - IoU where IoU >= `iou`; "gaussian" by exp(-IoU^2 / sigma). Only
    positive scores decay. Intervals whose score falls below `min_score` are dropped.

    Returns:
        (M,) int64 indices into the input and (M,) float64 decayed scores, best first.

    Raises:
        ValueError: as `nms`, or an unknown method, `sigma` <= 0, a NaN `min_score`.

    Source: Bodla et al., "Soft-NMS", ICCV 2017, equations 2 and 3, on intervals.
    """
    if method not in ("linear", "gaussian"):
        raise InvalidValue(f'method is {method!r}; it must be "linear" or "gaussian"')
    inputs = _inputs(segments, scores, labels)
    limits = {"iou": iou, "sigma": sigma, "min_score": min_score}
    numbers = [as_number(value, name) for name, value in limits.items()]
    return _core.soft_nms(*inputs, method == "gaussian", *numbers)


def _inputs(segments: Any, scores: Any, labels: Any) -> tuple[Any, Any, Any]:
    rows = as_vector(segments, "segments", np.float64)
    if rows.size == 0:
        rows = rows.reshape(0, 2)
    if labels is None:
        labels = np.zeros(len(rows), np.int64)
    return rows, as_vector(scores, "scores", np.float64), as_vector(labels, "labels", np.int64)
