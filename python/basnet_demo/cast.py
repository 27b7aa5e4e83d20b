"""The look of a figure: lengths of bones, colours, size and place in the picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from basnet_demo.skeleton import Body

Colour = tuple[int, int, int]

_SKIN: tuple[Colour, ...] = ((241, 194, 160), (224, 172, 130), (178, 120, 84), (120, 78, 52))
_HAIR: tuple[Colour, ...] = ((40, 30, 26), (92, 60, 36), (190, 150, 80), (120, 120, 124))


@dataclass(frozen=True, kw_only=True)
class Look:
    """One performer.

    Attributes:
        height: height of the body, as a part of the picture's height.
        ground: distance of the feet from the top, as a part of the picture's height.
        middle: position of x = 0 of the poses, as a part of the picture's width.
        girth: thickness of the limbs; 1 is usual.
        elevation: angle by which the camera looks down, in radians.
    """

    body: Body
    height: float
    ground: float
    middle: float
    girth: float
    elevation: float
    skin: Colour
    hair: Colour
    shirt: Colour
    trousers: Colour
    shoes: Colour
    long_sleeves: bool
    long_trousers: bool


def performer(random: np.random.Generator) -> Look:
    """A random person in the foreground, who performs the actions."""
    return _look(random, height=random.uniform(0.58, 0.8), ground=random.uniform(0.9, 0.97))


def passer_by(random: np.random.Generator) -> Look:
    """A random person in the background."""
    return _look(random, height=random.uniform(0.3, 0.42), ground=random.uniform(0.70, 0.78))


def _look(random: np.random.Generator, *, height: float, ground: float) -> Look:
    return Look(
        body=_body(random),
        height=height,
        ground=ground,
        middle=random.uniform(0.44, 0.56),
        girth=random.uniform(0.85, 1.3),
        elevation=random.uniform(0.05, 0.25),
        skin=_SKIN[random.integers(len(_SKIN))],
        hair=_HAIR[random.integers(len(_HAIR))],
        shirt=_cloth(random),
        trousers=_cloth(random),
        shoes=_cloth(random, darkest=20, brightest=120),
        long_sleeves=bool(random.random() < 0.6),
        long_trousers=bool(random.random() < 0.7),
    )


def _body(random: np.random.Generator) -> Body:
    """A body with random proportions of legs, arms and shoulders; `Look.height` sets its size."""
    legs, arms = random.uniform(0.92, 1.08), random.uniform(0.93, 1.07)
    width = random.uniform(0.85, 1.2)
    usual = Body()
    return Body(
        torso=usual.torso * (2 - legs),
        head=usual.head * random.uniform(0.95, 1.05),
        shoulder=usual.shoulder * width,
        upper_arm=usual.upper_arm * arms,
        forearm=usual.forearm * arms,
        hip=usual.hip * width,
        thigh=usual.thigh * legs,
        shin=usual.shin * legs,
    )


def _cloth(random: np.random.Generator, *, darkest: int = 30, brightest: int = 235) -> Colour:
    """A colour of random hue: one channel high, one low, one in between, in random order."""
    low, high = sorted(random.integers(darkest, brightest, 2).tolist())
    values = random.permutation([low, (low + high) // 2, high]).tolist()
    return values[0], values[1], values[2]
