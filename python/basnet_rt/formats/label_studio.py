"""Label Studio: a task for each video, its segments as regions of `TimelineLabels`.

Segments with scores become predictions, to be corrected; without, annotations. Frames are whole and
counted from 1, and both ends belong to a region (each end at most half a frame off; a shorter
segment gets one frame). Scores, durations and subsets come back. The labelling interface:

    <View>
      <TimelineLabels name="labels" toName="video"><Label value="Fight"/></TimelineLabels>
      <Video name="video" value="$video" frameRate="$fps"/>
    </View>

Source: Label Studio's documentation of Video, TimelineLabels and pre-annotated tasks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

from basnet_rt._errors import InvalidValue
from basnet_rt._system.json_file import parse_json
from basnet_rt._system.shown import shown
from basnet_rt.formats.heading import MARKER, checked_heading, heading, one_video, read_rate
from basnet_rt.formats.marks import Mark, MarkedVideos, VideoMarks, checked_mark, merged, rate_of
from basnet_rt.formats.source import Source
from basnet_rt.formats.timecode import FrameRate, frame_range, seconds_at

_SEGMENTS = ("timelinelabels", "labels")  # types of regions that are segments in time
_LAST_FRAME = 10**12
_UPLOAD = re.compile(r"^[0-9a-f]{8}-")  # Label Studio's prefix of the name of an upload


def write(marked: MarkedVideos, media_of: Callable[[str], str]) -> Iterator[str]:
    """The list of tasks, one a line.

    Raises:
        ValueError: the rate of a video is not known.
    """
    separator = "[\n"
    for name, video in marked.videos.items():
        task = _task(name, video, marked, media_of(name))
        yield separator + json.dumps(task, allow_nan=False)
        separator = ",\n"
    yield "\n]\n" if marked.videos else "[]\n"


def read(text: str, source: Source) -> MarkedVideos:
    """An export of Label Studio, or a file that `write` wrote.

    If any task has an annotation, tasks without one were not reviewed: they are left out, and a
    note gives their number. If a task has several annotations, the one marked as ground truth
    counts. Regions of `Labels` (in seconds) are read like those of `TimelineLabels`. A task whose
    regions are all of other types is left out, too: it does not say that nothing happens.

    Raises:
        ValueError: the text is not a list of tasks, a region has a wrong value, a task has several
            annotations and none is marked, all regions are of other types, or there is no frame
            rate; names task and region.
    """
    tasks = parse_json(text, str(source.path))
    if not isinstance(tasks, list) or not all(isinstance(task, dict) for task in tasks):
        raise InvalidValue(f"{source.path}: expected a list of Label Studio's tasks")
    done = [task for task in tasks if _annotations(task)]
    chosen = {i: task for i, task in enumerate(tasks) if not done or _annotations(task)}
    notes: tuple[str, ...] = ()
    if len(chosen) < len(tasks):
        notes = (f"{len(tasks) - len(chosen)} of {len(tasks)} tasks have no annotation: left out",)
    other = {i: task for i, task in chosen.items() if _is_of_other_types(task, i, source)}
    if other:
        notes += (_said_other(other, len(tasks), source),)
    parts = [_read_task(task, i, source) for i, task in chosen.items() if i not in other]
    if other and not parts:
        raise InvalidValue(f"{source.path}: {notes[-1]}; nothing is left")
    found = merged(parts, "tasks")
    if done:
        videos = {name: replace(video, reviewed=True) for name, video in found.videos.items()}
        return MarkedVideos(videos, {}, notes)
    predicted = f"{source.path}: none of its {len(tasks)} tasks has an annotation of a person"
    return MarkedVideos(found.videos, found.provenance, notes, predicted)


def _task(name: str, video: VideoMarks, marked: MarkedVideos, media: str) -> dict[str, Any]:
    rate = rate_of(name, video, "Label Studio")
    regions = [_region(i, mark, rate, video.duration) for i, mark in enumerate(video.marks)]
    note = heading(name, video, marked.provenance)
    data = {"video": media, "name": name, "fps": float(rate.exact), MARKER: note}
    if any(mark.score is None for mark in video.marks) or not marked.provenance:
        return {"data": data, "annotations": [{"result": regions, "was_cancelled": False}]}
    version = str(marked.provenance.get("model") or MARKER)
    prediction: dict[str, Any] = {"model_version": version, "result": regions}
    if video.marks:  # the interface sorts tasks by it
        prediction["score"] = max(mark.score or 0.0 for mark in video.marks)
    return {"data": data, "predictions": [prediction]}


def _region(i: int, mark: Mark, rate: FrameRate, duration: float | None) -> dict[str, Any]:
    first, last = frame_range(mark.start, mark.end, rate, duration)
    region: dict[str, Any] = {
        "id": f"segment-{i}",
        "from_name": "labels",
        "to_name": "video",
        "type": "timelinelabels",
        "value": {"ranges": [{"start": first + 1, "end": last}], "timelinelabels": [mark.label]},
    }
    return region if mark.score is None else {**region, "score": mark.score}


def _annotations(task: dict[str, Any]) -> list[dict[str, Any]]:
    found = task.get("annotations") or []
    listed = found if isinstance(found, list) else []
    return [one for one in listed if isinstance(one, dict) and not one.get("was_cancelled")]


def _kind(region: Any) -> Any:
    return region.get("type") if isinstance(region, dict) else None


def _is_of_other_types(task: dict[str, Any], i: int, source: Source) -> bool:
    """Whether it has regions, and none is a segment: a choice, a rectangle and the like."""
    kinds = [_kind(region) for region in _regions(task, _where(task, i, source))]
    return bool(kinds) and not any(kind in _SEGMENTS for kind in kinds)


def _said_other(other: dict[int, dict[str, Any]], count: int, source: Source) -> str:
    """The note about tasks whose regions are all of other types."""
    (i, first), *_ = other.items()
    kind = _kind(_regions(first, _where(first, i, source))[0])
    return (
        f"{len(other)} of {count} tasks, such as task {first.get('id', i)}, have regions of other "
        f"types alone ({shown(kind)}), which mark no segments: left out; mark segments with "
        "TimelineLabels, or delete those regions where nothing happens"
    )


def _where(task: dict[str, Any], i: int, source: Source) -> str:
    return f"{source.path}, task {task.get('id', i)}"


def _read_task(task: dict[str, Any], i: int, source: Source) -> MarkedVideos:
    where = _where(task, i, source)
    data = task.get("data")
    if not isinstance(data, dict):
        raise InvalidValue(f'{where}: expected an object under "data"')
    values = checked_heading(where, data[MARKER]) if MARKER in data else {}
    name = values.get("video") or _name(where, data)
    own = values.get("fps") or read_rate(where, data)
    marks: list[Mark] = []
    for k, region in enumerate(_regions(task, where)):
        marks += _read_region(region, f"{where}, region {k}", name, own, source)
    return one_video(values, name, tuple(marks), own)


def _name(where: str, data: dict[str, Any]) -> str:
    name = data.get("name") or PurePosixPath(str(data.get("video", ""))).stem
    if not isinstance(name, str) or not name:
        raise InvalidValue(f'{where}: neither "name" nor "video" says which video it is')
    return name if data.get("name") else _UPLOAD.sub("", name)


def _regions(task: dict[str, Any], where: str) -> list[Any]:
    """Regions of the annotation that counts, or else of the last prediction."""
    found = _annotations(task)
    if len(found) > 1:
        found = [one for one in found if one.get("ground_truth")]
        if len(found) != 1:
            raise InvalidValue(
                f"{where}: several annotations; mark one of them as ground truth in Label Studio"
            )
    predictions = task.get("predictions") or []
    chosen = found or (predictions[-1:] if isinstance(predictions, list) else [])
    if not chosen:
        return []
    regions = chosen[0].get("result") if isinstance(chosen[0], dict) else None
    if not isinstance(regions, list):
        raise InvalidValue(f'{where}: expected a list of regions under "result"')
    return regions


def _read_region(
    region: Any, where: str, video: str, own: FrameRate | None, source: Source
) -> Iterator[Mark]:
    """One mark for each label and range; None if the region is not a segment, such as a choice."""
    kind = _kind(region)
    if kind not in _SEGMENTS:
        return
    value = region.get("value")
    labels = value.get(kind) if isinstance(value, dict) else None
    if not isinstance(labels, list) or not labels:
        raise InvalidValue(f'{where}: expected a list of labels under "{kind}"')
    for label in labels:
        if kind == "labels":
            times = (value.get("start"), value.get("end"))
            yield checked_mark(where, label, *times, region.get("score"))
            continue
        for span in _ranges(value, where):
            rate = source.rate_of(video, own, "Label Studio")
            first, last = seconds_at(span[0] - 1, rate), seconds_at(span[1], rate)
            yield checked_mark(where, label, first, last, region.get("score"))


def _ranges(value: dict[str, Any], where: str) -> list[tuple[int, int]]:
    spans = value.get("ranges")
    if not isinstance(spans, list) or not spans:
        raise InvalidValue(f'{where}: expected a list under "ranges"')
    return [_frames(span, where) for span in spans]


def _frames(span: Any, where: str) -> tuple[int, int]:
    found = span if isinstance(span, dict) else {}
    first, last = found.get("start"), found.get("end")
    if isinstance(first, int) and isinstance(last, int) and 1 <= first <= last <= _LAST_FRAME:
        return first, last
    raise InvalidValue(f"{where}: the range {shown(span)}; it must be frames, 1 <= start <= end")
