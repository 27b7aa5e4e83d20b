"""The table of a sweep: each variant over its seeds, and against the first one."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from .trials import Trial, TrialResult

MEASURE = "video_map"
CHANCE = "video_map_by_chance"

Done = Sequence[tuple[Trial, TrialResult]]


@dataclass(frozen=True)
class Variant:
    """Average precision of the tags of held-out videos, as shares; the mean over the folds.

    Attributes:
        variant: its settings.
        by_seed: of the seeds whose folds are all done and have tags.
        median, least, most: of them; None without any.
        difference: median over the seeds that both have, less the first variant's; None for that.
        better, compared: seeds better than the first variant, and seeds that both have.
    """

    variant: str
    by_seed: dict[int, float]
    median: float | None
    least: float | None
    most: float | None
    difference: float | None
    better: int
    compared: int

    def to_dict(self) -> dict[str, Any]:
        """Plain values, fit for JSON."""
        return asdict(self)


def summary(done: Done) -> list[Variant]:
    """The variants in the order of the trials."""
    names = list(dict.fromkeys(one.variant for one, _ in done))
    values = {name: _by_seed(name, done) for name in names}
    return [_variant(name, values[name], values[names[0]], name == names[0]) for name in names]


def _by_seed(variant: str, done: Done) -> dict[int, float]:
    """The mean over the folds; of folds without any tag there is none to average."""
    own = [(trial.seed, found) for trial, found in done if trial.variant == variant]
    failed = {seed for seed, found in own if found.error is not None}
    folds: dict[int, list[float]] = {}
    for seed, found in own:
        if seed not in failed and MEASURE in found.measures:
            folds.setdefault(seed, []).append(found.measures[MEASURE])
    return {seed: statistics.mean(each) for seed, each in folds.items()}


def _variant(
    name: str, values: dict[int, float], first: Mapping[int, float], is_first: bool
) -> Variant:
    each = list(values.values())
    gains = [value - first[seed] for seed, value in values.items() if seed in first]
    paired = bool(gains) and not is_first
    return Variant(
        name,
        values,
        statistics.median(each) if each else None,
        min(each, default=None),
        max(each, default=None),
        statistics.median(gains) if paired else None,
        sum(gain > 0 for gain in gains) if paired else 0,
        len(gains) if paired else 0,
    )


def chance(done: Done) -> float | None:
    """The same of random scores; None if no fold has tags."""
    found = [one.measures[CHANCE] for _, one in done if CHANCE in one.measures]
    return statistics.mean(found) if found else None


def table(found: Sequence[Variant], by_chance: float | None) -> list[str]:
    """Lines for a terminal, in percent."""
    width = max(len(one.variant) for one in found)
    head = "average precision of held-out tags, in percent: median (least to most) of the seeds"
    by = "" if by_chance is None else f"; by chance {100 * by_chance:.1f}"
    return [head + by, *(f"  {one.variant:<{width}}  {_values(one)}" for one in found)]


def _values(one: Variant) -> str:
    if one.median is None or one.least is None or one.most is None:
        return "no seed is complete"
    values = f"{100 * one.median:.1f} ({100 * one.least:.1f} to {100 * one.most:.1f})"
    if one.difference is None:
        return values
    return (
        f"{values}; {100 * one.difference:+.1f} to the first, better in {one.better} of "
        f"{one.compared} seeds"
    )
