"""Marked segments of videos; every format is written from them and read into them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from basnet_rt._errors import InvalidValue
from basnet_rt._system.shown import shown
from basnet_rt.formats.timecode import FrameRate

LARGEST_SCORE = (2 - 2**-23) * 2.0**127  # of float32, which detections have


class Mark(NamedTuple):
    """One segment [start, end) in seconds; score and confidence are None if it has none."""

    label: str
    start: float
    end: float
    score: float | None = None
    confidence: float | None = None


@dataclass(frozen=True)
class VideoMarks:
    """One video.

    Attributes:
        marks: in the order of the file.
        duration: in seconds; None where unknown.
        subset: such as "test"; None where unknown.
        rate: of its frames; None where unknown.
        reviewed: whether, according to the file, a person watched the whole video. Equality ignores
            this field.
    """

    marks: tuple[Mark, ...] = ()
    duration: float | None = None
    subset: str | None = None
    rate: FrameRate | None = None
    reviewed: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class MarkedVideos:
    """Videos by name.

    Attributes:
        videos: in the order of the file.
        provenance: origin of results; empty for annotations.
        notes: sentences for people about the reading.
        predicted: if the file says that a model made the segments and nobody accepted them: the
            file and that statement. Such segments cannot become ground truth.
        ranked: whether the file has a form for results, in which segments with scores may be
            nested.
        unfinished: partly reviewed videos, in the form of ground truth: {"annotations": [...],
            "rejected": [...]}; other forms cannot hold them.
    """

    videos: dict[str, VideoMarks]
    provenance: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    predicted: str | None = None
    ranked: bool = False
    unfinished: dict[str, Any] = field(default_factory=dict)

    @property
    def num_marks(self) -> int:
        return sum(len(video.marks) for video in self.videos.values())

    @property
    def labels(self) -> tuple[str, ...]:
        """Every class: those named in the results, then others in use, sorted."""
        known = self.provenance.get("classes", [])
        known = [name for name in known if isinstance(name, str)] if _is_list(known) else []
        used = {mark.label for video in self.videos.values() for mark in video.marks}
        return tuple(dict.fromkeys([*known, *sorted(used)]))

    def at_least(self, score: float) -> MarkedVideos:
        """The videos without marks of a lower score; marks without a score stay."""
        videos = {
            name: replace(video, marks=tuple(m for m in video.marks if _reaches(m, score)))
            for name, video in self.videos.items()
        }
        return replace(self, videos=videos)

    def all_reviewed(self) -> MarkedVideos:
        """The same videos, all marked as reviewed.

        Raises:
            ValueError: a model made the segments and nobody accepted them.
        """
        if self.predicted is not None:
            raise InvalidValue(
                f"{self.predicted}, so it cannot count as reviewed; correct the segments in the "
                "report, Label Studio or another editor, and convert that file"
            )
        videos = {name: replace(video, reviewed=True) for name, video in self.videos.items()}
        return replace(self, videos=videos)

    def subset(self, name: str) -> MarkedVideos:
        """The videos of one subset; videos without a subset are included."""
        videos = {
            video: replace(marks, subset=name)
            for video, marks in self.videos.items()
            if marks.subset in (None, name)
        }
        if self.videos and not videos:
            known = sorted({str(video.subset) for video in self.videos.values()})
            raise InvalidValue(f"subset {shown(name)}: no video; there are {', '.join(known)}")
        return replace(self, videos=videos)

    def with_rate(self, rate: FrameRate) -> MarkedVideos:
        """The same videos, with this rate if a video's own is not known."""
        videos = {
            name: video if video.rate is not None else replace(video, rate=rate)
            for name, video in self.videos.items()
        }
        return replace(self, videos=videos)


