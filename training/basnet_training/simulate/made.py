"""Made timelines: random ones of a documented distribution, for use if no real ones fit.

The length of a video is log-normal. With probability `empty_share` a video has no action. Else it
has one class, and with probability `second_class_share` a second one. Instances follow one another
until the video ends: an exponential pause, then an instance of log-normal length.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from basnet_rt.annotations import Segment

from .config import check_dials, dial
from .randomness import generator
from .timelines import Timeline


@dataclasses.dataclass(frozen=True)
class MadeTimelines:
    """The dials (settings) of made timelines. Defaults are near the medians of THUMOS'14.

    Raises:
        InvalidValue: a value has the wrong kind or is out of range; the message names the dial.
    """

    classes: int = dial(20, 1, 10000, "classes, named Action00 and so on")
    train_videos: int = dial(200, 0, 1000000, "videos of subset train")
    test_videos: int = dial(210, 0, 1000000, "videos of subset test")
    median_seconds: float = dial(160.0, 0.1, 1e7, "median length of a video")
    seconds_spread: float = dial(0.6, 0, 3, "log-normal sigma of the length of a video")
    empty_share: float = dial(0.0, 0, 1, "chance that a video holds no action")
    second_class_share: float = dial(0.15, 0, 1, "chance of a second class, where there is one")
    pause_seconds: float = dial(10.0, 0.01, 1e6, "mean pause between two instances")
    action_seconds: float = dial(3.2, 0.01, 1e6, "median length of an instance")
    action_spread: float = dial(0.7, 0, 3, "log-normal sigma of the length of an instance")

    def __post_init__(self) -> None:
        check_dials(self)

    def timelines(self, seed: int) -> list[Timeline]:
        """All timelines, train first; a timeline does not depend on the number of others."""
        numbers = [("train", i) for i in range(self.train_videos)]
        numbers += [("test", i) for i in range(self.test_videos)]
        return [self._video(seed, subset, number) for subset, number in numbers]

    def _video(self, seed: int, subset: str, number: int) -> Timeline:
        name = f"made_{subset}_{number:06d}"
        random = generator(seed, "timeline", name)
        duration = round(self.median_seconds * float(np.exp(self._spread(random))), 3)
        labels = self._labels(random)
        instances = tuple(self._instances(random, labels, duration)) if labels else ()
        return Timeline(name, subset, max(duration, 0.1), instances)

    def _spread(self, random: np.random.Generator) -> float:
        # Clipped: otherwise one video in a hundred thousand would be longer than a whole data set.
        return float(np.clip(random.normal(), -2.5, 2.5)) * self.seconds_spread

    def _labels(self, random: np.random.Generator) -> list[str]:
        empty, second = random.random(), random.random()
        order = random.permutation(self.classes)
        wanted = 0 if empty < self.empty_share else 2 if second < self.second_class_share else 1
        return [f"Action{number:02d}" for number in order[:wanted]]

    def _instances(
        self, random: np.random.Generator, labels: list[str], duration: float
    ) -> list[Segment]:
        found: list[Segment] = []
        now = 0.0
        while True:
            start = now + random.exponential(self.pause_seconds)
            now = start + self.action_seconds * np.exp(random.normal() * self.action_spread)
            if now > duration:
                return found or [_middle(labels[0], duration)]
            label = labels[int(random.integers(len(labels)))]
            # Rounded to milliseconds, as in annotation files; the length is never zero.
            found.append(Segment(label, round(start, 3), round(max(now, start + 0.01), 3)))


def _middle(label: str, duration: float) -> Segment:
    """One instance in the middle: a video with tags has at least one, however short it is."""
    return Segment(label, round(duration * 0.3, 3), round(duration * 0.7, 3))
