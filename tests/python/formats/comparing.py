"""How marks that went through a file are compared with those that went in."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from basnet_rt.formats import FrameRate, MarkedVideos

Row = tuple[str, float, float, float | None]


def worst_time_error(got: Iterable[Row], want: Iterable[Row]) -> float:
    """The largest difference of a start or an end, in seconds; labels and scores must agree.

    Rows are matched by label and score, and by start where scores repeat, since some formats keep
    another order than that of the scores.
    """
    pairs = list(zip(in_order(got), in_order(want), strict=True))
    assert [a[0] for a, _ in pairs] == [b[0] for _, b in pairs]
    assert all(same_score(a[3], b[3]) for a, b in pairs)
    return max((max(abs(a[1] - b[1]), abs(a[2] - b[2])) for a, b in pairs), default=0.0)


def same_score(a: float | None, b: float | None) -> bool:
    """To the last bit of a float32; opentimelineio's JSON reader loses one of a float64."""
    return a == b or (a is not None and b is not None and abs(a - b) <= 1e-15)


def in_order(rows: Iterable[Row]) -> list[Row]:
    return sorted(rows, key=lambda r: (r[0], 0.0 if r[3] is None else r[3], r[1], r[2]))


def rows_of(marked: MarkedVideos, video: str) -> list[Row]:
    return [tuple(mark) for mark in marked.videos[video].marks]


def worst_of(got: MarkedVideos, want: MarkedVideos) -> float:
    """Over all videos that have marks."""
    names = [name for name, video in want.videos.items() if video.marks]
    assert [name for name, video in got.videos.items() if video.marks] == names
    return max(worst_time_error(rows_of(got, name), rows_of(want, name)) for name in names)


def at_rate(marked: MarkedVideos, rate: str) -> MarkedVideos:
    """As if the videos had been filmed at another rate."""
    videos = {
        name: dataclasses.replace(video, rate=FrameRate.parse(rate))
        for name, video in marked.videos.items()
    }
    return dataclasses.replace(marked, videos=videos)
