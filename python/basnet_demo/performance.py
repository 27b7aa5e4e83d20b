"""One figure's poses through a whole video: a sequence of behaviours with smooth changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from basnet_demo.behaviour import ACTIONS, IDLE, STRIDE, STRIDES_A_SECOND, Style
from basnet_demo.skeleton import COLUMN, Floats

# Duration of a change between behaviours: half before and half after the annotated time.
EASE_SECONDS = 0.4
WALKING_YAW = np.radians(78)


@dataclass(frozen=True, kw_only=True)
class Part:
    """One behaviour from `start` to `end`, in seconds.

    Attributes:
        name: key of `ACTIONS` or `IDLE`.
        yaw: direction in which the figure looks, in radians; 0 is at the viewer.
        x, x_end: positions at start and end, in body heights from the middle of the picture.
    """

    name: str
    start: float
    end: float
    style: Style = field(default_factory=Style)
    yaw: float = 0.0
    x: float = 0.0
    x_end: float = 0.0

    @property
    def is_action(self) -> bool:
        return self.name in ACTIONS


def walk(start: float, x: float, x_end: float, style: Style) -> Part:
    """A walk from `x` to `x_end`; its duration follows from the distance and the speed."""
    seconds = abs(x_end - x) / (STRIDE * STRIDES_A_SECOND * style.speed)
    yaw = WALKING_YAW if x_end > x else -WALKING_YAW
    end = start + max(seconds, 2 * EASE_SECONDS)
    return Part(name="walking", start=start, end=end, style=style, yaw=yaw, x=x, x_end=x_end)


def poses(parts: Sequence[Part], times: Floats) -> Floats:
    """The poses at the given times.

    Args:
        parts: each begins when the one before ends, and lasts at least `EASE_SECONDS`.
        times: (N,) seconds.

    Returns:
        (N, CHANNELS) float64, continuous in time.
    """
    blended = np.zeros((len(times), len(COLUMN)))
    for i, part in enumerate(parts):
        weight = _ease(times, part.start) if i else np.ones(len(times))
        if i + 1 < len(parts):
            weight = weight * (1 - _ease(times, part.end))
        seen = np.flatnonzero(weight)
        blended[seen] += weight[seen, None] * _part_poses(part, times[seen])
    return blended


def _ease(times: Floats, middle: float) -> Floats:
    """0 before the change around `middle`, 1 after it, smooth in between."""
    share = np.clip((times - middle) / EASE_SECONDS + 0.5, 0, 1)
    eased: Floats = share * share * (3 - 2 * share)
    return eased


def _part_poses(part: Part, times: Floats) -> Floats:
    behaviour = ACTIONS.get(part.name) or IDLE[part.name]
    found = behaviour(times - part.start, part.style)
    found[:, COLUMN["yaw"]] += part.yaw
    share = np.clip((times - part.start) / (part.end - part.start), 0, 1)
    found[:, COLUMN["x"]] += part.x + (part.x_end - part.x) * share
    return found
