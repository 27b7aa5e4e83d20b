"""The size of a demo, and the settings on which its videos and results depend."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from basnet_demo.script import FilmScript, write_scripts


@dataclass(frozen=True, kw_only=True)
class Size:
    """Number of videos in each subset, and their shortest and longest length in seconds."""

    train: int
    test: int
    seconds: tuple[float, float]


FULL = Size(train=48, test=20, seconds=(16.0, 26.0))
# For a quick look at the steps, and for tests.
QUICK = Size(train=5, test=3, seconds=(8.0, 9.0))


@dataclass(frozen=True, kw_only=True)
class DemoSettings:
    """The settings on which a demo's videos and results depend."""

    seed: int = 0
    quick: bool = False

    @property
    def size(self) -> Size:
        return QUICK if self.quick else FULL

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    def scripts(self) -> list[FilmScript]:
        """The scripts of both subsets, train first."""
        size = self.size
        return [
            *write_scripts("train", size.train, self.seed, size.seconds),
            *write_scripts("test", size.test, self.seed, size.seconds),
        ]
