"""Draws once for each video: the strength of each instance, the distractors, and so on.

Small against the features (a few numbers per instance and per minute), so a whole video's cast
is drawn at once and any stretch of snippets can then be computed from it.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from .config import SimulationConfig
from .randomness import Floats, Indices, generator
from .timelines import Timeline

# Log-normal sigma of a distractor's length. Bursts are short by nature; no dial needed.
BURST_SPREAD = 0.5


@dataclasses.dataclass(frozen=True)
class Events:
    """Instances or distractors: arrays of one entry each. Seconds, class index, own strength.

    `warp` is the exponent of an instance's progress; `phase` the one phase of a distractor.
    """

    start: Floats
    end: Floats
    label: Indices
    strength: Floats
    warp: Floats
    phase: Indices

    def within(self, start: float, end: float) -> Events:
        """Those that touch [start, end)."""
        kept = (self.start < end) & (self.end > start)
        return Events(*(getattr(self, field.name)[kept] for field in dataclasses.fields(self)))


@dataclasses.dataclass(frozen=True)
class Cast:
    """One video's draws. `style` (C, R), `scene` (R,), `mode_bias` (M,): standard normal.

    `contexts` names the classes whose context is in view; a leaked one has no instance.
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
    """Bursts like classes that do not occur; where all occur, like any class."""
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
