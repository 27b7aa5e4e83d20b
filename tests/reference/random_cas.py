"""Activations that are made to be awkward, for property tests. Seeded, float32, (T, C).

Levels are multiples of 1/40 on purpose: with 0 and 40 in a class, min-max in float64 gives
exactly `LEVELS[k]`, so plateaus of integers lie exactly on thresholds of `continuous`.
For `published`, whose min-max is float32, `DYADIC_LEVELS` (of 0 .. 64) are exact.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

LEVELS = [k / 40 for k in range(10)]
DYADIC_LEVELS = [k / 64 for k in range(0, 24, 4)]


def _float32(x: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(x, dtype=np.float32)


def smooth(num_snippets: int, num_classes: int, seed: int) -> np.ndarray:
    """Noise under a moving average of five: wide hills, some below zero."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(num_snippets + 4, num_classes))
    return _float32(sum(x[k : k + num_snippets] for k in range(5)) / 5)


def noise(num_snippets: int, num_classes: int, seed: int) -> np.ndarray:
    """Independent snippets: a crossing almost everywhere."""
    return _float32(np.random.default_rng(seed).normal(size=(num_snippets, num_classes)))


def _steps(num_snippets: int, num_classes: int, seed: int, top: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    heights = rng.integers(0, top + 1, size=(num_snippets, num_classes))
    held = rng.random(size=heights.shape) < 0.6  # repeat the value before: a plateau
    for t in range(1, num_snippets):
        heights[t] = np.where(held[t], heights[t - 1], heights[t])
    for height in (0, top):  # both limits present where there is room for both
        heights[rng.integers(num_snippets, size=num_classes), np.arange(num_classes)] = height
    return _float32(heights)


def plateaus(num_snippets: int, num_classes: int, seed: int) -> np.ndarray:
    """Flat stretches at whole numbers from 0 to 40, many exactly at `LEVELS`."""
    x = _steps(num_snippets, num_classes, seed, 40)
    low = np.random.default_rng(seed + 1).random(size=x.shape) < 0.7
    return np.where(low & (x < 40), x % 10, x)


def dyadic_plateaus(num_snippets: int, num_classes: int, seed: int) -> np.ndarray:
    """Flat stretches at whole numbers from 0 to 64, exact after float32 min-max too."""
    x = _steps(num_snippets, num_classes, seed, 64)
    low = np.random.default_rng(seed + 1).random(size=x.shape) < 0.7
    return np.where(low & (x < 64), x // 4 * 4 % 24, x)


def ties(num_snippets: int, num_classes: int, seed: int) -> np.ndarray:
    """The same bump again and again, the same in every class: equal scores everywhere."""
    rng = np.random.default_rng(seed)
    bump = [0, *rng.integers(0, 9, size=3), 8, 0, 0]
    column = np.resize(bump, num_snippets)
    return _float32(np.repeat(column[:, None], num_classes, axis=1))


def all_equal(num_snippets: int, num_classes: int, seed: int) -> np.ndarray:
    """One value per class, of any sign, zero among them."""
    row = np.random.default_rng(seed).integers(-2, 3, size=num_classes) / 4
    return _float32(np.tile(row, (num_snippets, 1)))


def one_snippet(num_snippets: int, num_classes: int, seed: int) -> np.ndarray:
    """T = 1, whatever was asked for."""
    return noise(1, num_classes, seed)


def end_spikes(num_snippets: int, num_classes: int, seed: int) -> np.ndarray:
    """All the action in the first and the last snippet, a little noise between."""
    x = 0.05 * np.random.default_rng(seed).normal(size=(num_snippets, num_classes))
    x[0], x[-1] = 3.0, 2.0
    return _float32(x)


def negatives(num_snippets: int, num_classes: int, seed: int) -> np.ndarray:
    """Below zero everywhere, one class excepted: it touches zero now and then."""
    x = -np.abs(np.random.default_rng(seed).normal(size=(num_snippets, num_classes))) - 0.01
    x[::3, 0] = 0
    return _float32(x)


def denormals(num_snippets: int, num_classes: int, seed: int) -> np.ndarray:
    """Multiples of the smallest float32; flushed to zero, they would all be equal."""
    steps = np.random.default_rng(seed).integers(-3, 9, size=(num_snippets, num_classes))
    return _float32(steps * np.float64(np.finfo(np.float32).smallest_subnormal))


def huge(num_snippets: int, num_classes: int, seed: int) -> np.ndarray:
    """Near the largest float32, of both signs; max - min still fits, as min is cut at zero."""
    return _float32(np.random.default_rng(seed).uniform(-3e38, 3e38, (num_snippets, num_classes)))


def zero_touches(num_snippets: int, num_classes: int, seed: int) -> np.ndarray:
    """Above zero, with single snippets at exactly zero: threshold 0 must split there."""
    x = np.random.default_rng(seed).uniform(0.1, 1, size=(num_snippets, num_classes))
    x[2::4] = 0
    return _float32(x)


def thousand_classes(num_snippets: int, num_classes: int, seed: int) -> np.ndarray:
    """C = 1000, whatever was asked for, and at most 12 snippets."""
    return smooth(min(num_snippets, 12), 1000, seed)


KINDS: dict[str, Callable[[int, int, int], np.ndarray]] = {
    f.__name__: f
    for f in (
        smooth,
        noise,
        plateaus,
        dyadic_plateaus,
        ties,
        all_equal,
        one_snippet,
        end_spikes,
        negatives,
        denormals,
        huge,
        zero_touches,
        thousand_classes,
    )
}


def video_scores(num_classes: int, seed: int, threshold: float = 0.25) -> np.ndarray:
    """(C,) float32 in [0, 1]: some below, some above, some exactly at the threshold."""
    rng = np.random.default_rng(seed)
    scores = rng.uniform(0, 1, size=num_classes)
    scores[rng.random(num_classes) < 0.2] = threshold
    return _float32(scores)


def with_background(cas: np.ndarray, seed: int) -> np.ndarray:
    """(T, C) -> (T, C+1): the same with a background column, for gate `horizon`."""
    rng = np.random.default_rng(seed)
    return _float32(np.concatenate([cas, rng.normal(size=(len(cas), 1))], axis=1))
