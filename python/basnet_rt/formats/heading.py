"""The heading of a file of one video: the video, its length and rate, who made the marks.

Formats for people and editors have no fields for this, but a place for a free note. The note is
JSON on one line, so that these facts can be read back.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from basnet_rt._errors import InvalidValue
from basnet_rt._system.json_file import parse_json
from basnet_rt._system.shown import shown
from basnet_rt.formats.marks import Mark, MarkedVideos, VideoMarks, number
from basnet_rt.formats.timecode import FrameRate

MARKER = "basnet_rt"
_ORIGIN = ("mode", "model", "simulated")


def heading(name: str, video: VideoMarks, provenance: Mapping[str, Any]) -> dict[str, Any]:
    """The known facts as plain values."""
    values: dict[str, Any] = {
        "video": name,
        "duration": video.duration,
        "subset": video.subset,
        "fps": None if video.rate is None else str(video.rate),
    }
    values |= {key: provenance.get(key) for key in _ORIGIN}
    return {key: value for key, value in values.items() if value not in (None, "")}


def heading_line(name: str, video: VideoMarks, provenance: Mapping[str, Any]) -> str:
    """`basnet_rt {...}`, without `>`, which has a meaning in some formats."""
    text = json.dumps(heading(name, video, provenance), allow_nan=False)
    return f"{MARKER} {text}".replace(">", "\\u003e")


def parse_heading_line(where: str, line: str) -> dict[str, Any] | None:
    """The values of a line of `heading_line`; None for any other line."""
    head, _, text = line.strip().partition(" ")
    if head != MARKER:
        return None
    return checked_heading(where, parse_json(text, f"{where}: the note after {MARKER!r}"))


def checked_heading(where: str, values: Any) -> dict[str, Any]:
    """The values, checked because a person may have changed them.

    Raises:
        ValueError: a value has the wrong kind; names it.
    """
    if not isinstance(values, Mapping):
        raise InvalidValue(
            f"{where}: the note of {MARKER!r} is {shown(values)}; it must be an object"
        )
    found = dict(values)
    for key in ("video", "subset", "mode", "model"):
        if key in found and (not isinstance(found[key], str) or not found[key]):
            raise InvalidValue(f"{where}: {key} is {shown(found[key])}; it must be a text")
    if not isinstance(found.get("simulated", False), bool):
        raise InvalidValue(
            f"{where}: simulated is {shown(found['simulated'])}; it must be true or false"
        )
    if "duration" in found:
        found["duration"] = number(where, "duration", found["duration"])
    if "fps" in found:
        found["fps"] = read_rate(where, found)
    return found


def read_rate(where: str, values: Any) -> FrameRate | None:
    """The `fps` of an object in a file, if it has one."""
    fps = values.get("fps") if isinstance(values, Mapping) else None
    try:
        return None if fps is None else FrameRate.parse(fps)
    except InvalidValue as error:
        raise InvalidValue(f"{where}: {error}") from error


def one_video(
    values: Mapping[str, Any], name: str, marks: tuple[Mark, ...], rate: FrameRate | None = None
) -> MarkedVideos:
    """A file of one video; `name` if its heading has none, `rate` if the file determines it."""
    video = VideoMarks(
        marks, values.get("duration"), values.get("subset"), rate or values.get("fps")
    )
    provenance = {key: values[key] for key in _ORIGIN if key in values}
    return MarkedVideos({values.get("video", name): video}, provenance)
