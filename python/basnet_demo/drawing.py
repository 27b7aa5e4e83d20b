"""Draws a figure into a picture: limbs as thick lines, the far ones first and darker."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from basnet_demo.cast import Colour, Look
from basnet_demo.skeleton import JOINT, SIDES, Floats

Picture = npt.NDArray[np.uint8]

_SHIFT = 4  # OpenCV's lines end at sixteenths of a pixel, so that slow movement is smooth
# First joint, second joint, thickness in body heights, and key of the colour in `_colours`.
_LIMBS = tuple(
    (f"{side}_{start}", f"{side}_{end}", thick, cloth)
    for side in SIDES
    for start, end, thick, cloth in (
        ("hip", "knee", 0.085, "thigh"),
        ("knee", "foot", 0.065, "shin"),
        ("foot", "toe", 0.05, "shoes"),
        ("shoulder", "elbow", 0.06, "sleeve"),
        ("elbow", "hand", 0.048, "forearm"),
    )
)
_FAR = 0.75  # least brightness of a limb, reached about a body's width behind the pelvis


def on_screen(points: Floats, look: Look, width: int, height: int) -> Floats:
    """Projects joints (.., JOINTS, 3) to (.., JOINTS, 3): x and y in pixels, and depth.

    The projection is parallel, and the camera is tilted down by `look.elevation`. Depth is in body
    heights and grows towards the viewer.
    """
    scale = look.height * height
    x, y, z = (points[..., i] for i in range(3))
    down = y * np.cos(look.elevation) - z * np.sin(look.elevation)
    near = z * np.cos(look.elevation) + y * np.sin(look.elevation)
    seen = [look.middle * width + scale * x, look.ground * height - scale * down, near]
    return np.stack(seen, axis=-1)


def draw_figure(cv2: Any, picture: Picture, seen: Floats, look: Look) -> None:
    """Draw one figure into a picture (H, W, 3), in place.

    Args:
        seen: (JOINTS, 3), as `on_screen` returns it.
    """
    scale = look.height * len(picture)
    middle = float(seen[JOINT["pelvis"], 2])
    colours = _colours(look)
    limbs = sorted(_LIMBS, key=lambda limb: seen[JOINT[limb[0]], 2] + seen[JOINT[limb[1]], 2])
    behind = [one for one in limbs if _depth(seen, one) < middle]
    for limb in behind:
        _limb(cv2, picture, seen, limb, colours, scale * look.girth, middle)
    _trunk(cv2, picture, seen, look, scale)
    for limb in limbs[len(behind) :]:
        _limb(cv2, picture, seen, limb, colours, scale * look.girth, middle)


def _depth(seen: Floats, limb: tuple[str, str, float, str]) -> float:
    return float(seen[JOINT[limb[0]], 2] + seen[JOINT[limb[1]], 2]) / 2


def _colours(look: Look) -> dict[str, Colour]:
    return {
        "thigh": look.trousers,
        "shin": look.trousers if look.long_trousers else look.skin,
        "shoes": look.shoes,
        "sleeve": look.shirt,
        "forearm": look.shirt if look.long_sleeves else look.skin,
        "hand": look.skin,
    }


def _limb(
    cv2: Any,
    picture: Picture,
    seen: Floats,
    limb: tuple[str, str, float, str],
    colours: dict[str, Colour],
    scale: float,
    middle: float,
) -> None:
    start, end, thickness, cloth = limb
    shade = float(np.clip(1 + (_depth(seen, limb) - middle) * 1.6, _FAR, 1.08))
    colour = tuple(min(255, int(value * shade)) for value in colours[cloth])
    points = [_fixed(seen[JOINT[name]]) for name in (start, end)]
    cv2.line(picture, *points, colour, max(1, round(thickness * scale)), cv2.LINE_AA, _SHIFT)
    if cloth == "forearm":
        radius = int(0.034 * scale * 2**_SHIFT)
        cv2.circle(picture, points[1], radius, colours["hand"], -1, cv2.LINE_AA, _SHIFT)


def _trunk(cv2: Any, picture: Picture, seen: Floats, look: Look, scale: float) -> None:
    """Draw the trunk from shoulders to hips, then neck, head and hair."""
    names = ("left_shoulder", "right_shoulder", "right_hip", "left_hip")
    outline = np.array([_fixed(seen[JOINT[name]]) for name in names], np.int32)
    thick = max(2, round(0.085 * scale * look.girth))
    cv2.fillPoly(picture, [outline], look.shirt, cv2.LINE_AA, _SHIFT)
    cv2.polylines(picture, [outline], True, look.shirt, thick, cv2.LINE_AA, _SHIFT)
    neck, head = _fixed(seen[JOINT["neck"]]), _fixed(seen[JOINT["head"]])
    cv2.line(picture, neck, head, look.skin, max(1, round(0.05 * scale)), cv2.LINE_AA, _SHIFT)
    radius = int(0.062 * scale * 2**_SHIFT)
    hair = head[0], head[1] - radius // 4
    cv2.circle(picture, hair, int(radius * 1.06), look.hair, -1, cv2.LINE_AA, _SHIFT)
    face = head[0], head[1] + radius // 4
    cv2.circle(picture, face, int(radius * 0.85), look.skin, -1, cv2.LINE_AA, _SHIFT)


def _fixed(point: Floats) -> tuple[int, int]:
    return round(float(point[0]) * 2**_SHIFT), round(float(point[1]) * 2**_SHIFT)
