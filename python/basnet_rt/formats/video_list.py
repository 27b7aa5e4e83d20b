"""A list of videos: their names, lengths and frame rates, without their segments.

Corrected files need such a list: a video without any action has no row in most formats, but
training and evaluation need to know it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from basnet_rt._errors import InvalidValue
from basnet_rt._system.arguments import as_path
from basnet_rt._system.json_file import parse_json
from basnet_rt._system.shown import shown
from basnet_rt._system.text_file import read_text
from basnet_rt.annotations import parse_activitynet, read_split
from basnet_rt.formats.heading import read_rate
from basnet_rt.formats.marks import Mark, MarkedVideos, VideoMarks
from basnet_rt.formats.timecode import MILLISECONDS, FrameRate, seconds_at

VideoList = dict[str, VideoMarks]  # without marks


def read_video_list(path: str | Path) -> VideoList:
    """Read a `.json` in ActivityNet's ground-truth form (its segments are ignored; `fps` may be
    given beside `duration`), or a text of names, one a line.

    Raises:
        ValueError: the file is absent, of another form, or has a wrong value; names the video.
    """
    path = as_path(path, "path")
    if path.suffix.lower() != ".json":
        return {name: VideoMarks() for name in read_split(path)}
    content = parse_json(read_text(path), str(path))
    videos = parse_activitynet(content, str(path)).videos
    return {
        name: VideoMarks(
            (), video.duration, video.subset, read_rate(f"{path}: video {shown(name)}", entry)
        )
        for (name, video), entry in zip(videos.items(), content["database"].values(), strict=True)
    }


def described(marked: MarkedVideos, known: VideoList) -> MarkedVideos:
    """The listed videos in the order of the list, with the durations and rates of the list.

    An end beyond the duration by less than a frame (or a millisecond) is rounding, and is cut. A
    detection (a mark with a score) is always cut at the duration, with a note, because features end
    with a whole snippet and videos do not.

    Raises:
        ValueError: a video is not listed, or a segment is outside its video.
    """
    strange = [name for name in marked.videos if name not in known]
    if strange:
        some = ", ".join(map(repr, strange[:3]))
        raise InvalidValue(f"{len(strange)} videos are not in the video list, such as {some}")
    videos, num_cut = {}, 0
    for name, listed in known.items():
        found = marked.videos.get(name, VideoMarks())
        duration = found.duration if listed.duration is None else listed.duration
        rate = listed.rate or found.rate
        marks, cut = _cut(name, found.marks, duration, rate)
        subset = listed.subset or found.subset
        videos[name] = VideoMarks(marks, duration, subset, rate, found.reviewed)
        num_cut += cut
    note = f"{num_cut} segments ended after their video: cut at its end"
    return replace(marked, videos=videos, notes=(*marked.notes, *([note] if num_cut else [])))


def _cut(
    name: str, marks: tuple[Mark, ...], duration: float | None, rate: FrameRate | None
) -> tuple[tuple[Mark, ...], int]:
    """The marks inside the video, and the number of those cut by more than rounding."""
    if duration is None:
        return marks, 0
    slack = max(seconds_at(1, rate or MILLISECONDS), seconds_at(1, MILLISECONDS)) + 1e-9
    beyond = [mark for mark in marks if mark.end > duration + slack]
    for mark in marks:
        if mark.start >= duration or (mark in beyond and mark.score is None):
            raise InvalidValue(
                f"video {shown(name)}: {shown(mark.label)} at [{mark.start:g}, {mark.end:g}] s "
                f"lies outside the video, which has {duration:g} s"
            )
    return tuple(mark._replace(end=min(mark.end, duration)) for mark in marks), len(beyond)
