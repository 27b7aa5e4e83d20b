"""Where y(t) is at or above a threshold: level sets, merging, cutting."""

from __future__ import annotations

from collections.abc import Iterable

from .curve import Curve, Number

Interval = tuple[Number, Number]


def is_in(value: Number, level: Number) -> bool:
    """At or above the threshold; at threshold zero, above it."""
    return value > 0 if level == 0 else value >= level


def crossings(curve: Curve, level: Number) -> list[Interval]:
    """Maximal intervals of the level set on the unclipped curve; some may have no length.

    Two that share a snippet at zero stay two: at level 0 that snippet is not in.
    """
    inside = [is_in(value, level) for value in curve.values]
    found: list[Interval] = []
    start: Number | None = 0 if inside[0] else None
    for i in range(len(inside) - 1):
        if not inside[i] and inside[i + 1]:
            start = curve.crossing(i, level)
        if inside[i] and not inside[i + 1]:
            found.append((start, curve.crossing(i, level)))
            start = None
    if inside[-1]:
        found.append((start, curve.pieces[-1].end))
    return found


def level_set(curve: Curve, level: Number) -> list[Interval]:
    """Intervals of positive length where y is at or above `level`, inside [0, duration]."""
    clipped = [(start, min(end, curve.duration)) for start, end in crossings(curve, level)]
    return [(start, end) for start, end in clipped if start < end]


def merge(intervals: Iterable[Interval], gap: Number) -> list[Interval]:
    """Joins neighbours that are closer than `gap`; intervals come from left to right."""
    merged: list[Interval] = []
    for start, end in intervals:
        if merged and start - merged[-1][1] < gap:
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged


def cut_points(root: Interval, max_duration: Number) -> list[Number]:
    """start + k * max_duration strictly inside the root, k = 1, 2, ..."""
    start, end = root
    points: list[Number] = []
    while start + (len(points) + 1) * max_duration < end:
        points.append(start + (len(points) + 1) * max_duration)
    return points


def cut(interval: Interval, points: Iterable[Number]) -> list[Interval]:
    """The parts of an interval between cut points that lie strictly inside it."""
    start, end = interval
    inside = [point for point in points if start < point < end]
    return list(zip([start, *inside], [*inside, end], strict=True))


def root_of(interval: Interval, roots: Iterable[Interval]) -> Interval:
    """The one root that holds the interval."""
    (found,) = [r for r in roots if r[0] <= interval[0] and interval[1] <= r[1]]
    return found
