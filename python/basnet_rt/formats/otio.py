"""OpenTimelineIO: the video as one clip, each segment a marker on it. One file for each video.

Markers may overlap and keep their place when the clip is moved or trimmed. Whole frames (each end
at most half a frame off; a shorter segment gets one). Scores, durations and origin are in the
metadata, which programs keep. Needs the extra `timelines`.
"""

from __future__ import annotations

import importlib
import json
import zlib
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from basnet_rt._errors import Error, InvalidValue
from basnet_rt._system.shown import cut, shown
from basnet_rt.formats.heading import MARKER, checked_heading, heading, one_video
from basnet_rt.formats.marks import Mark, MarkedVideos, checked_mark, merged, rate_of
from basnet_rt.formats.source import Source
from basnet_rt.formats.timecode import FrameRate, frame_at, frame_range, seconds_at

_COLOURS = ("RED", "GREEN", "BLUE", "YELLOW", "PURPLE", "ORANGE", "CYAN", "PINK", "MAGENTA")


def write(marked: MarkedVideos, media: str) -> Iterator[str]:
    """One timeline; `media` is the path of the video.

    Raises:
        ValueError: the rate is not known.
        Error: opentimelineio is not installed.
    """
    otio = library()
    (name, video), *_ = marked.videos.items()
    rate = rate_of(name, video, "OTIO")
    length = max([video.duration or 0.0, *(mark.end for mark in video.marks)])
    whole = _range(otio, 0, max(1, frame_at(length, rate)), rate)
    reference = otio.schema.ExternalReference(target_url=media, available_range=whole)
    clip = otio.schema.Clip(name=_whole_name(name), media_reference=reference, source_range=whole)
    clip.markers.extend(_marker(otio, mark, rate, video.duration) for mark in video.marks)
    timeline = otio.schema.Timeline(name=name)
    timeline.metadata[MARKER] = heading(name, video, marked.provenance)
    track = otio.schema.Track(name="Video 1", kind=otio.schema.TrackKind.Video)
    track.append(clip)
    timeline.tracks.append(track)
    yield str(otio.adapters.write_to_string(timeline, "otio_json")) + "\n"


def read(text: str, source: Source) -> MarkedVideos:
    """The markers of every clip; with a single clip, also those on its track or the whole stack.

    Times are those of the media, counted from its begin, even if clips were moved. Several
    timelines in one file are several videos.

    Raises:
        ValueError: the text is not OTIO or of another schema, or a marker has no name or is outside
            the media.
        Error: opentimelineio is not installed.
    """
    otio = library()
    content = _parsed(otio, text, source)
    timelines = list(content) if _is_collection(otio, content) else [content]
    for one in timelines:
        if not isinstance(one, otio.schema.Timeline):
            raise InvalidValue(f"{source.path}: expected a Timeline, got {type(one).__name__}")
        if one.tracks is None:  # the library would crash in its search for clips
            raise InvalidValue(f"{source.path}: a timeline without tracks")
    return merged(_read_timeline(otio, one, source) for one in timelines)


def library() -> Any:
    """opentimelineio, or an error that names the extra."""
    try:
        return importlib.import_module("opentimelineio")
    except ModuleNotFoundError as error:
        raise Error("OTIO needs opentimelineio: pip install 'basnet-rt[timelines]'") from error


def _marker(otio: Any, mark: Mark, rate: FrameRate, duration: float | None) -> Any:
    first, last = frame_range(mark.start, mark.end, rate, duration)
    # The same class has the same colour in every video.
    colour = _COLOURS[zlib.crc32(mark.label.encode()) % len(_COLOURS)]
    note = {} if mark.score is None else {MARKER: {"score": mark.score}}
    return otio.schema.Marker(
        name=_whole_name(mark.label),
        marked_range=_range(otio, first, last, rate),
        color=colour,
        metadata=note,
    )


def _whole_name(text: str) -> str:
    """The library would end it at a NUL."""
    if "\0" in text:
        raise InvalidValue(f"OTIO: the name {shown(text)} holds a NUL; rename it first")
    return text


def _range(otio: Any, first: int, last: int, rate: FrameRate) -> Any:
    time, frames = otio.opentime.RationalTime, float(rate.exact)
    return otio.opentime.TimeRange(time(first, frames), time(last - first, frames))


def _parsed(otio: Any, text: str, source: Source) -> Any:
    try:
        json.loads(text)  # its error has the place; it also refuses text too deep for the library
        return otio.adapters.read_from_string(text, "otio_json")
    # The library raises a different error for each fault: KeyError for a field, RuntimeError ...
    except (ValueError, LookupError, TypeError, RuntimeError, otio.exceptions.OTIOError) as error:
        raise InvalidValue(f"{source.path}: not OTIO: {cut(str(error))}") from error


def _is_collection(otio: Any, content: Any) -> bool:
    return isinstance(content, otio.schema.SerializableCollection)


def _read_timeline(otio: Any, timeline: Any, source: Source) -> MarkedVideos:
    name = timeline.name or source.path.stem
    where = f"{source.path}: timeline {shown(name)}"
    note = timeline.metadata.get(MARKER)
    values = {} if note is None else checked_heading(where, note)
    marks: list[Mark] = []
    for place, marker, span, begin in _markers(otio, timeline, where):
        marks.append(_mark(f"{where}: {place}", marker, span, begin))
    return one_video(values, name, tuple(marks))


def _markers(otio: Any, timeline: Any, where: str) -> Iterator[tuple[str, Any, Any, Any]]:
    """Each marker with its range in its media's time, and where that media begins."""
    clips = list(timeline.find_clips())
    for i, clip in enumerate(clips):
        for marker in clip.markers:
            place = f"clip {i}, marker {shown(marker.name)}"
            yield place, marker, marker.marked_range, _begin(clip)
    for holder in (timeline.tracks, *timeline.tracks):
        for marker in holder.markers:
            if len(clips) != 1:
                raise InvalidValue(
                    f"{where}: marker {shown(marker.name)} lies on a track and there are "
                    f"{len(clips)} clips; put it on the clip"
                )
            span = holder.transformed_time_range(marker.marked_range, clips[0])
            yield f"track marker {shown(marker.name)}", marker, span, _begin(clips[0])


def _begin(clip: Any) -> Any:
    available = clip.media_reference.available_range if clip.media_reference else None
    return None if available is None else available.start_time


def _mark(where: str, marker: Any, span: Any, begin: Any) -> Mark:
    offset = 0.0 if begin is None else _seconds(begin, where)
    start = _seconds(span.start_time, where) - offset
    end = _seconds(span.end_time_exclusive(), where) - offset
    note = marker.metadata.get(MARKER)
    score = note.get("score") if hasattr(note, "get") else None
    return checked_mark(where, marker.name, start, end, score)


def _seconds(time: Any, where: str) -> float:
    """Exact where the library's float rate is near a real one; editors may write half frames."""
    try:
        rate = FrameRate.parse(format(float(time.rate), ".15g"))
    except InvalidValue as error:
        raise InvalidValue(f"{where}: {error}") from error
    if float(time.value).is_integer():
        return seconds_at(int(time.value), rate)
    return float(Fraction(float(time.value)) / rate.exact)
