"""Settings of the oracle: the keys are the fields of `PostprocessConfig`."""

from __future__ import annotations

import math
from typing import Any

# Only what switches a feature off has a default here. Thresholds and weights do not:
# a test states them, so that a changed default of the product cannot hide in the oracle.
OFF: dict[str, Any] = {
    "mode": None,
    "upsample": None,
    "nms": "hard",
    "soft_sigma": None,
    "soft_min_score": 0.001,
    "normalisation": "video",
    "fixed_lo": None,
    "fixed_hi": None,
    "gate": "video",
    "horizon": None,
    "min_duration": 0.0,
    "merge_gap": 0.0,
    "max_duration": None,
    "max_lookahead": None,
    "keep_top1": False,
    "score_function": "softmax",
    "topk_divisor": 8,
}
REQUIRED = ("class_threshold", "cas_thresholds", "outer_ratio", "score_weight", "nms_iou")

# THUMOS'14, as published.
THUMOS14: dict[str, Any] = {
    "class_threshold": 0.25,
    "cas_thresholds": [k / 40 for k in range(10)],
    "upsample": 24,
    "outer_ratio": 0.25,
    "score_weight": 0.2,
    "nms_iou": 0.7,
}


def complete(settings: dict[str, Any]) -> dict[str, Any]:
    """Adds what is off by default. A misspelt or missing key raises KeyError.

    `None` means "no limit" for `max_duration` and `max_lookahead`; it becomes infinity.
    """
    unknown = set(settings) - set(OFF) - set(REQUIRED)
    missing = set(REQUIRED) - set(settings)
    if unknown or missing:
        raise KeyError(f"settings: unknown {sorted(unknown)}, missing {sorted(missing)}")
    full = {**OFF, **settings}
    for name in ("max_duration", "max_lookahead"):
        if full[name] is None:
            full[name] = math.inf
    return full


def horizon_snippets(horizon: float, snippet_seconds: float) -> int:
    """How many snippets a horizon of so many seconds holds; at least one.

    The 1e-9 lets 18.56 s hold 29 snippets of 0.64 s although the quotient rounds below 29.
    """
    return max(1, math.floor(horizon / snippet_seconds + 1e-9))
