"""The learning rate over a run, and the share of a video that its scores use."""

from __future__ import annotations

import math

from .config import OptimConfig

MOVING = 0.7  # share of the iterations in which the divisor changes


def learning_rate(optim: OptimConfig, iteration: int) -> float:
    """Rate of one iteration: linear warm-up, then constant, or half a cosine down to 0."""
    if iteration < optim.warmup:
        return optim.lr * (iteration + 1) / optim.warmup
    if optim.schedule == "constant":
        return optim.lr
    done = (iteration - optim.warmup) / max(1, optim.iterations - optim.warmup)
    return optim.lr * 0.5 * (1 + math.cos(math.pi * done))


def topk_divisor(optim: OptimConfig, last: int, iteration: int) -> int:
    """Divisor of one iteration: from `topk_start` to `last` by equal ratios, then `last`.

    Scores over much of a video find all places where a class may be; scores over little of it find
    the most certain place.
    """
    if optim.topk_start is None:
        return last
    done = min(1.0, iteration / (MOVING * optim.iterations))
    return round(optim.topk_start * math.pow(last / optim.topk_start, done))
