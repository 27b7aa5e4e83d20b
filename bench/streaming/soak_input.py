"""A day of activations or features, hour by hour, the same at every call; nothing is kept."""

from __future__ import annotations

import numpy as np

SNIPPET_SECONDS = 16 / 25
HOUR = 5625  # snippets
HOURS = 24

# Class 0 is known by heart: a pulse of 12 snippets in every 75.
PERIOD, PULSE, LOW, HIGH = 75, slice(30, 42), np.float32(0.05), np.float32(0.8)


def activations(hour: int, num_classes: int) -> np.ndarray:
    """(HOUR, C) float32 in [0, 1]: noise that drifts, and bursts of every length and height."""
    rng = np.random.default_rng([hour, num_classes])
    rows = 0.1 + 0.05 * _drift(rng, num_classes)
    for label in range(1, num_classes):
        for _ in range(rng.poisson(20 if num_classes <= 20 else 5)):
            length = int(min(200, max(3, rng.lognormal(np.log(15), 0.8))))
            start = int(rng.integers(0, HOUR - length))
            shape = np.sin(np.linspace(0.05, np.pi - 0.05, length))
            rows[start : start + length, label] += rng.uniform(0.3, 0.9) * shape
    rows += 0.03 * rng.standard_normal(rows.shape)
    rows = np.clip(rows, 0, 1).astype(np.float32)
    rows[:, 0] = pulses()
    return rows


def _drift(rng: np.random.Generator, num_classes: int) -> np.ndarray:
    """A new level every minute or so, straight lines between."""
    knots = rng.standard_normal((HOUR // 90 + 2, num_classes))
    at = np.arange(HOUR) / 90
    low, share = at.astype(int), (at % 1)[:, None]
    return knots[low] * (1 - share) + knots[low + 1] * share


def pulses() -> np.ndarray:
    """(HOUR,) float32, in whole periods."""
    row = np.full(PERIOD, LOW, np.float32)
    row[PULSE] = HIGH
    return np.tile(row, HOUR // PERIOD)


def features(hour: int, feature_dim: int) -> np.ndarray:
    """(HOUR, F) float32: a level that changes every 20 snippets or so, and noise."""
    rng = np.random.default_rng([hour, feature_dim, 1])
    sizes = rng.integers(5, 40, HOUR // 5)
    levels = np.repeat(rng.standard_normal((len(sizes), feature_dim)), sizes, axis=0)[:HOUR]
    return (levels + 0.3 * rng.standard_normal(levels.shape)).astype(np.float32)


def pulse_error(labels: np.ndarray, segments: np.ndarray, thresholds: tuple[float, ...]) -> float:
    """Seconds by which the worst final of class 0 misses a pulse's true crossing times.

    A final's start and end are where a straight line crosses one of the thresholds. There must be
    one final or more for every pulse of the day.
    """
    own = segments[labels == 0]
    rise = [(a - float(LOW)) / (float(HIGH) - float(LOW)) for a in thresholds]
    pulse = np.round((own[:, 0] / SNIPPET_SECONDS - PULSE.start) / PERIOD).astype(int)
    if len(np.unique(pulse)) != HOURS * HOUR // PERIOD:
        raise SystemExit(f"class 0: {len(np.unique(pulse))} pulses found")
    first = pulse * PERIOD + PULSE.start - 0.5  # centre of the snippet before
    last = pulse * PERIOD + PULSE.stop - 0.5
    starts = np.stack([(first + r) * SNIPPET_SECONDS for r in rise])
    ends = np.stack([(last + 1 - r) * SNIPPET_SECONDS for r in rise])
    errors = np.maximum(np.abs(starts - own[:, 0]), np.abs(ends - own[:, 1])).min(axis=0)
    return float(errors.max())
