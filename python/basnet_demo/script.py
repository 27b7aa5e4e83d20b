"""The events of each video, decided before any picture is drawn: tags, times, styles.

All random numbers come from `generator` and depend only on seed, video and purpose. So a video can
be made again, or without the others, and is the same.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from basnet_demo.behaviour import ACTIONS, Style
from basnet_demo.performance import Part, walk
from basnet_rt.annotations import Segment

FPS = 25
CLASSES = tuple(ACTIONS)
# Number of tags of each of ten videos. One without tags comes first, so that a short set has one.
_TAG_COUNTS = (0, 1, 2, 1, 2, 1, 0, 2, 1, 2)
# Idle behaviours of a person who stands, and their probabilities.
_STANDING_IDLE = {
    "standing": 0.4,
    "looking_around": 0.25,
    "checking_watch": 0.2,
    "scratching_head": 0.15,
}
REACH = 0.4  # how far from the middle a figure walks, in body heights


@dataclass(frozen=True, kw_only=True)
class FilmScript:
    """One video before it is drawn; `parts` cover 0 .. duration without a gap and may end later."""

    name: str
    subset: str
    seed: int
    duration: float
    parts: tuple[Part, ...]

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The ground truth: the segments of the actions."""
        return tuple(Segment(one.name, one.start, one.end) for one in self.parts if one.is_action)

    @property
    def tags(self) -> tuple[str, ...]:
        return tuple(sorted({one.name for one in self.parts if one.is_action}))

    def generator(self, purpose: str) -> np.random.Generator:
        """Random numbers of this video for one purpose."""
        return generator(self.seed, self.name, purpose)


def generator(seed: int, *purpose: str) -> np.random.Generator:
    """Random numbers that depend on the seed and the words of `purpose` only."""
    words = [zlib.crc32(word.encode()) for word in purpose]
    return np.random.default_rng([seed, *words])


def write_scripts(
    subset: str, count: int, seed: int, seconds: tuple[float, float]
) -> Iterator[FilmScript]:
    """The videos of a subset; classes appear about equally often.

    Args:
        seconds: lengths of the shortest and the longest video.
    """
    names = _shuffled_classes(generator(seed, subset, "classes"))
    for i in range(count):
        tags = [next(names) for _ in range(_TAG_COUNTS[i % len(_TAG_COUNTS)])]
        name = f"{subset}_{i:02d}"
        random = generator(seed, name, "script")
        duration = round(random.uniform(*seconds) * FPS) / FPS
        parts = _parts(random, list(dict.fromkeys(tags)), duration)
        yield FilmScript(name=name, subset=subset, seed=seed, duration=duration, parts=parts)


def _shuffled_classes(random: np.random.Generator) -> Iterator[str]:
    while True:
        yield from random.permutation(CLASSES).tolist()


def _parts(random: np.random.Generator, tags: Sequence[str], duration: float) -> tuple[Part, ...]:
    """Idle parts and actions in turn until the end; each tag occurs at least once if it fits."""
    building = _Building(random, x=float(random.uniform(-REACH, REACH)))
    building.idle(random.uniform(1.2, 4.0))
    waiting = list(random.permutation(tags)) if tags else []
    while building.time < duration - 5.0:
        if tags:
            label = str(waiting.pop() if waiting else random.choice(tags))
            building.act(label, random.uniform(2.8, 6.0), duration)
        building.idle(random.uniform(1.8, 5.0))
    return building.finished(duration)


class _Building:
    """Adds parts one after another; keeps the time and the figure's position between them."""

    def __init__(self, random: np.random.Generator, x: float) -> None:
        self.random, self.x, self.time = random, x, 0.0
        self.parts: list[Part] = []

    def act(self, label: str, seconds: float, duration: float) -> None:
        self._stay(label, min(seconds, duration - 1.0 - self.time))

    def idle(self, seconds: float) -> None:
        """In some cases a walk; then small movements where the figure stands."""
        if self.random.random() < 0.45:
            self._walk()
        while seconds > 0.0:
            part = min(seconds, self.random.uniform(1.4, 3.0))
            name = str(self.random.choice(list(_STANDING_IDLE), p=list(_STANDING_IDLE.values())))
            self._stay(name, max(part, 0.8))
            seconds -= part

    def _walk(self) -> None:
        way = self.random.uniform(0.3, 0.8) * (-1 if self.x > 0 else 1)
        goal = float(np.clip(self.x + way, -REACH, REACH))
        part = walk(self.time, self.x, goal, self._style())
        self._add(part)
        self.x = goal

    def _stay(self, name: str, seconds: float) -> None:
        yaw = np.radians(self.random.uniform(-40, 40))
        end = self.time + seconds
        style = self._style()
        self._add(Part(name=name, start=self.time, end=end, style=style, yaw=yaw, x=self.x,
                       x_end=self.x))  # fmt: skip

    def _style(self) -> Style:
        return Style(
            side=int(self.random.integers(2)),
            speed=float(self.random.uniform(0.8, 1.25)),
            depth=float(self.random.uniform(0.8, 1.1)),
            phase=float(self.random.random()),
        )

    def _add(self, part: Part) -> None:
        self.parts.append(part)
        self.time = part.end

    def finished(self, duration: float) -> tuple[Part, ...]:
        """The parts that begin before the end; the last one lasts at least until the end."""
        kept = [one for one in self.parts if one.start < duration - 0.8]
        kept[-1] = replace(kept[-1], end=max(kept[-1].end, duration))
        return tuple(kept)
