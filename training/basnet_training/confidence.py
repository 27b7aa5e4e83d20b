"""Confidence: the chance that a video contains a class, given the score of its best detection.

It is fitted from tags only, on videos that the network was not trained on. The result is a rising
curve for each class, stored in the bundle as points for linear interpolation.
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
LEAST = 8  # videos with the class, and without it, that a class needs for its own curve
DEFAULT_THRESHOLD = 0.5
ABOVE = 1e-3  # of a silent curve, to its threshold

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class FittedCurve:
    """Confidence over score, piecewise linear, constant beyond its ends.

    Attributes:
        scores: (K,) rising. confidence: (K,) in [0, 1], never falling.
        pooled: fitted on all classes together.
        videos, positive: number of fitted videos, and of those with the class.
    """

    scores: tuple[float, ...]
    confidence: tuple[float, ...]
    pooled: bool
    videos: int
    positive: int

    @property
    def silent(self) -> bool:
        """Whether all scores have one confidence, and that is below 0.5: it tells nothing."""
        return self.confidence[0] == self.confidence[-1] and self.confidence[0] < 0.5

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
    """The confidence of one bundle.

    Attributes:
        curves: by gate of the post-processing, one for each class.
        thresholds: suggested lowest confidence of an event, for each class.
        videos, folds: numbers of held-out videos and folds.
    """

    curves: Mapping[str, tuple[FittedCurve, ...]]
    thresholds: tuple[float, ...]
    videos: int
    folds: int

    def to_dict(self) -> dict[str, Any]:
        """The value of `confidence` in a bundle's metadata."""
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

    def save(self, folder: Path, activation: str) -> None:
        """Store it in a run's folder for `export`; its scores are those of this activation."""
        content = {"activation": activation, "confidence": self.to_dict()}
        write_whole(folder / CONFIDENCE_FILE, [json.dumps(content, indent=1), "\n"])


def saved_confidence(folder: Path, activation: str, classes: int) -> dict[str, Any] | None:
    """Read the file of `FittedConfidence.save`, for a bundle.

    None if there is no file, or it is of another activation, which has other scores.

    Raises:
        ValueError: it is damaged, or has another number of classes.
    """
    path = folder / CONFIDENCE_FILE
    if not path.is_file():
        return None
    content = read_json(path)
    found = content.get("confidence") if isinstance(content, dict) else None
    if not isinstance(found, dict) or len(found.get("thresholds", ())) != classes:
        raise InvalidValue(f"{path}: not the confidence of {classes} classes; make it again")
    return found if content.get("activation") == activation else None


def best_scores(
    detections: Mapping[str, tuple[Sequence[int], Sequence[float]]],
    names: Sequence[str],
    classes: int,
) -> Floats:
    """(N, C): the highest score of each class in each video; NaN without a detection.

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

    A video without a detection counts as score 0, or as the lowest score. Otherwise a weak
    detection, if held-out videos have none, would get the confidence of strong ones. A class with
    fewer than `LEAST` videos with it, or without it, uses the curve of all classes together.
    """
    least = min(0.0, float(np.nanmin(best))) if np.isfinite(best).any() else 0.0
    scores = np.where(np.isfinite(best), best, least)
    pooled = _curve(scores.ravel(), present.ravel(), least, pooled=True)
    return tuple(
        _curve(column, labels, least, pooled=False) if _enough(labels) else pooled
        for column, labels in zip(scores.T, present.T, strict=True)
    )


def _enough(labels: Bools) -> bool:
    """Whether a class has enough videos, with it and without it, for its own curve."""
    return int(min(labels.sum(), (~labels).sum())) >= LEAST


def _curve(scores: Floats, labels: Bools, least: float, *, pooled: bool) -> FittedCurve:
    """Platt's sigmoid of the root of the score above `least`, sampled.

    Most videos without the class have no detection, or a weak one; with the root, the sigmoid rises
    early enough. On held-out videos of one set it reduced the Brier score from 0.171 to 0.159; an
    isotonic fit had 0.158.
    """
    roots = np.sqrt(scores - least)
    slope, offset = fit_platt(roots, labels)
    highest = float(roots.max())
    points = np.linspace(0, highest, POINTS) if highest > 0 else np.zeros(1)
    values = _sigmoid(slope * points + offset)
    at = points**2 + least
    return FittedCurve(tuple(map(float, at)), tuple(map(float, values)), pooled, *_counts(labels))


def _counts(labels: Bools) -> tuple[int, int]:
    return len(labels), int(labels.sum())


def fit_platt(scores: Floats, labels: Bools) -> tuple[float, float]:
    """(slope, offset) of sigmoid(slope * score + offset), slope >= 0.

    Source: Platt, "Probabilistic outputs for support vector machines" (1999): targets are
    (N+ + 1) / (N+ + 2) and 1 / (N- + 2), so that few or separable videos do not give a confidence
    of 0 or 1. Newton's method on standardised scores; a falling fit becomes a constant.
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


def suggest_thresholds(
    curves: Sequence[FittedCurve], best: Floats, present: Bools
) -> tuple[float, ...]:
    """The lowest confidence of an event for each class: half of the best F1 for predicting tags.

    For probabilities, this is the threshold with the highest expected F1. On few videos, the
    highest F1 can be measured far more exactly than the threshold at which it is reached. A class
    with too few videos uses the value of all classes together. A silent curve would let every
    detection pass, so its threshold lies above it.

    Source: Lipton, Elkan and Naryanaswamy, "Optimal thresholding of classifiers to maximize F1
    measure" (2014).

    Args:
        best, present: (N, C), as for `fit_curves`.
    """
    columns = [
        np.where(np.isfinite(column), curve(column), -1.0)
        for curve, column in zip(curves, best.T, strict=True)
    ]
    together = half_of_best_f1(np.concatenate(columns), present.T.ravel())
    found = (
        half_of_best_f1(column, labels) if _enough(labels) else together
        for column, labels in zip(columns, present.T, strict=True)
    )
    return tuple(
        max(one, min(curve.confidence[0] + ABOVE, 0.5)) if curve.silent else one
        for one, curve in zip(found, curves, strict=True)
    )


def half_of_best_f1(confidence: Floats, present: Bools) -> float:
    """Half of the best F1, in (0, 0.5], for (N,) confidences, below 0 without a detection.

    DEFAULT_THRESHOLD if the best F1 is 0.
    """
    levels = np.unique(confidence[confidence >= 0])
    found = max((_f1(confidence >= level, present) for level in levels), default=0.0)
    return found / 2 if found > 0 else DEFAULT_THRESHOLD


def _f1(said: Bools, present: Bools) -> float:
    right = int((said & present).sum())
    return 2 * right / max(int(said.sum()) + int(present.sum()), 1)


def _sigmoid(x: Any) -> Floats:
    found: Floats = 0.5 * (1 + np.tanh(0.5 * np.asarray(x, np.float64)))
    return found


def _logit(p: float) -> float:
    return float(np.log(p / (1 - p)))
