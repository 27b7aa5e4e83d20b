"""Mode `continuous`, written out step by step, one class at a time.

`exact=True` computes with rational numbers from y on: no rounding in crossings, means,
IoU or cuts. It shows what float64 does to a result, and which way a tie really falls.
(Gaussian soft NMS stays in float64: exp has no rational value.)
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from . import nms
from .curve import Curve, Number
from .gates import Gate, gate_of_class
from .intervals import Interval, cut, cut_points, level_set, merge, root_of
from .normalise import normalise
from .results import Result, Row, columns, detection_order, proposal_order
from .settings import complete

NUMERIC = [
    "class_threshold",
    "outer_ratio",
    "score_weight",
    "nms_iou",
    "min_duration",
    "merge_gap",
    "max_duration",
    "max_lookahead",
]


def lift(settings: dict[str, Any], kind: Callable[[Any], Number]) -> dict[str, Any]:
    """The settings with numbers of the kind to compute with; infinity stays a float."""
    lifted = complete(settings)
    for name in NUMERIC:
        if not math.isinf(lifted[name]):
            lifted[name] = kind(lifted[name])
    lifted["cas_thresholds"] = [kind(float(a)) for a in lifted["cas_thresholds"]]
    return lifted


def mean_outside(curve: Curve, interval: Interval, settings: dict[str, Any]) -> Number:
    """Mean of y over both flanks together; 0 where neither has a length."""
    start, end = interval
    reach = settings["outer_ratio"] * (end - start)
    left = max(0, start - reach)
    right = min(curve.duration, end + min(reach, settings["max_lookahead"]))
    length = (start - left) + (right - end)
    if length <= 0:
        return 0
    return (curve.integral(left, start) + curve.integral(end, right)) / length


def contrast(curve: Curve, interval: Interval, settings: dict[str, Any]) -> Number:
    """Inner mean minus outer mean of y."""
    start, end = interval
    inner = curve.integral(start, end) / (end - start)
    return inner - mean_outside(curve, interval, settings)


def split_at_roots(
    intervals: list[Interval], roots: list[Interval], max_duration: Number
) -> list[tuple[Interval, Number]]:
    """Cuts intervals where their root is cut; with each, the end of the root piece it is in."""
    parts = []
    for interval in intervals:
        root = root_of(interval, roots)
        points = cut_points(root, max_duration)
        for part in cut(interval, points):
            piece_end = min([p for p in points if p >= part[1]], default=root[1])
            parts.append((part, piece_end))
    return parts


def class_proposals(curve: Curve, gate: Gate, label: int, settings: dict[str, Any]) -> list[Row]:
    """Every proposal of one class, threshold by threshold."""
    levels = settings["cas_thresholds"]
    sets = [merge(level_set(curve, a), settings["merge_gap"]) for a in levels]
    roots = sets[levels.index(min(levels))]
    rows = []
    for index, intervals in enumerate(sets):
        for part, piece_end in split_at_roots(intervals, roots, settings["max_duration"]):
            class_score = gate(piece_end)
            if class_score is None or part[1] - part[0] < settings["min_duration"]:
                continue
            score = contrast(curve, part, settings)
            score += settings["score_weight"] * type(score)(class_score)
            rows.append(Row(label, score, *part, index))
    return rows


def all_rows(
    cas: np.ndarray,
    video_scores: np.ndarray | None,
    settings: dict[str, Any],
    snippet_seconds: float,
    duration: float | None,
    raw_cas: np.ndarray | None,
    kind: Callable[[Any], Number],
) -> list[Row]:
    """The proposals of all classes; `settings` are lifted to `kind` already."""
    step = kind(snippet_seconds)
    length = len(cas) * step if duration is None else kind(duration)
    rows = []
    for label in range(cas.shape[1]):
        y = [kind(value) for value in normalise(cas, label, settings, snippet_seconds)]
        curve = Curve(y, step, length)
        gate = gate_of_class(label, curve, settings, video_scores, raw_cas)
        rows += class_proposals(curve, gate, label, settings)
    return rows


def propose(
    cas: np.ndarray,
    video_scores: np.ndarray | None,
    settings: dict[str, Any],
    *,
    snippet_seconds: float,
    duration: float | None = None,
    raw_cas: np.ndarray | None = None,
    exact: bool = False,
) -> Result:
    """All proposals of a video before NMS, by threshold, class, start.

    Args:
        cas: (T, C) float32, action columns.
        video_scores: (C,); None with gate `none` or `horizon`.
        settings: fields of `PostprocessConfig`; see settings.py.
        snippet_seconds: distance of snippet starts.
        duration: of the video, seconds; default T * snippet_seconds.
        raw_cas: (T, C+1), background last; for gate `horizon` only.
        exact: compute with rational numbers.
    """
    kind = Fraction if exact else float
    rows = all_rows(
        cas, video_scores, lift(settings, kind), snippet_seconds, duration, raw_cas, kind
    )
    return columns(sorted(rows, key=proposal_order))


def suppressed(rows: list[Row], settings: dict[str, Any]) -> list[Row]:
    """NMS of the kind the settings name."""
    if settings["nms"] == "hard":
        return nms.hard_rows(rows, settings["nms_iou"])
    if settings["nms"] == "linear":
        decay = nms.linear_decay(settings["nms_iou"])
    elif settings["nms"] == "gaussian":
        decay = nms.gaussian_decay(settings["soft_sigma"])
    else:
        raise KeyError(f"nms {settings['nms']!r}")
    return nms.soft_rows(rows, decay, settings["soft_min_score"])


def postprocess(
    cas: np.ndarray,
    video_scores: np.ndarray | None,
    settings: dict[str, Any],
    *,
    snippet_seconds: float,
    duration: float | None = None,
    raw_cas: np.ndarray | None = None,
    exact: bool = False,
) -> Result:
    """Detections of a video by falling score; arguments as for `propose`."""
    kind = Fraction if exact else float
    lifted = lift(settings, kind)
    rows = all_rows(cas, video_scores, lifted, snippet_seconds, duration, raw_cas, kind)
    return columns(sorted(suppressed(rows, lifted), key=detection_order))
