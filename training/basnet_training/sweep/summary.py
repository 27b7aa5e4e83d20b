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
    """Average precision of the tags of held-out videos, as shares.

    Attributes:
        variant: its settings.
        by_fold: by seed, of each fold; None for one without any tag.
        by_seed: the mean over the folds with tags, of the seeds none of whose trainings failed.
        median, least, most: of `by_seed`; None without any.
        difference: median over the seeds that both have, less the first variant's; None for that.
        better, equal, compared: seeds better than the first variant, equal, and that both have.
    """

    variant: str
    by_fold: dict[int, list[float | None]]
    by_seed: dict[int, float]
    median: float | None
    least: float | None
    most: float | None
    difference: float | None
    better: int
    equal: int
    compared: int

    def to_dict(self) -> dict[str, Any]:
        """Plain values, fit for JSON."""
        return asdict(self)


def summary(done: Done) -> list[Variant]:
    """The variants in the order of the trials."""
    names = list(dict.fromkeys(one.variant for one, _ in done))
    folds = {name: _by_fold(name, done) for name in names}
    first = _by_seed(folds[names[0]])
    return [_variant(name, folds[name], first, name == names[0]) for name in names]


def _by_fold(variant: str, done: Done) -> dict[int, list[float | None]]:
    own = [(trial.seed, found) for trial, found in done if trial.variant == variant]
    failed = {seed for seed, found in own if found.error is not None}
    folds: dict[int, list[float | None]] = {}
    for seed, found in own:
        if seed not in failed:
            folds.setdefault(seed, []).append(found.measures.get(MEASURE))
    return folds


def _by_seed(folds: Mapping[int, Sequence[float | None]]) -> dict[int, float]:
    known = {seed: [one for one in each if one is not None] for seed, each in folds.items()}
    return {seed: statistics.mean(each) for seed, each in known.items() if each}


def _variant(
    name: str,
    folds: dict[int, list[float | None]],
    first: Mapping[int, float],
    is_first: bool,
) -> Variant:
    values = _by_seed(folds)
    each = list(values.values())
    pairs = [(value, first[seed]) for seed, value in values.items() if seed in first]
    gains = [] if is_first else [value - before for value, before in pairs]
    return Variant(
        name,
        folds,
        values,
        statistics.median(each) if each else None,
        min(each, default=None),
        max(each, default=None),
        statistics.median(gains) if gains else None,
        sum(gain > 0 for gain in gains),
        sum(gain == 0 for gain in gains),
        len(gains),
    )


def chance(done: Done) -> float | None:
    """Average precision of random scores, the mean over all runs; None if no fold has tags."""
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
    equal = f", equal in {one.equal}" if one.equal else ""
    return (
        f"{values}; {100 * one.difference:+.1f} against the first, better in {one.better}{equal} "
        f"of {one.compared} seeds"
    )
