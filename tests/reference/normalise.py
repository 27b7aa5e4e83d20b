"""Activations to y: float64 from float32, one class at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

from .settings import horizon_snippets


def min_max_limits(x: np.ndarray) -> tuple[float, float]:
    """lo and spread of some activations of one class; neither limit is below zero."""
    hi = max(0.0, float(x.max()))
    lo = max(0.0, float(x.min()))
    return lo, (hi - lo if hi > lo else 1.0)


def by_video(x: np.ndarray) -> list[float]:
    """Min-max of the whole video."""
    lo, spread = min_max_limits(x)
    return [(float(v) - lo) / spread for v in x]


def by_horizon(x: np.ndarray, window: int) -> list[float]:
    """Min-max of the `window` snippets that end with the one being normalised."""
    y = []
    for i in range(len(x)):
        lo, spread = min_max_limits(x[max(0, i + 1 - window) : i + 1])
        y.append((float(x[i]) - lo) / spread)
    return y


def fixed(x: np.ndarray, lo: float, hi: float) -> list[float]:
    """Calibrated limits; y may fall outside [0, 1]."""
    return [(float(v) - lo) / (hi - lo) for v in x]


def normalise(
    cas: np.ndarray, label: int, settings: dict[str, Any], snippet_seconds: float
) -> list[float]:
    """y of one class. `cas` is (T, C) float32; the answer has T float64 numbers."""
    x = np.asarray(cas[:, label], dtype=np.float64)
    kind = settings["normalisation"]
    if kind == "video":
        return by_video(x)
    if kind == "horizon":
        return by_horizon(x, horizon_snippets(settings["horizon"], snippet_seconds))
    if kind == "fixed":
        return fixed(x, float(settings["fixed_lo"][label]), float(settings["fixed_hi"][label]))
    raise KeyError(f"normalisation {kind!r}")
