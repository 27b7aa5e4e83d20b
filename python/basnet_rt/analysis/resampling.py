"""Samples of videos, drawn with replacement, and the AP of predictions on each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from basnet_rt import _core
from basnet_rt._errors import InvalidValue
from basnet_rt._system.arguments import as_count, as_number
from basnet_rt.evaluation.inputs import EvaluationInput
from basnet_rt.results import Float64Array, Int64Array
from basnet_rt.tables.predictions import PredictionTable
from basnet_rt.tables.truth import TruthTable

MANY_ROWS = 50_000  # with so many rows, threads save more time than they cost


def check_sampling(resamples: Any, confidence: Any, seed: Any) -> None:
    """Check the settings of a bootstrap.

    Raises:
        TypeError: one of them is no number, or a count is not whole.
        ValueError: a count is negative, or the confidence is not in (0, 1).
    """
    for name, value in (("resamples", resamples), ("seed", seed)):
        if as_count(value, name) < 0:
            raise InvalidValue(f"{name} is {value}; it must be at least 0")
    if not 0 < as_number(confidence, "confidence") < 1:
        raise InvalidValue(f"confidence is {confidence}; it must be in (0, 1)")


@dataclass(frozen=True, eq=False)
class VideoRows:
    """N rows of a table, by video.

    Attributes:
        videos: (G,) int64, the videos that have rows, in the order of the table.
        starts, counts: (G,) int64; the rows of a video are consecutive.
        labels: (N,) int64, into the ground truth's labels; -1: none of them.
        segments: (N, 2) float64 seconds.
        scores: (N,) float64; zeros for marked segments.
    """

    videos: Int64Array
    starts: Int64Array
    counts: Int64Array
    labels: Int64Array
    segments: Float64Array
    scores: Float64Array

    def copies(self, times: Int64Array) -> tuple[Int64Array, Int64Array]:
        """Rows of a sample that has video v `times[v]` times, and a number for each copy.

        For the evaluator, copies of a video are different videos. They take the position of the
        original, so that equal scores keep the order of the table.
        """
        first_name = np.cumsum(times) - times
        groups = np.repeat(np.arange(len(self.videos)), times[self.videos])
        names = first_name[self.videos[groups]] + _place_within(times[self.videos])
        sizes = self.counts[groups]
        rows = np.repeat(self.starts[groups], sizes) + _place_within(sizes)
        return rows, np.repeat(names, sizes)


@dataclass(frozen=True, eq=False)
class Population:
    """Videos to draw from, with marked segments and one or more sets of predictions.

    Attributes:
        videos: V names: the subset's, then others that have predictions.
        labels: L names.
        levels: (K,) tIoU thresholds.
        truth: rows of the marked segments.
        sets: rows of each set of predictions.
    """

    videos: list[str]
    labels: list[str]
    levels: list[float]
    truth: VideoRows
    sets: tuple[VideoRows, ...]

    def average_precision(self, times: Int64Array, only: Int64Array | None = None) -> Float64Array:
        """(S, L, K) AP of each set on a sample; NaN for labels without segments in it.

        Args:
            times: (V,) int64, how often each video is in the sample.
            only: labels to compute, rising; the others are left NaN.
        """
        truth = self._chosen(self.truth, times, only)
        return np.stack([self._ap(truth, self._chosen(one, times, only)) for one in self.sets])

    def _chosen(self, table: VideoRows, times: Int64Array, only: Int64Array | None) -> _Chosen:
        rows, names = table.copies(times)
        if only is not None:
            wanted = np.isin(table.labels[rows], only)
            rows, names = rows[wanted], names[wanted]
        return _Chosen(names, table.labels[rows], table.segments[rows], table.scores[rows])

    def _ap(self, truth: _Chosen, found: _Chosen) -> Float64Array:
        if not len(truth.names):
            return np.full((len(self.labels), len(self.levels)), np.nan)
        ap, _, _ = _core.evaluate(
            truth.names,
            truth.labels,
            truth.segments,
            found.names,
            found.labels,
            found.segments,
            found.scores,
            len(self.labels),
            self.levels,
            [],
            0 if len(found.names) > MANY_ROWS else 1,
        )
        return ap


@dataclass(frozen=True, eq=False)
class _Chosen:
    names: Int64Array
    labels: Int64Array
    segments: Float64Array
    scores: Float64Array


def population(sets: Sequence[EvaluationInput], levels: Sequence[float]) -> Population:
    """The population of some sets, all with the same ground truth: that of the first is used."""
    truth = sets[0].truth
    others = [video for given in sets for video in given.table.videos_with_rows()]
    ids = {video: i for i, video in enumerate(dict.fromkeys([*truth.videos, *others]))}
    tables = tuple(_of_predictions(given.table, truth, ids) for given in sets)
    marked = _by_video(truth.video_ids, truth.label_ids, truth.segments, np.zeros(len(truth)))
    return Population(list(ids), list(truth.labels), list(levels), marked, tables)


def resample(videos: Population, count: int, seed: int | Sequence[int]) -> Iterator[Float64Array]:
    """The (S, L, K) AP on each of `count` samples of the videos.

    A sample without any marked segment has no AP and is drawn again.

    Source: Efron and Tibshirani, "An Introduction to the Bootstrap", 1993; videos are the units,
    since the detections of one video are not independent.
    """
    random = np.random.default_rng(seed)
    marked = np.zeros(len(videos.videos), np.int64)
    marked[videos.truth.videos] = 1
    for _ in range(count):
        times = _draw(random, len(marked))
        while not (times * marked).any():
            times = _draw(random, len(marked))
        yield videos.average_precision(times)


def _draw(random: np.random.Generator, num_videos: int) -> Int64Array:
    """(V,) how often each video is drawn in V draws."""
    chosen = random.integers(num_videos, size=num_videos)
    return np.bincount(chosen, minlength=num_videos).astype(np.int64)


def _of_predictions(table: PredictionTable, truth: TruthTable, ids: dict[str, int]) -> VideoRows:
    # A video without rows may be outside the subset; it has no number and does not need one.
    videos = np.array([ids.get(video, -1) for video in table.videos], np.int64)[table.video_ids]
    labels = np.array([truth.labels.get(label, -1) for label in table.labels], np.int64)
    return _by_video(videos, labels[table.label_ids], table.segments, table.scores)


def _by_video(
    videos: Int64Array, labels: Int64Array, segments: Float64Array, scores: Float64Array
) -> VideoRows:
    changes = np.flatnonzero(np.diff(videos, prepend=-2)).astype(np.int64)
    counts = np.diff(changes, append=len(videos)).astype(np.int64)
    return VideoRows(videos[changes], changes, counts, labels, segments, scores)


def _place_within(sizes: Int64Array) -> Int64Array:
    """0, 1 .. size - 1 for each size, one after the other."""
    ends = np.cumsum(sizes)
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total, dtype=np.int64) - np.repeat(ends - sizes, sizes)
