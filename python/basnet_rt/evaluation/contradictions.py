"""Annotations that contradict themselves: segments outside of their videos, labels nearly alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from basnet_rt._system.shown import shown
from basnet_rt.annotations import Segment
from basnet_rt.tables.truth import annotations_of

_SLACK = 1.0  # seconds that a marked segment may lie outside of its video


def contradictions(ground_truth: Any, subset: str | None) -> Iterator[str]:
    """A sentence for each contradiction.

    Args:
        ground_truth, subset: as for `evaluate`.

    Raises:
        ValueError: as `evaluate`.
    """
    videos = annotations_of(ground_truth, subset).videos.values()
    timed = [(one, video) for video in videos for one in video.segments if video.duration]
    outside = [(a, b) for a, b in timed if not _is_within(a, b.duration or 0.0)]
    if outside:
        one, video = outside[0]
        yield (
            f"{len(outside)} of {len(timed)} marked segments lie outside of their videos, such as "
            f"[{one.start:g}, {one.end:g}] of {shown(video.name)} with {video.duration:g} s: are "
            "segments and durations in seconds?"
        )
    labels = sorted({one.label for video in videos for one in video.segments})
    written: dict[str, str] = {}
    for label in labels:
        first = written.setdefault(label.strip().casefold(), label)
        if first != label:
            yield f"annotated labels {shown(first)} and {shown(label)} count as two classes"


def _is_within(one: Segment, duration: float) -> bool:
    return one.start >= -_SLACK and one.end <= max(1.05 * duration, duration + _SLACK)
