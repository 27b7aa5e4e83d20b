"""ActivityNet's JSON: results ("results") and ground truth ("database"), many videos in one file.

Numbers read back exactly. Results carry scores and origin, no durations and no subsets; ground
truth carries durations, subsets and frame rates, no scores.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from basnet_rt._core import __version__
from basnet_rt._errors import InvalidType, InvalidValue
from basnet_rt._system.json_file import parse_json
from basnet_rt._system.shown import shown
from basnet_rt.annotations import parse_activitynet
from basnet_rt.formats.bridges import from_annotations
from basnet_rt.formats.heading import read_rate
from basnet_rt.formats.marks import Mark, MarkedVideos, VideoMarks, checked_mark
from basnet_rt.formats.source import Source
from basnet_rt.results import UNKNOWN_MODE
from basnet_rt.tables.predictions import prediction_table

UNFINISHED = "unfinished"  # beside "database": videos with only some segments reviewed
REJECTED = "rejected"  # in such a video: segments that are not of their class


def write_results(marked: MarkedVideos) -> Iterator[str]:
    """One video a line, for the evaluator of the challenge.

    Raises:
        ValueError: a segment has no score.
    """
    extractor = marked.provenance.get("feature_extractor", "unknown")
    head = {
        "version": f"basnet_rt {__version__}",
        "external_data": {"used": True, "details": f"features: {extractor}"},
        "basnet_rt": {"version": __version__, **marked.provenance},
    }
    yield from _entries(head, "results", {v: _records(v, m) for v, m in marked.videos.items()})


def write_ground_truth(marked: MarkedVideos) -> Iterator[str]:
    """One video a line; `basnet-train fit` and `basnet-rt evaluate` can read it."""
    simulated = {"simulated": True} if marked.provenance.get("simulated") else {}
    unfinished = {UNFINISHED: marked.unfinished} if marked.unfinished else {}
    head = {"version": f"basnet_rt {__version__}", **simulated, **unfinished}
    yield from _entries(head, "database", {v: _truth(m) for v, m in marked.videos.items()})


def read(text: str, source: Source) -> MarkedVideos:
    """Read either form, written by us or another program.

    Raises:
        ValueError: the text is not JSON, in neither form, or has a wrong entry; names the video.
    """
    content = parse_json(text, str(source.path))
    if isinstance(content, dict) and isinstance(content.get("database"), dict):
        return _read_ground_truth(content, source)
    if not isinstance(content, dict) or not isinstance(content.get("results"), dict):
        raise InvalidValue(f'{source.path}: expected an object with "results" or "database"')
    return _read_results(content, source)


def _entries(head: dict[str, Any], key: str, videos: Mapping[str, Any]) -> Iterator[str]:
    try:
        first = json.dumps(head, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InvalidType(
            f"provenance cannot be written as JSON: {error}; it may hold texts, finite numbers of "
            "Python, lists and dictionaries"
        ) from error
    yield first[:-1] + f', "{key}": {{'
    separator = "\n"
    for video, entry in videos.items():
        yield f"{separator}{json.dumps(video)}: {json.dumps(entry, allow_nan=False)}"
        separator = ",\n"
    yield "\n}}\n"


def _records(name: str, video: VideoMarks) -> list[dict[str, Any]]:
    for mark in video.marks:
        if mark.score is None:
            raise InvalidValue(
                f"video {shown(name)}: {shown(mark.label)} at {mark.start:g} s has no score; "
                "results need one, ground truth does not"
            )
    return [_record(mark) for mark in video.marks]


def _record(mark: Mark) -> dict[str, Any]:
    sure = {} if mark.confidence is None else {"confidence": mark.confidence}
    return {"label": mark.label, "score": mark.score, **sure, "segment": [mark.start, mark.end]}


def _truth(video: VideoMarks) -> dict[str, Any]:
    known = {
        "subset": video.subset,
        "duration": video.duration,
        "fps": None if video.rate is None else str(video.rate),
        "reviewed": video.reviewed or None,
    }
    marks = [{"label": mark.label, "segment": [mark.start, mark.end]} for mark in video.marks]
    return {**{k: v for k, v in known.items() if v is not None}, "annotations": marks}


def _read_ground_truth(content: dict[str, Any], source: Source) -> MarkedVideos:
    annotations = parse_activitynet(content, str(source.path))
    try:
        marked = from_annotations(annotations)
    except InvalidValue as error:
        raise InvalidValue(f"{source.path}: {error}") from error
    videos = {}
    for name, video in marked.videos.items():
        where = f"{source.path}: video {shown(name)}"
        marks = tuple(checked_mark(where, m.label, m.start, m.end) for m in video.marks)
        rate = read_rate(where, content["database"][name])
        videos[name] = VideoMarks(marks, video.duration, video.subset, rate, video.reviewed)
    origin = {"simulated": True} if content.get("simulated") is True else {}
    return MarkedVideos(videos, origin, unfinished=_unfinished(content, source))


def _unfinished(content: dict[str, Any], source: Source) -> dict[str, Any]:
    """The partly reviewed videos, unchanged, after a check of their segments."""
    entries = content.get(UNFINISHED, {})
    if not isinstance(entries, dict) or not all(isinstance(e, dict) for e in entries.values()):
        raise InvalidValue(f"{source.path}, {UNFINISHED}: expected an object of videos")
    for key in ("annotations", REJECTED):
        parsed = {name: {"annotations": entry.get(key, [])} for name, entry in entries.items()}
        parse_activitynet({"database": parsed}, f"{source.path}, {UNFINISHED}")
    return entries


def _read_results(content: dict[str, Any], source: Source) -> MarkedVideos:
    provenance = content.get("basnet_rt", {})
    if not isinstance(provenance, dict):
        raise InvalidValue(f'{source.path}: expected an object under "basnet_rt"')
    try:
        prediction_table(content)  # its error names the entry and the missing field
    except InvalidValue as error:
        raise InvalidValue(f"{source.path}: {error}") from error
    videos = {}
    for name, records in content["results"].items():
        marks = [
            _checked(f"{source.path}: video {shown(name)}, detection {i}", record)
            for i, record in enumerate(records)
        ]
        videos[name] = VideoMarks(tuple(marks))
    predicted = f"{source.path}: it holds the results of a model"
    return MarkedVideos(videos, {"mode": UNKNOWN_MODE, **provenance}, predicted=predicted)


def _checked(where: str, record: Mapping[str, Any]) -> Mark:
    start, end = record["segment"]
    sure = record.get("confidence")
    values = (str(record["label"]), start, end, record["score"])
    return checked_mark(where, *values, confidence=sure, least=-math.inf)
