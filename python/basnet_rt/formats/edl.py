"""EDL (CMX 3600): a reel of the found segments, one after the other. One file for each video.

An EDL has one video track, so overlapping segments cannot keep their times on it. Here each segment
is an event: its source times are those in the video, and its record times put the events one after
the other from 01:00:00:00, like an editor's reel of selects. No segment is left out.

Whole frames (each end at most half a frame off; a shorter segment gets one), video up to 24 h, 999
events. Label and score are comments; an editing program may drop them, and then the clip's name is
the label. Timecodes are computed here, exactly: opentimelineio's adapter writes no FCM line, and
makes every 29.97 a drop-frame one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from basnet_rt._errors import InvalidValue
from basnet_rt._system.shown import shown
from basnet_rt.formats.heading import heading_line, one_video, parse_heading_line
from basnet_rt.formats.marks import Mark, MarkedVideos, checked_mark, rate_of
from basnet_rt.formats.source import Source, one_line
from basnet_rt.formats.timecode import (
    FrameRate,
    frame_range,
    from_timecode,
    seconds_at,
    to_timecode,
)

MAX_EVENTS = 999
_TITLE_LENGTH = 70
_RECORD_START = 3600  # seconds: reels begin at one hour by tradition
_CODE = r"(\d\d:\d\d:\d\d[:;]\d\d)"
_EVENT = re.compile(rf"(\d+)\s+(\S+)\s+(\S+)\s+(\S+)\s+{'  *'.join([_CODE] * 4)}\s*", re.ASCII)
_COMMENT = re.compile(r"\*\s*(FROM CLIP NAME|COMMENT)\s*:\s*(.*)")


def write(marked: MarkedVideos) -> Iterator[str]:
    """The events by start.

    Raises:
        ValueError: the rate is not known, more than `MAX_EVENTS`, a name with line ends, or a
            segment beyond the 24 hours of a timecode.
    """
    (name, video), *_ = marked.videos.items()
    rate = rate_of(name, video, "EDL")
    if len(video.marks) > MAX_EVENTS:
        raise InvalidValue(
            f"video {name!r}: {len(video.marks)} segments; an EDL holds {MAX_EVENTS} (a least "
            "score leaves out the weakest)"
        )
    clip = one_line("EDL", "video", name)
    mode = "DROP FRAME" if rate.drop_frame else "NON-DROP FRAME"
    note = f"* COMMENT: {heading_line(name, video, marked.provenance)}\n"
    # Readers refuse a comment before the first event, so without events there is no comment.
    yield f"TITLE: {clip[:_TITLE_LENGTH]}\nFCM: {mode}\n" + ("" if video.marks else note)
    record = from_timecode("01:00:00:00", rate)
    for i, mark in enumerate(sorted(video.marks, key=lambda m: (m.start, m.end)), start=1):
        first, last = frame_range(mark.start, mark.end, rate, video.duration)
        frames = (first, last, record, record + last - first)
        yield _event(i, clip, mark, [to_timecode(frame, rate) for frame in frames])
        yield note if i == 1 else ""
        record += last - first


def read(text: str, source: Source) -> MarkedVideos:
    """Read an EDL of ours or of an editing program: only events of video, not audio or black.

    Raises:
        ValueError: a line that is no event, a wrong timecode, an event that ends before it starts,
            a transition, or no frame rate; names the line.
    """
    values: dict[str, Any] = {}
    events: list[tuple[int, re.Match[str], dict[str, str]]] = []
    drop = ";" in "".join(re.findall(_CODE, text)) or bool(
        re.search(r"^FCM:\s*DROP FRAME", text, re.MULTILINE)
    )
    for number, line in enumerate(text.splitlines(), start=1):
        comment, event = _COMMENT.match(line), _EVENT.fullmatch(line.strip())
        if event:
            events.append((number, event, {}))
        elif comment:
            _take_comment(source.at(number), comment, values, events)
        elif line[:1].isdigit():
            raise InvalidValue(
                f"{source.at(number)}: {shown(line)}; expected an event: number, reel, channel, "
                "C and four timecodes"
            )
    if not events:
        return one_video(values, _title(text) or source.path.stem, ())
    rate = _rate(source, values, drop)
    marks = [_mark(source, *one, rate) for one in events if _is_picture(one[1])]
    return one_video(values, source.path.stem, tuple(marks), rate)


def _event(i: int, clip: str, mark: Mark, codes: list[str]) -> str:
    label = one_line(f"event {i}", "label", mark.label)
    score = "" if mark.score is None else f"* COMMENT: SCORE {mark.score!r}\n"
    return (
        f"\n{i:03}  AX       V     C        {' '.join(codes)}\n* FROM CLIP NAME: {clip}\n"
        f"* COMMENT: LABEL {label}\n{score}"
    )


def _take_comment(
    where: str, comment: re.Match[str], values: dict[str, Any], events: list[Any]
) -> None:
    kind, text = comment[1], comment[2].strip()
    values.update(parse_heading_line(where, text) or {})
    if not events:
        return
    if kind == "FROM CLIP NAME":
        events[-1][2]["CLIP"] = text
    else:
        key, _, value = text.partition(" ")
        if key in ("LABEL", "SCORE"):
            events[-1][2][key] = value.strip()


def _rate(source: Source, values: dict[str, Any], drop: bool) -> FrameRate:
    video = values.get("video", source.path.stem)
    rate = source.rate_of(video, values.get("fps"), "an EDL")
    try:
        return replace(rate, drop_frame=drop)
    except InvalidValue as error:
        raise InvalidValue(f"{source.path}: {error}") from error


def _title(text: str) -> str:
    first = text.split("\n", 1)[0].strip()
    return first.removeprefix("TITLE:").strip() if first.startswith("TITLE:") else ""


def _is_picture(event: re.Match[str]) -> bool:
    return event[2] != "BL" and ("V" in event[3] or event[3] == "B")


def _mark(
    source: Source, number: int, event: re.Match[str], comments: dict[str, str], rate: FrameRate
) -> Mark:
    where = source.at(number)
    if event[4] != "C":
        raise InvalidValue(f"{where}: transition {shown(event[4])}; only cuts (C) are read")
    try:
        first, last = from_timecode(event[5], rate), from_timecode(event[6], rate)
    except InvalidValue as error:
        raise InvalidValue(f"{where}: {error}") from error
    if last <= first:
        raise InvalidValue(f"{where}: the source ends at {event[6]}, not after {event[5]}")
    label = comments.get("LABEL", comments.get("CLIP", event[2]))
    times = (seconds_at(first, rate), seconds_at(last, rate))
    return checked_mark(where, label, *times, comments.get("SCORE"))
