"""Which classes may speak, and the video score their proposals get."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .curve import Curve, Number
from .settings import horizon_snippets

# From the end of a root (or of a piece cut from it) to the class's score there;
# None where the class does not pass.
Gate = Callable[[Number], float | None]


def video_scores_of(
    raw_cas: np.ndarray, divisor: int = 8, score_function: str = "softmax"
) -> np.ndarray:
    """(m, C+1) raw CAS -> (C,): of the mean of the top max(1, m // divisor), no background."""
    raw = np.asarray(raw_cas, dtype=np.float64)
    k = max(1, len(raw) // divisor)
    mean = np.sort(raw, axis=0)[-k:].mean(axis=0)
    if score_function == "sigmoid":
        return 1 / (1 + np.exp(-mean[:-1]))
    weight = np.exp(mean - mean.max())
    return (weight / weight.sum())[:-1]


def passed_score(scores: np.ndarray, label: int, settings: dict[str, Any]) -> float | None:
    """The class's score if it passes; the best class passes where none does and keep_top1."""
    score = float(scores[label])
    if score >= settings["class_threshold"]:
        return score
    nobody = all(float(s) < settings["class_threshold"] for s in scores)
    best = int(np.argmax(scores))
    return score if settings["keep_top1"] and nobody and label == best else None


def last_snippet_before(end: Number, curve: Curve) -> int:
    """The largest i whose centre is before `end`; 0 where there is none."""
    before = [i for i in range(len(curve.values)) if curve.time(i) < end]
    return before[-1] if before else 0


def gate_of_class(
    label: int,
    curve: Curve,
    settings: dict[str, Any],
    video_scores: np.ndarray | None,
    raw_cas: np.ndarray | None,
) -> Gate:
    """The gate of one class. A gate `none` passes everything with score 0, so no g term."""
    kind = settings["gate"]
    if kind == "none":
        return lambda end: 0.0
    if kind == "video":
        score = passed_score(np.asarray(video_scores), label, settings)
        return lambda end: score
    if kind != "horizon":
        raise KeyError(f"gate {kind!r}")
    window = horizon_snippets(settings["horizon"], float(curve.snippet_seconds))

    def by_horizon(end: Number) -> float | None:
        last = last_snippet_before(end, curve)
        rows = raw_cas[max(0, last + 1 - window) : last + 1]
        scores = video_scores_of(rows, settings["topk_divisor"], settings["score_function"])
        return passed_score(scores, label, settings)

    return by_horizon
