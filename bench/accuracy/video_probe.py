"""The information in features about single snippets: a linear probe *with* frame labels.

It helps to choose features, and gives a bound for training from tags. It is a logistic regression
on the principal axes of standardised channels, projected as in the trainer.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from basnet_rt.annotations import read_annotations
from basnet_rt.features import FeatureSource, open_features
from bench.accuracy.video_inputs import stacked

AXES = (32, 64, 128)
PENALTIES = (1.0, 10.0, 100.0, 1000.0)
LEAST_DEVIATION = 1e-2  # as the trainer's projection
SNIPPET_SECONDS = 16 / 25


def probe(folder: Path, annotations: Path, fold_of: np.ndarray) -> dict[str, float]:
    """AUC of the held-out scenes of the training videos ("held_out") and of the test videos.

    "axes" and "penalty" are those with the best AUC on held-out scenes (mean of the folds).
    """
    train, test = (open_features(folder / subset) for subset in ("train", "test"))
    seen, wanted = stacked(train).astype(np.float64), labelled(train, annotations)
    parts = [MainAxes(seen[fold_of != fold]) for fold in range(fold_of.max() + 1)]
    found = {
        (axes, penalty): np.mean(
            [
                held_out(one, axes, seen, wanted, fold_of == fold, penalty)
                for fold, one in enumerate(parts)
            ]
        )
        for axes in AXES
        for penalty in PENALTIES
    }
    axes, penalty = max(found, key=found.__getitem__)
    project = MainAxes(seen)
    weights = logistic(project(seen, axes), wanted, penalty)
    scores = project(stacked(test).astype(np.float64), axes) @ weights
    return {
        "held_out": float(found[axes, penalty]),
        "test": auc(labelled(test, annotations), scores),
        "axes": axes,
        "penalty": penalty,
    }


def held_out(
    project: MainAxes,
    axes: int,
    seen: np.ndarray,
    wanted: np.ndarray,
    held: np.ndarray,
    penalty: float,
) -> float:
    weights = logistic(project(seen[~held], axes), wanted[~held], penalty)
    return auc(wanted[held], project(seen[held], axes) @ weights)


class MainAxes:
    """(N, F) to (N, D + 1): main axes of standardised channels, mean variance 1; and ones."""

    def __init__(self, seen: np.ndarray) -> None:
        self._mean, self._scale = seen.mean(axis=0), seen.std(axis=0) + LEAST_DEVIATION
        torch.manual_seed(0)  # the axes are found from random ones, in eight rounds
        centred = torch.from_numpy((seen - self._mean) / self._scale)
        _, lengths, axes = torch.pca_lowrank(centred, max(AXES) + 32, center=False, niter=8)
        self._axes, self._variances = axes.numpy(), lengths.numpy() ** 2 / len(seen)

    def __call__(self, features: np.ndarray, axes: int) -> np.ndarray:
        projected = (features - self._mean) / self._scale @ self._axes[:, :axes]
        projected /= np.sqrt(self._variances[:axes].mean())
        return np.append(projected, np.ones((len(projected), 1)), axis=1)


def labelled(source: FeatureSource, annotations: Path) -> np.ndarray:
    """(N,) whether half of a snippet or more lies in a marked segment."""
    videos, rows = read_annotations(annotations).videos, []
    for name in source.names:
        begins = np.arange(source.shape(name)[0]) * SNIPPET_SECONDS
        inside = np.zeros(len(begins))
        for one in videos[name].segments:
            ends = np.minimum(begins + SNIPPET_SECONDS, one.end)
            inside += np.maximum(ends - np.maximum(begins, one.start), 0)
        rows.append(inside >= SNIPPET_SECONDS / 2)
    return np.concatenate(rows)


def logistic(inputs: np.ndarray, wanted: np.ndarray, penalty: float, steps: int = 15) -> np.ndarray:
    """Newton's method with a ridge on all weights but the last, which is the constant's."""
    weights, ridge = np.zeros(inputs.shape[1]), np.full(inputs.shape[1], penalty)
    ridge[-1] = 1e-6
    for _ in range(steps):
        share = 1 / (1 + np.exp(-np.clip(inputs @ weights, -30, 30)))
        curvature = (inputs * (share * (1 - share) + 1e-6)[:, None]).T @ inputs + np.diag(ridge)
        weights = weights + np.linalg.solve(
            curvature, inputs.T @ (wanted - share) - ridge * weights
        )
    return weights


def auc(wanted: np.ndarray, scores: np.ndarray) -> float:
    """AUC for True against False; ties count half."""
    true, false = scores[wanted], np.sort(scores[~wanted])
    below, upto = np.searchsorted(false, true), np.searchsorted(false, true, side="right")
    return float((below + upto).sum() / 2 / (len(true) * len(false)))
