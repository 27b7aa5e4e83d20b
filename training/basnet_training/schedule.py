"""The learning rate over a run."""

from __future__ import annotations

import math

from .config import OptimConfig


def learning_rate(optim: OptimConfig, iteration: int) -> float:
    """Rate of one iteration: linear warm-up, then constant, or half a cosine down to 0."""
    if iteration < optim.warmup:
        return optim.lr * (iteration + 1) / optim.warmup
    if optim.schedule == "constant":
        return optim.lr
    done = (iteration - optim.warmup) / max(1, optim.iterations - optim.warmup)
    return optim.lr * 0.5 * (1 + math.cos(math.pi * done))
