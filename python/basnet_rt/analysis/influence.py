"""The contribution of each video to a difference in mAP."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from basnet_rt.analysis.resampling import Population, VideoRows
from basnet_rt.results import Float64Array, Int64Array


@dataclass(frozen=True)
class VideoChange:
    """The contribution of one video to the average mAP of each set; in [-1, 1].

    Attributes:
        name: of the video.
        a, b: average mAP on all videos, less average mAP on all others.
        difference: b - a, the video's contribution to B's lead.
    """

    name: str
    a: float
    b: float
    difference: float


def most_changed_videos(videos: Population, everything: Float64Array) -> list[VideoChange]:
    """Every video in which two sets of predictions differ, largest difference first.

    Args:
        videos: with two sets.
        everything: (2, L, K) AP on all videos.

    Source: leaving one out, as for the jackknife: Efron and Tibshirani, "An Introduction to the
    Bootstrap", 1993. A single video's AP does not exist for videos without any action.
    """
    before = np.nanmean(everything, axis=(1, 2))
    changes = []
    for place in _differing(videos):
        without = _without(videos, everything, place)
        if np.isnan(without).all():
            continue  # the only video with segments: without it there is no AP
        a, b = (before - np.nanmean(without, axis=(1, 2))).tolist()
        changes.append(VideoChange(videos.videos[place], a, b, b - a))
    return sorted(changes, key=lambda one: (-abs(one.difference), one.name))


def _without(videos: Population, everything: Float64Array, place: int) -> Float64Array:
    """AP on all videos but one; only the labels that occur in it can change."""
    times = np.ones(len(videos.videos), np.int64)
    times[place] = 0
    tables = (videos.truth, *videos.sets)
    own = np.unique(np.concatenate([table.labels[_rows_of(table, place)] for table in tables]))
    ap: Float64Array = everything.copy()
    ap[:, own] = videos.average_precision(times, own)[:, own]
    return ap


def _differing(videos: Population) -> list[int]:
    first, second = videos.sets
    return [place for place in range(len(videos.videos)) if not _same_rows(first, second, place)]


def _same_rows(first: VideoRows, second: VideoRows, place: int) -> bool:
    a, b = _rows_of(first, place), _rows_of(second, place)
    return len(a) == len(b) and all(
        np.array_equal(one[a], other[b])
        for one, other in (
            (first.labels, second.labels),
            (first.segments, second.segments),
            (first.scores, second.scores),
        )
    )


def _rows_of(table: VideoRows, place: int) -> Int64Array:
    groups = np.flatnonzero(table.videos == place)
    rows = [
        np.arange(table.starts[g], table.starts[g] + table.counts[g], dtype=np.int64)
        for g in groups
    ]
    return np.concatenate([*rows, np.empty(0, np.int64)])
