"""Random draws made once per video: the strength of each instance, the distractors, and so on.

These draws are the video's cast. They are few against the features (a few numbers per instance and
per minute), so the whole cast is drawn at once. Any range of snippets is then computed from it.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from .config import SimulationConfig
from .randomness import Floats, Indices, generator
from .timelines import Timeline

# Log-normal sigma of a distractor's length. It is fixed: bursts are short, so it needs no dial.
BURST_SPREAD = 0.5


@dataclasses.dataclass(frozen=True)
class Events:
    """Instances or distractors, one entry of each array per event.

    `start` and `end` are seconds, `label` is a class index, `strength` the event's own strength.
    `warp` is the exponent of an instance's progress; `phase` is the single phase of a distractor.
    """

    start: Floats
    end: Floats
    label: Indices
    strength: Floats
    warp: Floats
    phase: Indices

    def within(self, start: float, end: float) -> Events:
        """The events that overlap [start, end)."""
        kept = (self.start < end) & (self.end > start)
        return Events(*(getattr(self, field.name)[kept] for field in dataclasses.fields(self)))


@dataclasses.dataclass(frozen=True)
class Cast:
    """One video's draws. `style` (C, R), `scene` (R,) and `mode_bias` (M,) are standard normal.

    `contexts` are the indices of the classes whose context is in view. `leaked` is the one of them
    that has no instance, or None.
    """

    instances: Events
    distractors: Events
    contexts: tuple[int, ...]
    leaked: int | None
    style: Floats
    scene: Floats
    mode_bias: Floats


def cast_video(
    config: SimulationConfig, timeline: Timeline, classes: tuple[str, ...], seed: int
) -> Cast:
    """Draw the cast of one video. It depends on the seed, the video's name and its timeline."""
    present = tuple(classes.index(label) for label in timeline.labels)
    absent = np.array([i for i in range(len(classes)) if i not in present], dtype=np.int64)
    leaked = _leaked(config, absent, generator(seed, "leak", timeline.video))
    random = generator(seed, "cast", timeline.video)
    return Cast(
        style=random.standard_normal((len(classes), config.nuisance_rank)),
        scene=random.standard_normal(config.nuisance_rank),
        mode_bias=random.standard_normal(config.background_modes),
        instances=_instances(config, timeline, classes, seed),
        distractors=_distractors(config, timeline, absent, len(classes), seed),
        contexts=present + (() if leaked is None else (leaked,)),
        leaked=leaked,
    )


def _leaked(config: SimulationConfig, absent: Indices, random: np.random.Generator) -> int | None:
    happens = random.random() < config.context_leak
    return int(random.choice(absent)) if happens and absent.size else None


def _instances(
    config: SimulationConfig, timeline: Timeline, classes: tuple[str, ...], seed: int
) -> Events:
    random = generator(seed, "instances", timeline.video)
    found = timeline.instances
    spread, warp = random.standard_normal(len(found)), random.standard_normal(len(found))
    return Events(
        start=np.array([instance.start for instance in found], dtype=np.float64),
        end=np.array([instance.end for instance in found], dtype=np.float64),
        label=np.array([classes.index(instance.label) for instance in found], dtype=np.int64),
        strength=config.action_strength * np.exp(config.strength_spread * spread),
        warp=np.exp(config.tempo_spread * warp),
        phase=np.zeros(len(found), dtype=np.int64),
    )


def _distractors(
    config: SimulationConfig, timeline: Timeline, absent: Indices, classes: int, seed: int
) -> Events:
    """Bursts that resemble classes absent from the video; if none is absent, any class."""
    random = generator(seed, "distractors", timeline.video)
    count = int(random.poisson(config.distractor_rate * timeline.duration / 60))
    start = random.random(count) * timeline.duration
    length = config.distractor_seconds * np.exp(BURST_SPREAD * random.standard_normal(count))
    return Events(
        start=start,
        end=start + length,
        label=random.choice(absent if absent.size else np.arange(classes), size=count),
        strength=np.full(count, config.distractor_strength),
        warp=np.ones(count),
        phase=random.integers(config.phases, size=count),
    )
