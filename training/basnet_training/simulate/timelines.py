"""Timelines: the length of each video, and the times of its actions.

Real ones come from an annotation file; made ones from `made.py`.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from basnet_rt import InvalidValue
from basnet_rt.annotations import Segment, VideoAnnotation, read_annotations

# The subset of a video whose annotation names none.
NO_SUBSET = "all"


@dataclasses.dataclass(frozen=True)
class Timeline:
    """One video's timeline. `instances` may be empty, may overlap, and may end after `duration`.

    A few of THUMOS'14 do end after it; the parts beyond have no effect on the features.

    Raises:
        InvalidValue: duration is not a number above zero, or an instance violates 0 <= start < end.
    """

    video: str
    subset: str
    duration: float
    instances: tuple[Segment, ...] = ()

    def __post_init__(self) -> None:
        if not (math.isfinite(self.duration) and self.duration > 0):
            raise InvalidValue(f"{self.video}: duration = {self.duration}: expected > 0 seconds")
        for one in self.instances:
            if not 0 <= one.start < one.end < math.inf:
                raise InvalidValue(
                    f"{self.video}: {one.label} [{one.start}, {one.end}): expected 0 <= start < end"
                )

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes that occur, sorted."""
        return tuple(sorted({instance.label for instance in self.instances}))


def read_timelines(
    annotations: str | Path, durations: str | Path | None = None
) -> tuple[Timeline, ...]:
    """Read real timelines, in the order of the annotation file.

    Args:
        annotations: JSON in ActivityNet form.
        durations: JSON object from video name to seconds; overrides durations in the annotations.

    Raises:
        InvalidValue: a file is missing or malformed, or neither has the duration of a video.
    """
    lengths = {} if durations is None else _read_durations(Path(durations))
    videos = read_annotations(annotations).videos.values()
    return tuple(_timeline(video, lengths) for video in videos)


def class_names(timelines: Sequence[Timeline]) -> tuple[str, ...]:
    """All classes that occur, sorted.

    Raises:
        InvalidValue: no class occurs, or a video occurs twice.
    """
    names = {label for timeline in timelines for label in timeline.labels}
    if not names:
        raise InvalidValue("timelines: no video holds an action, so there is nothing to learn")
    seen: set[str] = set()
    for timeline in timelines:
        if timeline.video in seen:
            raise InvalidValue(f"timelines: video {timeline.video!r} occurs twice")
        seen.add(timeline.video)
    return tuple(sorted(names))


def first_of_each_subset(timelines: Sequence[Timeline], videos: int) -> tuple[Timeline, ...]:
    """The first `videos` timelines of each subset, in the given order."""
    taken: dict[str, int] = {}
    kept = []
    for timeline in timelines:
        taken[timeline.subset] = taken.get(timeline.subset, 0) + 1
        if taken[timeline.subset] <= videos:
            kept.append(timeline)
    return tuple(kept)


def _timeline(video: VideoAnnotation, durations: Mapping[str, float]) -> Timeline:
    duration = durations.get(video.name, video.duration)
    if duration is None:
        raise InvalidValue(f"{video.name}: its duration is neither annotated nor in durations")
    if video.tags and not video.segments:
        raise InvalidValue(f"{video.name}: has tags but no segments; a timeline needs segments")
    return Timeline(video.name, video.subset or NO_SUBSET, duration, video.segments)


def _read_durations(path: Path) -> dict[str, float]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return {str(name): float(seconds) for name, seconds in content.items()}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        message = f"{path}: expected a JSON object of video name to seconds: {error}"
        raise InvalidValue(message) from error
