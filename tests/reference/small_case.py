"""A video of one class, small enough for sums by hand: y is what you write.

Snippets are two seconds long, so centres are at 1, 3, 5, ... Normalisation is `fixed` from 0
to 1, so y is the CAS; the gate is `none`, so a score is inner minus outer. NMS is off.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from . import continuous
from .results import Result

SECONDS = 2.0
PLAIN: dict[str, Any] = {
    "class_threshold": 0.25,
    "cas_thresholds": [0.5],
    "outer_ratio": 0.25,
    "score_weight": 0.2,
    "nms_iou": 1.0,
    "normalisation": "fixed",
    "fixed_lo": [0.0],
    "fixed_hi": [1.0],
    "gate": "none",
}


def column(values: Sequence[float]) -> np.ndarray:
    """(T,) numbers as a (T, 1) float32 CAS."""
    return np.array(values, dtype=np.float32)[:, None]


def _run(function: Callable[..., Result], y: Sequence[float], changes: dict[str, Any]) -> Result:
    inputs = {name: changes.pop(name, None) for name in ("duration", "raw_cas", "video_scores")}
    scores = inputs.pop("video_scores")
    return function(column(y), scores, {**PLAIN, **changes}, snippet_seconds=SECONDS, **inputs)


def propose(y: Sequence[float], **changes: Any) -> Result:
    """Proposals of the curve through `y`; `changes` are settings, or further inputs."""
    return _run(continuous.propose, y, changes)


def postprocess(y: Sequence[float], **changes: Any) -> Result:
    """The same, after NMS."""
    return _run(continuous.postprocess, y, changes)


def segments(y: Sequence[float], **changes: Any) -> list[list[float]]:
    """Only the segments of the proposals."""
    return propose(y, **changes).segments.tolist()
