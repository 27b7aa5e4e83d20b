"""Two sets of predictions for the same videos: which is better, by how much, and where."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from basnet_rt.analysis.influence import VideoChange, most_changed_videos
from basnet_rt.analysis.resampling import Population, check_sampling, population, resample
from basnet_rt.evaluation.averages import field_rows
from basnet_rt.evaluation.inputs import levels_of
from basnet_rt.evaluation.reading import evaluation_input
from basnet_rt.evaluation.report import DEFAULT_TIOU_THRESHOLDS, GroundTruth, Predictions
from basnet_rt.results import Float64Array

Advance = Callable[[int], None]

DEFAULT_RESAMPLES = 1000
AVERAGE = "average"  # over all requested thresholds


@dataclass(frozen=True)
class Difference:
    """One measure of both, in [0, 1].

    Attributes:
        name: "mAP@0.5", "average 0.1:0.7", "average", or a label for its average AP.
        a, b: on all videos.
        difference: b - a.
        low, high: percentile bootstrap interval of the difference.
        not_so: share of the samples of videos in which the difference is 0 or has the opposite
            sign; 1 if there is no difference. Roughly half of a two-sided p-value.
    """

    name: str
    a: float
    b: float
    difference: float
    low: float
    high: float
    not_so: float


@dataclass(frozen=True)
class Comparison:
    """The result of `compare`; measures are in [0, 1], positive differences favour B.

    Attributes:
        measures: mAP per threshold, then the averages that papers report, then over all thresholds.
        classes: average AP per label, largest difference first.
        videos: those in which A and B differ, largest contribution to the difference of the
            average first.
        num_videos: number of videos that are sampled.
        resamples, confidence, seed: as asked for.
    """

    measures: list[Difference]
    classes: list[Difference]
    videos: list[VideoChange]
    num_videos: int
    resamples: int
    confidence: float
    seed: int

    def __getitem__(self, name: str) -> Difference:
        """The measure of that name."""
        for one in self.measures:
            if one.name == name:
                return one
        known = ", ".join(one.name for one in self.measures)
        raise KeyError(f"{name!r} is no measure of this comparison; it has {known}")

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; None if there is no interval."""
        plain = asdict(self)
        for one in (*plain["measures"], *plain["classes"]):
            one |= {key: None for key, value in one.items() if value != value}
        return plain


def compare(
    ground_truth: GroundTruth,
    a: Predictions,
    b: Predictions,
    *,
    subset: str | None,
    tiou_thresholds: float | Iterable[float] = DEFAULT_TIOU_THRESHOLDS,
    unknown_labels: Literal["error", "ignore"] = "error",
    other_videos: Literal["false_positive", "ignore", "error"] = "false_positive",
    resamples: int = DEFAULT_RESAMPLES,
    confidence: float = 0.95,
    seed: int = 0,
    num_videos: int | None = 20,
    advance: Advance | None = None,
) -> Comparison:
    """Compare predictions `b` with predictions `a`.

    Each sample draws all videos with replacement and evaluates both sets of predictions on the same
    draw, so the difficulty of a video for both cancels out.

    Args:
        ground_truth, a, b, subset, tiou_thresholds, unknown_labels, other_videos: as `evaluate`.
        resamples: samples of videos, at least 1; 0 gives differences without intervals (NaN).
        confidence: of the intervals, in (0, 1).
        seed: the same seed gives the same samples.
        num_videos: length of `videos`; 0 skips the search for them, which evaluates both sets
            without each differing video; None lists all.
        advance: called with the number of samples left, before each.

    Raises:
        ValueError, TypeError: as `evaluate`, or a number is out of range.
    """
    check_sampling(resamples, confidence, seed)
    levels = levels_of(tiou_thresholds)
    first = evaluation_input(ground_truth, a, subset, unknown_labels, other_videos)
    second = evaluation_input(first.truth, b, subset, unknown_labels, other_videos)
    videos = population([first, second], levels)
    everything = videos.average_precision(np.ones(len(videos.videos), np.int64))
    samples = _samples(videos, resamples, seed, advance)
    tail = (1 - confidence) / 2
    changed = [] if num_videos == 0 else most_changed_videos(videos, everything)
    return Comparison(
        _measures(levels, everything, samples, tail),
        _classes(videos.labels, everything, samples, tail),
        changed[:num_videos],
        len(videos.videos),
        resamples,
        confidence,
        seed,
    )


def interval(samples: Float64Array, tail: float) -> tuple[float, float]:
    """Percentiles `tail` and 1 - `tail` of (R,) values without NaN; NaN if there is no value."""
    known = samples[~np.isnan(samples)]
    if not len(known):
        return float("nan"), float("nan")
    low, high = np.quantile(known, [tail, 1 - tail])
    return float(low), float(high)


def _samples(videos: Population, count: int, seed: int, advance: Advance | None) -> Float64Array:
    """(R, 2, L, K) AP of both sets on each sample."""
    shape = (count, 2, len(videos.labels), len(videos.levels))
    found = np.empty(shape)
    for at, ap in enumerate(resample(videos, count, seed)):
        found[at] = ap
        if advance is not None:
            advance(count - at - 1)
    return found


def _measures(
    levels: list[float], everything: Float64Array, samples: Float64Array, tail: float
) -> list[Difference]:
    rows = {f"mAP@{level:g}": [k] for k, level in enumerate(levels)}
    rows |= {f"average {name}": chosen for name, chosen in field_rows(levels).items()}
    rows[AVERAGE] = list(range(len(levels)))
    maps, sampled = np.nanmean(everything, axis=1), np.nanmean(samples, axis=2)  # (2, K), (R, 2, K)
    return [
        difference_of(name, maps[:, chosen].mean(axis=1), sampled[..., chosen].mean(axis=2), tail)
        for name, chosen in rows.items()
    ]


def _classes(
    labels: list[str], everything: Float64Array, samples: Float64Array, tail: float
) -> list[Difference]:
    averages, sampled = everything.mean(axis=2), samples.mean(axis=3)  # (2, L), (R, 2, L)
    found = [
        difference_of(label, averages[:, i], sampled[:, :, i], tail)
        for i, label in enumerate(labels)
    ]
    return sorted(found, key=lambda one: -abs(one.difference))


def difference_of(name: str, pair: Float64Array, samples: Float64Array, tail: float) -> Difference:
    """The difference from both values, (2,), and those of each sample, (R, 2), which may be NaN."""
    difference = float(pair[1] - pair[0])
    sampled = samples[:, 1] - samples[:, 0]
    known = sampled[~np.isnan(sampled)]
    not_so = float(np.mean(known * difference <= 0)) if len(known) else float("nan")
    low, high = interval(sampled, tail)
    return Difference(name, float(pair[0]), float(pair[1]), difference, low, high, not_so)
