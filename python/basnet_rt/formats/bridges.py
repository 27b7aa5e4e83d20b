"""Converts between marks and the results and annotations of the rest of the package."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from basnet_rt._errors import InvalidValue
from basnet_rt.annotations import AnnotationSet, Segment, VideoAnnotation
from basnet_rt.formats.marks import Mark, MarkedVideos, VideoMarks
from basnet_rt.results import UNKNOWN_MODE, Detections


def from_results(
    detections: Mapping[str, Detections], provenance: Mapping[str, Any] | None = None
) -> MarkedVideos:
    """Detections; where no class names are known, the label is the index.

    Raises:
        ValueError: they were not all made in one mode.
    """
    videos = {}
    for video, found in detections.items():
        marks = (
            Mark(str(one.label) if one.name is None else one.name, one.start, one.end, one.score)
            for one in found
        )
        videos[video] = VideoMarks(tuple(marks))
    modes = sorted({found.mode for found in detections.values()})
    if len(modes) > 1:
        raise InvalidValue(f"results of the modes {modes} do not belong in one file")
    return MarkedVideos(videos, {**({"mode": modes[0]} if modes else {}), **(provenance or {})})


def to_results(marked: MarkedVideos) -> dict[str, Detections]:
    """Detections by falling score; equal ones as in the file.

    Raises:
        ValueError: a segment has no score; names it.
    """
    classes = marked.labels
    ids = {name: i for i, name in enumerate(classes)}
    mode = str(marked.provenance.get("mode", UNKNOWN_MODE))
    return {
        name: _detections(name, video, ids, mode, classes) for name, video in marked.videos.items()
    }


def from_annotations(annotations: AnnotationSet) -> MarkedVideos:
    """Marked segments.

    Raises:
        ValueError: a video has a tag without a segment, which no format of segments can carry.
    """
    videos = {}
    for name, video in annotations.videos.items():
        lacking = sorted(set(video.tags) - {segment.label for segment in video.segments})
        if lacking:
            raise InvalidValue(f"video {name!r}: {lacking} without a segment")
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
    name: str, video: VideoMarks, ids: Mapping[str, int], mode: str, classes: tuple[str, ...]
) -> Detections:
    for mark in video.marks:
        if mark.score is None:
            raise InvalidValue(
                f"video {name!r}: {mark.label!r} at {mark.start:g} s has no score; results need "
                "one, annotations do not"
            )
    scores = np.array([mark.score for mark in video.marks], np.float32)
    order = np.argsort(-scores, kind="stable")
    labels = np.array([ids[mark.label] for mark in video.marks], np.int64)
    segments = np.array([(mark.start, mark.end) for mark in video.marks], np.float64)
    return Detections(labels[order], scores[order], segments.reshape(-1, 2)[order], mode, classes)