def checked_mark(
    where: str,
    label: Any,
    start: Any,
    end: Any,
    score: Any = None,
    *,
    confidence: Any = None,
    least: float = 0.0,
) -> Mark:
    """A mark from foreign values.

    Args:
        least: earliest begin of a segment, in seconds. Tables of results have no limit: some
            published ones have segments that begin before their video.

    Raises:
        ValueError: the label is not text or empty, a time is not finite, the score does not fit
            float32, the confidence is not in [0, 1], or the segment begins before `least` or ends
            before it starts; the message begins with `where`.
    """
    if not isinstance(label, str) or not label.strip():
        raise InvalidValue(f"{where}: the label is {shown(label)}; it must be a text")
    begins, ends = number(where, "start", start), number(where, "end", end)
    if begins < least or ends < begins:
        first = "" if least == -math.inf else f"begin at {least:g} or later and "
        raise InvalidValue(
            f"{where}: the segment [{begins}, {ends}] must {first}not end before it begins"
        )
    value = None if score is None else number(where, "score", score)
    if value is not None and abs(value) > LARGEST_SCORE:
        raise InvalidValue(
            f"{where}: score is {shown(score)}; it must be at most {LARGEST_SCORE:.4g}"
        )
    return Mark(label, begins, ends, value, checked_confidence(where, confidence))


def checked_confidence(where: str, value: Any) -> float | None:
    """A number in [0, 1], or None.

    Raises:
        ValueError: the value is something else; the message begins with `where`.
    """
    if value is None:
        return None
    found = number(where, "confidence", value)
    if not 0 <= found <= 1:
        raise InvalidValue(f"{where}: confidence is {shown(value)}; it must be in [0, 1]")
    return found


def number(where: str, name: str, value: Any) -> float:
    """A finite number; texts are read."""
    try:
        found = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        found = math.nan
    if not math.isfinite(found):
        raise InvalidValue(f"{where}: {name} is {shown(value)}; it must be a finite number")
    return found


def rate_of(name: str, video: VideoMarks, format_name: str) -> FrameRate:
    """The frame rate, or an error that says how to give one."""
    if video.rate is None:
        raise InvalidValue(
            f"video {shown(name)}: {format_name} counts frames and the rate is not known; give one "
            'for all videos (--fps, such as 25 or 29.97df) or one each ("fps" in the video list)'
        )
    return video.rate


def merged(parts: Iterable[MarkedVideos], what: str = "files") -> MarkedVideos:
    """Several files as one.

    Args:
        what: name of the parts, for the message.

    Raises:
        ValueError: two of them hold the same video.
    """
    videos: dict[str, VideoMarks] = {}
    notes: list[str] = []
    origins: list[Mapping[str, Any]] = []
    predicted: str | None = None
    ranked = True
    unfinished: dict[str, Any] = {}
    for part in parts:
        twice = (videos | unfinished).keys() & (part.videos | part.unfinished).keys()
        if twice:
            raise InvalidValue(
                f"video {shown(min(twice))} is in two of the {what}; keep one of them"
            )
        videos |= part.videos
        unfinished |= part.unfinished
        notes += part.notes
        origins.append(part.provenance)
        predicted = predicted or part.predicted
        ranked = ranked and part.ranked
    origin = merged_provenance(origins)
    return MarkedVideos(videos, origin, tuple(notes), predicted, ranked, unfinished)


def merged_provenance(origins: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """One provenance for many: equal values stay, others are listed; simulated if any is."""
    found = [origin for origin in origins if origin]
    result: dict[str, Any] = {}
    for key in dict.fromkeys(key for origin in found for key in origin):
        values = [origin[key] for origin in found if key in origin]
        if key == "simulated":
            result[key] = any(values)
        elif all(value == values[0] for value in values):
            result[key] = values[0]
        else:
            result[key] = ", ".join(sorted({str(value) for value in values}))
    return result


def _reaches(mark: Mark, score: float) -> bool:
    return mark.score is None or mark.score >= score


def _is_list(value: Any) -> bool:
    return isinstance(value, (list, tuple))
