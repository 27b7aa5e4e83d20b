"""Poses of a figure over time: five actions, and the idle movements between them.

Each behaviour is a function of the seconds since it began and of the performer's style. It has no
end of its own: a performance (see performance.py) sets its length and blends it into the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from basnet_demo.skeleton import CHANNELS, COLUMN, SIDES, Floats


@dataclass(frozen=True, kw_only=True)
class Style:
    """The manner in which one performer carries out one behaviour.

    Attributes:
        side: index into `SIDES` of the arm or leg that leads.
        speed: 1 is usual.
        depth: how far the limbs move; 1 is usual.
        phase: shift of an idle movement, as a part of its period, in [0, 1).
    """

    side: int = 0
    speed: float = 1.0
    depth: float = 1.0
    phase: float = 0.0

    @property
    def lead(self) -> str:
        return SIDES[self.side]

    @property
    def other(self) -> str:
        return SIDES[1 - self.side]


Behaviour = Callable[[Floats, Style], Floats]

# Joint angles, in degrees, of a person who stands at ease.
_REST = {f"{side}_shoulder_spread": 9.0 for side in SIDES}
_REST |= {f"{side}_elbow_bend": 12.0 for side in SIDES}
_REST |= {f"{side}_hip_spread": 4.0 for side in SIDES}


def _pose(time: Floats, degrees: Mapping[str, Floats | float]) -> Floats:
    """Poses (N, CHANNELS) of a person at ease, except for the named angles, given in degrees."""
    poses = np.zeros((len(time), len(CHANNELS)))
    for name, angle in {**_REST, **degrees}.items():
        poses[:, COLUMN[name]] = np.radians(angle)
    return poses


def _there_and_back(time: Floats, period: float, hold: float = 1.0) -> Floats:
    """Rises smoothly to 1 and falls back to 0 in each period; `hold` below 1 stays longer at 1."""
    eased = 0.5 - 0.5 * np.cos(2 * np.pi * time / period)
    held: Floats = eased**hold
    return held


def _wave_of(time: Floats, per_second: float, phase: float = 0.0) -> Floats:
    wave: Floats = np.sin(2 * np.pi * (time * per_second + phase))
    return wave


def waving(time: Floats, style: Style) -> Floats:
    """One arm up, the forearm from side to side."""
    beat = _wave_of(time, 1.5 * style.speed)
    return _pose(
        time,
        {
            f"{style.lead}_shoulder_spread": 116.0 + 13 * beat,
            f"{style.lead}_elbow_bend": 8.0,
            f"{style.lead}_elbow_spread": 42.0 + 42 * style.depth * beat,
            "torso_roll": 2.5 * beat,
            "head_yaw": 6 * _wave_of(time, 0.3),
        },
    )


def jumping_jacks(time: Floats, style: Style) -> Floats:
    """Arms over the head and legs apart, and back, with a hop each way."""
    period = 1.0 / style.speed
    out = _there_and_back(time, period)
    arms = 14 + 148 * min(style.depth, 1.05) * out
    legs = 3 + 24 * style.depth * out
    poses = _pose(
        time,
        {
            **{f"{side}_shoulder_spread": arms for side in SIDES},
            **{f"{side}_hip_spread": legs for side in SIDES},
            **{f"{side}_elbow_bend": 6.0 for side in SIDES},
        },
    )
    poses[:, COLUMN["jump"]] = 0.045 * style.depth * (4 * out * (1 - out))
    return poses


def squatting(time: Floats, style: Style) -> Floats:
    """Down on bent knees and up again, arms held forwards for balance."""
    down = _there_and_back(time, 1.8 / style.speed, hold=0.8)
    bend = 78 * style.depth * down
    return _pose(
        time,
        {
            **{f"{side}_hip_swing": bend for side in SIDES},
            **{f"{side}_knee_bend": 1.9 * bend for side in SIDES},
            **{f"{side}_hip_spread": 10.0 for side in SIDES},
            **{f"{side}_shoulder_swing": 25 + 70 * down for side in SIDES},
            "torso_pitch": 26 * down,
        },
    )


def kicking(time: Floats, style: Style) -> Floats:
    """One leg back, then high to the front; the other arm goes with it."""
    cycle = time * style.speed / 1.25 + 0.5
    up = _there_and_back(cycle, 1.0) ** 2
    back = np.clip(-np.sin(2 * np.pi * cycle), 0, 1)
    return _pose(
        time,
        {
            f"{style.lead}_hip_swing": 95 * style.depth * up - 28 * back,
            f"{style.lead}_knee_bend": 6 + 50 * back,
            f"{style.other}_knee_bend": 6.0,
            f"{style.other}_hip_swing": 3.0,
            f"{style.other}_shoulder_swing": 45 * up - 12,
            f"{style.lead}_shoulder_swing": 10 - 40 * up,
            f"{style.lead}_shoulder_spread": 22.0,
            f"{style.other}_shoulder_spread": 22.0,
            "torso_pitch": -13 * up,
        },
    )


def bowing(time: Floats, style: Style) -> Floats:
    """The upper body bends down from the hip and comes up again; the legs stay straight."""
    down = _there_and_back(time, 2.1 / style.speed, hold=0.7)
    pitch = 82 * style.depth * down
    return _pose(
        time,
        {
            "torso_pitch": pitch,
            "head_pitch": 15 * down,
            **{f"{side}_shoulder_swing": 0.8 * pitch for side in SIDES},  # arms keep hanging
            **{f"{side}_hip_swing": -6 * down for side in SIDES},
        },
    )


def standing(time: Floats, style: Style) -> Floats:
    """Breathing, while the weight shifts slowly from leg to leg."""
    sway = _wave_of(time, 0.23 * style.speed, style.phase)
    return _pose(
        time,
        {
            "torso_roll": 1.8 * sway,
            "torso_pitch": 1.2 * _wave_of(time, 0.31, style.phase),
            "head_yaw": 8 * _wave_of(time, 0.17, style.phase),
            **{f"{side}_shoulder_swing": 3 * sway for side in SIDES},
        },
    )


def looking_around(time: Floats, style: Style) -> Floats:
    """The head turns from side to side; the shoulders follow it a little."""
    turn = _wave_of(time, 0.33 * style.speed, style.phase)
    poses = standing(time, style)
    poses[:, COLUMN["head_yaw"]] = np.radians(55 * turn)
    poses[:, COLUMN["torso_roll"]] += np.radians(3 * turn)
    return poses


def checking_watch(time: Floats, style: Style) -> Floats:
    """One forearm in front of the body, the head bent down to it."""
    still = _wave_of(time, 0.4, style.phase)
    return _pose(
        time,
        {
            f"{style.lead}_shoulder_swing": 28 + 2 * still,
            f"{style.lead}_elbow_bend": 92.0 + 3 * still,
            f"{style.lead}_elbow_spread": -35.0,
            "head_pitch": 24.0,
            "torso_roll": 1.5 * still,
        },
    )


def scratching_head(time: Floats, style: Style) -> Floats:
    """One hand at the head moves slightly and quickly, which resembles waving."""
    rub = _wave_of(time, 2.4 * style.speed)
    return _pose(
        time,
        {
            f"{style.lead}_shoulder_spread": 88.0,
            f"{style.lead}_shoulder_swing": 12.0,
            f"{style.lead}_elbow_spread": 126.0 + 5 * rub,
            "head_pitch": 10.0,
            "torso_roll": 1.5,
        },
    )


def walking(time: Floats, style: Style) -> Floats:
    """Steps on the spot; the performance moves the figure along."""
    stride = _wave_of(time, STRIDES_A_SECOND * style.speed)
    ahead = {style.lead: stride, style.other: -stride}
    degrees: dict[str, Floats | float] = {"torso_pitch": 3.0}
    for side, swing in ahead.items():
        degrees[f"{side}_hip_swing"] = 24 * swing
        degrees[f"{side}_knee_bend"] = 14 + 16 * np.clip(-swing, -0.5, 1)
        degrees[f"{side}_shoulder_swing"] = -22 * swing
        degrees[f"{side}_elbow_bend"] = 20.0
        degrees[f"{side}_hip_spread"] = 1.0
    return _pose(time, degrees)


STRIDES_A_SECOND = 0.9
# Length of a stride as a part of the body's height; with this value the feet hardly slide.
STRIDE = 0.80

ACTIONS: Mapping[str, Behaviour] = {
    "Bowing": bowing,
    "JumpingJacks": jumping_jacks,
    "Kicking": kicking,
    "Squatting": squatting,
    "Waving": waving,
}
IDLE: Mapping[str, Behaviour] = {
    "standing": standing,
    "looking_around": looking_around,
    "checking_watch": checking_watch,
    "scratching_head": scratching_head,
    "walking": walking,
}
