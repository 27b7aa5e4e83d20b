"""Converts between marks and the results and annotations of the rest of the package."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from basnet_rt._errors import InvalidType, InvalidValue
from basnet_rt._system.shown import shown, shown_all
from basnet_rt.annotations import AnnotationSet, Segment, VideoAnnotation
from basnet_rt.formats.marks import Mark, MarkedVideos, VideoMarks
from basnet_rt.results import UNKNOWN_MODE, Detections, Float64Array, check_detections

SUGGESTED = "suggested_confidence"  # {class: lowest confidence of an event} in the provenance
SNIPPET_SECONDS = "snippet_seconds"


def from_results(
    detections: Mapping[str, Detections], provenance: Mapping[str, Any] | None = None
) -> MarkedVideos:
    """Marks from detections; if class names are not known, the label is the index.

    Raises:
        ValueError: the detections have different modes, or one fails `results.check_detections`.
        TypeError: they are no mapping to `Detections`.
    """
    if not isinstance(detections, Mapping):
        kind = type(detections).__name__
        raise InvalidType(f"detections is a {kind}; it must be a dict of video to Detections")
    videos = {}
    for video, found in detections.items():
        check_detections(found, f"video {shown(video)}")
        marks = (
            Mark(
                str(one.label) if one.name is None else one.name,
                one.start,
                one.end,
                one.score,
                one.confidence,
            )
            for one in found
        )
        videos[video] = VideoMarks(tuple(marks))
    modes = sorted({found.mode for found in detections.values()})
    if len(modes) > 1:
        raise InvalidValue(f"results of the modes {modes} do not belong in one file")
    mode = {"mode": modes[0]} if modes else {}
    return MarkedVideos(videos, {**mode, **_for_events(detections), **(provenance or {})})


def _for_events(detections: Mapping[str, Detections]) -> dict[str, Any]:
    """Thresholds and the length of a snippet, so that a reader of the file gets the same events."""
    every = list(detections.values())
    about: dict[str, Any] = {}
    seconds = {found.snippet_seconds for found in every}
    if len(seconds) == 1 and None not in seconds:
        about[SNIPPET_SECONDS] = seconds.pop()
    known = [one for one in every if one.suggested is not None and one.classes is not None]
    if every and len(known) == len(every):
        first = known[0]
        about[SUGGESTED] = dict(zip(first.classes or (), _plain(first.suggested), strict=True))
    return about


def _plain(values: Any) -> list[float]:
    return [float(value) for value in values]


def events_of(marked: MarkedVideos) -> MarkedVideos:
    """Results reduced to events; a video with a mark without a score is not changed.

    The rule is that of `Detections.events`, with the thresholds suggested in the results.
    """
    classes = marked.labels
    ids = {name: i for i, name in enumerate(classes)}
    suggested, seconds = suggested_of(marked.provenance, classes), seconds_of(marked.provenance)
    videos = {}
    for name, video in marked.videos.items():
        if any(mark.score is None for mark in video.marks):
            videos[name] = video
            continue
        found = replace(_columns(video.marks, ids), suggested=suggested, snippet_seconds=seconds)
        marks = tuple(video.marks[row] for row in found.event_rows().tolist())
        videos[name] = replace(video, marks=marks)
    return replace(marked, videos=videos)


def suggested_of(provenance: Mapping[str, Any], classes: tuple[str, ...]) -> Float64Array | None:
    """(C,) lowest confidence of an event, if results have it; 0 for a class without an entry."""
    values = provenance.get(SUGGESTED)
    if not isinstance(values, Mapping):
        return None
    found = [values.get(name, 0.0) for name in classes]
    if not all(_is_number(value) and 0 <= value <= 1 for value in found):
        return None
    return np.array(found, np.float64)


def seconds_of(provenance: Mapping[str, Any]) -> float | None:
    """The length of a snippet, if results have it."""
    value: Any = provenance.get(SNIPPET_SECONDS)
    return float(value) if _is_number(value) and value > 0 else None


def _is_number(value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and abs(value) < math.inf


def _columns(marks: tuple[Mark, ...], ids: Mapping[str, int]) -> Detections:
    """Marks with scores, in their order."""
    sure = [mark.confidence for mark in marks]
    return Detections(
        np.array([ids[mark.label] for mark in marks], np.int64),
        np.array([mark.score for mark in marks], np.float32),
        np.array([(mark.start, mark.end) for mark in marks], np.float64).reshape(-1, 2),
        confidence=np.array(sure, np.float64) if None not in sure and sure else None,
    )


def to_results(marked: MarkedVideos) -> dict[str, Detections]:
    """Detections by falling score; equal ones as in the file.

    Raises:
        ValueError: a segment has no score; names it.
    """
    classes = marked.labels
    ids = {name: i for i, name in enumerate(classes)}
    about: dict[str, Any] = {
        "mode": str(marked.provenance.get("mode", UNKNOWN_MODE)),
        "classes": classes,
        "suggested": suggested_of(marked.provenance, classes),
        "snippet_seconds": seconds_of(marked.provenance),
    }
    return {name: _detections(name, video, ids, about) for name, video in marked.videos.items()}


def from_annotations(annotations: AnnotationSet) -> MarkedVideos:
    """Marks from annotations.

    Raises:
        ValueError: a video has a tag without a segment, which no format of segments can hold.
    """
    videos = {}
    for name, video in annotations.videos.items():
        lacking = sorted(set(video.tags) - {segment.label for segment in video.segments})
        if lacking:
            raise InvalidValue(f"video {shown(name)}: {shown_all(lacking)} without a segment")
        marks = tuple(Mark(one.label, one.start, one.end) for one in video.segments)
        videos[name] = VideoMarks(marks, video.duration, video.subset, reviewed=video.reviewed)
    return MarkedVideos(videos)


def to_annotations(marked: MarkedVideos) -> AnnotationSet:
    """Annotations for training and evaluation; scores are left out."""
    videos = {}
    for name, video in marked.videos.items():
        segments = tuple(Segment(mark.label, mark.start, mark.end) for mark in video.marks)
        tags = tuple(sorted({segment.label for segment in segments}))
        videos[name] = VideoAnnotation(
            name, tags, segments, video.subset, video.duration, video.reviewed
        )
    return AnnotationSet(videos, bool(marked.provenance.get("simulated", False)))


def _detections(
    name: str, video: VideoMarks, ids: Mapping[str, int], about: Mapping[str, Any]
) -> Detections:
    for mark in video.marks:
        if mark.score is None:
            raise InvalidValue(
                f"video {shown(name)}: {shown(mark.label)} at {mark.start:g} s has no score; "
                "results need one, annotations do not"
            )
    found = replace(_columns(video.marks, ids), **about)
    return found[np.argsort(-found.scores, kind="stable")]
