"""The size of a demo, and what decides its videos and results."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from basnet_demo.script import FilmScript, write_scripts


@dataclass(frozen=True, kw_only=True)
class Size:
    """Videos of each subset, and their shortest and longest length in seconds."""

    train: int
    test: int
    seconds: tuple[float, float]


FULL = Size(train=48, test=20, seconds=(16.0, 26.0))
# For a look at the way, and for tests.
QUICK = Size(train=5, test=3, seconds=(8.0, 9.0))


@dataclass(frozen=True, kw_only=True)
class DemoSettings:
    """The settings that decide a demo's videos and results."""

    seed: int = 0
    quick: bool = False

    @property
    def size(self) -> Size:
        return QUICK if self.quick else FULL

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    def scripts(self) -> list[FilmScript]:
        """Of both subsets, train first."""
        size = self.size
        return [
            *write_scripts("train", size.train, self.seed, size.seconds),
            *write_scripts("test", size.test, self.seed, size.seconds),
        ]
