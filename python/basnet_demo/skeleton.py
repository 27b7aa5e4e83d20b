"""A person as a skeleton: forward kinematics from joint angles to points in space.

Axes of a figure that faces the viewer: x to the viewer's right, y up, z towards the viewer. Angles
are radians, lengths are parts of the body's height.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

SIDES = ("left", "right")  # the viewer's left and right, for a figure that faces the viewer
_PER_SIDE = (
    "shoulder_swing",  # forwards
    "shoulder_spread",  # sideways, away from the body
    "elbow_bend",  # forwards
    "elbow_spread",  # sideways
    "hip_swing",  # forwards
    "hip_spread",  # sideways
    "knee_bend",  # backwards
)
# The columns of a pose. `jump` is the height of the lower foot above the ground, `x` the position
# of the body, `yaw` the direction in which it looks (0: at the viewer).
CHANNELS = (
    *("x", "yaw", "jump", "torso_pitch", "torso_roll", "head_pitch", "head_yaw"),
    *(f"{side}_{name}" for side in SIDES for name in _PER_SIDE),
)
COLUMN = {name: i for i, name in enumerate(CHANNELS)}

JOINTS = (
    *("pelvis", "neck", "head"),
    *(
        f"{s}_{name}"
        for s in SIDES
        for name in ("shoulder", "elbow", "hand", "hip", "knee", "foot")
    ),
    *(f"{s}_toe" for s in SIDES),
)
JOINT = {name: i for i, name in enumerate(JOINTS)}


@dataclass(frozen=True, kw_only=True)
class Body:
    """Lengths of bones. `head` is from the neck to the middle of the head."""

    torso: float = 0.30
    head: float = 0.115
    shoulder: float = 0.095  # from the neck
    upper_arm: float = 0.165
    forearm: float = 0.165
    hip: float = 0.055  # from the pelvis
    thigh: float = 0.245
    shin: float = 0.245
    foot: float = 0.06

    def bones(self) -> dict[tuple[str, str], float]:
        """Length between two joints, for every bone."""
        found = {("pelvis", "neck"): self.torso, ("neck", "head"): self.head}
        for side in SIDES:
            chains = (
                ("neck", "shoulder", self.shoulder),
                ("shoulder", "elbow", self.upper_arm),
                ("elbow", "hand", self.forearm),
                ("pelvis", "hip", self.hip),
                ("hip", "knee", self.thigh),
                ("knee", "foot", self.shin),
                ("foot", "toe", self.foot),
            )
            for start, end, length in chains:
                first = start if start in JOINT else f"{side}_{start}"
                found[first, f"{side}_{end}"] = length
        return found


def rotation(axis: Literal["x", "y", "z"], angle: Floats) -> Floats:
    """Rotations about an axis, right-handed. angle (N,); returns (N, 3, 3)."""
    i = "xyz".index(axis)
    j, k = (i + 1) % 3, (i + 2) % 3
    turned = np.zeros((len(angle), 3, 3))
    turned[:, i, i] = 1
    turned[:, j, j] = turned[:, k, k] = np.cos(angle)
    turned[:, k, j] = np.sin(angle)
    turned[:, j, k] = -turned[:, k, j]
    return turned


@dataclass
class _Tracing:
    """One body in N poses, with the joints placed so far."""

    body: Body
    poses: Floats  # (N, CHANNELS)
    points: Floats = field(init=False)  # (N, JOINTS, 3)

    def __post_init__(self) -> None:
        self.points = np.zeros((len(self.poses), len(JOINTS), 3))

    def angle(self, name: str) -> Floats:
        column: Floats = self.poses[:, COLUMN[name]]
        return column

    def place(self, joint: str, parent: str, frame: Floats, offset: tuple[float, ...]) -> None:
        """Place a joint at `offset` from its parent, in the axes of a frame (N, 3, 3)."""
        self.points[:, JOINT[joint]] = self.points[:, JOINT[parent]] + frame @ np.array(offset)

    def arm(self, side: str, torso: Floats) -> None:
        sign = 1.0 if side == "right" else -1.0
        self.place(f"{side}_shoulder", "neck", torso, (sign * self.body.shoulder, 0, 0))
        upper = torso @ rotation("z", sign * self.angle(f"{side}_shoulder_spread"))
        upper = upper @ rotation("x", -self.angle(f"{side}_shoulder_swing"))
        self.place(f"{side}_elbow", f"{side}_shoulder", upper, (0, -self.body.upper_arm, 0))
        lower = upper @ rotation("z", sign * self.angle(f"{side}_elbow_spread"))
        lower = lower @ rotation("x", -self.angle(f"{side}_elbow_bend"))
        self.place(f"{side}_hand", f"{side}_elbow", lower, (0, -self.body.forearm, 0))

    def leg(self, side: str, base: Floats) -> None:
        sign = 1.0 if side == "right" else -1.0
        self.place(f"{side}_hip", "pelvis", base, (sign * self.body.hip, 0, 0))
        thigh = base @ rotation("z", sign * self.angle(f"{side}_hip_spread"))
        thigh = thigh @ rotation("x", -self.angle(f"{side}_hip_swing"))
        self.place(f"{side}_knee", f"{side}_hip", thigh, (0, -self.body.thigh, 0))
        shin = thigh @ rotation("x", self.angle(f"{side}_knee_bend"))
        self.place(f"{side}_foot", f"{side}_knee", shin, (0, -self.body.shin, 0))
        self.place(f"{side}_toe", f"{side}_foot", shin, (0, 0, self.body.foot))

    def stand(self) -> None:
        """Lift the whole body until its lower foot is at the height `jump`."""
        feet = self.points[:, [JOINT["left_foot"], JOINT["right_foot"]], 1]
        self.points[:, :, 1] += (self.angle("jump") - feet.min(axis=1))[:, None]


def joints(body: Body, poses: Floats) -> Floats:
    """The positions of a body's joints in each pose.

    Args:
        poses: (N, CHANNELS) float64.

    Returns:
        (N, JOINTS, 3) float64. The lower foot is on the ground, y = 0, or `jump` above it.
    """
    tracing = _Tracing(body, poses)
    tracing.points[:, JOINT["pelvis"], 0] = tracing.angle("x")
    base = rotation("y", tracing.angle("yaw"))
    torso = base @ rotation("z", tracing.angle("torso_roll"))
    torso = torso @ rotation("x", tracing.angle("torso_pitch"))
    tracing.place("neck", "pelvis", torso, (0, body.torso, 0))
    head = torso @ rotation("y", tracing.angle("head_yaw"))
    head = head @ rotation("x", tracing.angle("head_pitch"))
    tracing.place("head", "neck", head, (0, body.head, 0))
    for side in SIDES:
        tracing.arm(side, torso)
        tracing.leg(side, base)
    tracing.stand()
    return tracing.points
