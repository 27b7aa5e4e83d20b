"""Confidence: the chance that a video contains a class, given the score of its best detection.

Fitted from tags alone, on videos that the network was not trained on. The result is a rising curve
for each class, stored in the bundle as points that a reader interpolates between.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from basnet_rt import InvalidValue
from basnet_rt._system.json_file import read_json
from basnet_rt._system.whole_file import write_whole

CONFIDENCE_FILE = "confidence.json"
VERSION = 1
POINTS = 33  # of a curve
LEAST = 8  # videos with, and without, a class that is fitted by itself
DEFAULT_THRESHOLD = 0.5

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class FittedCurve:
    """Confidence over score, piecewise linear, constant beyond its ends.

    Attributes:
        scores: (K,) rising. confidence: (K,) in [0, 1], never falling.
        pooled: fitted on all classes together.
        videos, positive: that it was fitted on, and those with the class.
    """

    scores: tuple[float, ...]
    confidence: tuple[float, ...]
    pooled: bool
    videos: int
    positive: int

    def __call__(self, scores: Any) -> Floats:
        found: Floats = np.interp(np.asarray(scores, np.float64), self.scores, self.confidence)
        return found

    def to_dict(self) -> dict[str, Any]:
        return {
            "scores": list(self.scores),
            "confidence": list(self.confidence),
            "pooled": self.pooled,
            "videos": self.videos,
            "positive": self.positive,
        }


@dataclass(frozen=True)
class FittedConfidence:
    """Of one bundle.

    Attributes:
        curves: by gate of the post-processing, one for each class.
        thresholds: least confidence of an event, suggested for each class.
        videos, folds: held out to fit it on.
    """

    curves: Mapping[str, tuple[FittedCurve, ...]]
    thresholds: tuple[float, ...]
    videos: int
    folds: int

    def to_dict(self) -> dict[str, Any]:
        """As the bundle's metadata has it, under `confidence`."""
        return {
            "version": VERSION,
            "method": "platt",
            "curves": {
                gate: [curve.to_dict() for curve in curves] for gate, curves in self.curves.items()
            },
            "thresholds": list(self.thresholds),
            "videos": self.videos,
            "folds": self.folds,
        }

    def save(self, folder: Path) -> None:
        write_whole(folder / CONFIDENCE_FILE, [json.dumps(self.to_dict(), indent=1), "\n"])


def saved_confidence(folder: Path, classes: int) -> dict[str, Any] | None:
    """What `FittedConfidence.save` left in a folder, for a bundle; None where there is nothing.

    Raises:
        ValueError: it is damaged, or of another number of classes.
    """
    path = folder / CONFIDENCE_FILE
    if not path.is_file():
        return None
    found = read_json(path)
    if not isinstance(found, dict) or len(found.get("thresholds", ())) != classes:
        raise InvalidValue(f"{path}: not the confidence of {classes} classes; make it again")
    return found


def best_scores(
    detections: Mapping[str, tuple[Sequence[int], Sequence[float]]],
    names: Sequence[str],
    classes: int,
) -> Floats:
    """(N, C): the highest score of each class in each video; NaN where there is no detection.

    detections: labels and scores by video.
    """
    best = np.full((len(names), classes), np.nan)
    for row, name in enumerate(names):
        labels, scores = detections[name]
        for label, score in zip(labels, scores, strict=True):
            best[row, label] = np.fmax(best[row, label], score)
    return best


def fit_curves(best: Floats, present: Bools) -> tuple[FittedCurve, ...]:
    """A curve for each class from (N, C) best scores and tags.

    No detection counts as score 0, or the lowest that there is: else a faint detection, of which
    held-out videos have none, would get the confidence of strong ones. A class with fewer than
    `LEAST` videos of either kind takes the curve of all classes together: its own would be one of
    a handful of videos.
    """
    least = min(0.0, float(np.nanmin(best))) if np.isfinite(best).any() else 0.0
    scores = np.where(np.isfinite(best), best, least)
    pooled = _curve(scores.ravel(), present.ravel(), pooled=True)
    curves = []
    for column, labels in zip(scores.T, present.T, strict=True):
        enough = min(labels.sum(), (~labels).sum()) >= LEAST
        curves.append(_curve(column, labels, pooled=False) if enough else pooled)
    return tuple(curves)


def _curve(scores: Floats, labels: Bools, *, pooled: bool) -> FittedCurve:
    slope, offset = fit_platt(scores, labels)
    low, high = float(scores.min()), float(scores.max())
    if not high > low:
        return FittedCurve(
            (low,), (float(_sigmoid(slope * low + offset)),), pooled, *_counts(labels)
        )
    points = np.linspace(low, high, POINTS)
    values = _sigmoid(slope * points + offset)
    return FittedCurve(
        tuple(map(float, points)), tuple(map(float, values)), pooled, *_counts(labels)
    )


def _counts(labels: Bools) -> tuple[int, int]:
    return len(labels), int(labels.sum())


def fit_platt(scores: Floats, labels: Bools) -> tuple[float, float]:
    """(slope, offset) of sigmoid(slope * score + offset), slope >= 0.

    Source: Platt, "Probabilistic outputs for support vector machines" (1999): targets are
    (N+ + 1) / (N+ + 2) and 1 / (N- + 2), so that few or separable videos are not taken for
    certainty. Newton's method on standardised scores; a falling fit becomes a constant.
    """
    positive = int(labels.sum())
    target = np.where(labels, (positive + 1) / (positive + 2), 1 / (len(labels) - positive + 2))
    mean, deviation = float(scores.mean()), float(scores.std())
    constant = 0.0, _logit(float(target.mean()))
    if deviation < 1e-12:
        return constant
    x = np.stack(((scores - mean) / deviation, np.ones_like(scores)), axis=1)
    weights = np.array([0.0, constant[1]])
    for _ in range(100):
        p = _sigmoid(x @ weights)
        gradient = x.T @ (p - target)
        hessian = (x * (p * (1 - p))[:, None]).T @ x + 1e-9 * np.eye(2)
        step = np.linalg.solve(hessian, gradient)
        weights = weights - step * min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-300))
        if np.abs(step).max() < 1e-10:
            break
    if weights[0] <= 0:
        return constant
    slope = float(weights[0] / deviation)
    return slope, float(weights[1] - slope * mean)


def suggest_threshold(confidence: Floats, present: Bools) -> float:
    """The confidence that tells the tags of videos best: highest F1 of "at or above it".

    confidence: (N,) of the best detection, NaN where there is none. Of equal F1 the middle of the
    widest stretch. DEFAULT_THRESHOLD where a class has too few videos of either kind.
    """
    values = np.where(np.isfinite(confidence), confidence, -1.0)
    if min(present.sum(), (~present).sum()) < LEAST:
        return DEFAULT_THRESHOLD
    levels = np.unique(values[values >= 0])
    if not len(levels):
        return DEFAULT_THRESHOLD
    f1 = np.array([_f1(values >= level, present) for level in levels])
    lower = np.concatenate(([0.0], levels[:-1]))
    best = np.flatnonzero(f1 >= f1.max() - 1e-12)
    widest = best[np.argmax((levels - lower)[best])]
    return float((lower[widest] + levels[widest]) / 2)


def _f1(said: Bools, present: Bools) -> float:
    right = int((said & present).sum())
    return 2 * right / max(int(said.sum()) + int(present.sum()), 1)


def _sigmoid(x: Any) -> Floats:
    found: Floats = 0.5 * (1 + np.tanh(0.5 * np.asarray(x, np.float64)))
    return found


def _logit(p: float) -> float:
    return float(np.log(p / (1 - p)))
