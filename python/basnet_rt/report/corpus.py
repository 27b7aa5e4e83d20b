"""Everything that a report is about, gathered from files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from basnet_rt._errors import InvalidValue
from basnet_rt._system.shown import shown, shown_all
from basnet_rt.activation_files import ActivationFolder, Activations
from basnet_rt.annotations import AnnotationSet, read_annotations
from basnet_rt.evaluation.report import DEFAULT_TIOU_THRESHOLDS
from basnet_rt.formats.result_files import ResultFile, read_results
from basnet_rt.report.judging import Bools, Judgement, judge
from basnet_rt.report.media import Media, find_media, recorded_media, recorded_offset
from basnet_rt.results import Detections, Float64Array, Int64Array
from basnet_rt.tables.predictions import PredictionTable, prediction_table


@dataclass(frozen=True)
class Video:
    """One video: its length in seconds if known, its pictures and its activations."""

    name: str
    duration: float | None
    media: Media | None = None
    activations: ActivationFolder | None = None

    def read_activations(self) -> Activations | None:
        """None if the video has none; a damaged file is a ValueError."""
        return None if self.activations is None else self.activations.read(self.name)


@dataclass(frozen=True, eq=False)
class Corpus:
    """The videos of a results file, with everything known about each.

    Attributes:
        videos: in the order of the results, then those that are only annotated.
        table: every detection; its `videos` are in that order.
        events: (N,) bool, the detections that are events, with any confidence.
        suggested: (N,) bool, the events with at least the confidence that their model suggests.
        confidence: (N,) float64; NaN for a model that is not calibrated.
        judgement: None without ground truth.
        provenance: the origin of the results.
    """

    videos: tuple[Video, ...]
    table: PredictionTable
    events: Bools
    suggested: Bools
    confidence: Float64Array
    judgement: Judgement | None
    provenance: Mapping[str, Any] = field(default_factory=dict)


def gather(
    results: str | Path | ResultFile,
    *,
    ground_truth: str | Path | AnnotationSet | None = None,
    subset: str | None = None,
    activations: str | Path | None = None,
    media: Sequence[str] = (),
    embed_media: bool = False,
    select: Sequence[str] = (),
    tiou_thresholds: Sequence[float] = DEFAULT_TIOU_THRESHOLDS,
) -> Corpus:
    """Read and evaluate results; nothing is drawn here.

    Args:
        results: a path for `read_results`, or its result.
        ground_truth: annotations with segments.
        subset: of the annotations; None: the one with the results' videos.
        activations: the folder of `basnet-rt localize --save-activations`.
        media: URLs, files and folders of videos; see `find_media`. Empty: the files that the
            results record, if they still exist; never an address.
        embed_media: whether to put the video files into the page.
        select: names of videos; empty: all.
        tiou_thresholds: the thresholds for evaluation.

    Raises:
        ValueError: a file is absent or of another form; a name is unknown; the results' videos are
            in several subsets and `subset` is None; or a recorded video to embed is outside of the
            results' folder.
    """
    found = results if isinstance(results, ResultFile) else read_results(results)
    marked = _annotations(ground_truth, subset, found.detections)
    names = _names(found, marked, select)
    none = Detections(np.zeros(0, np.int64), np.zeros(0, np.float32), np.zeros((0, 2)), classes=())
    detections = {name: found.detections.get(name, none) for name in names}
    table = prediction_table(detections)
    folder = None if activations is None else _folder(activations, names)
    if not media and not isinstance(results, ResultFile):
        media = recorded_media(found.provenance, Path(results), names, embed=embed_media)
    moving = {
        name: replace(one, offset=recorded_offset(found.provenance, name))
        for name, one in find_media(media, names, embed=embed_media).items()
    }
    known = {} if marked is None else marked.videos
    videos = tuple(
        Video(
            name,
            known[name].duration if name in known else None,
            moving.get(name),
            folder if folder is not None and name in folder else None,
        )
        for name in names
    )
    chosen = None if marked is None else _of(marked, names)
    events = _flags(detections, lambda one: one.event_rows(None if one.confidence is None else 0.0))
    suggested = _flags(detections, lambda one: one.event_rows()) & events
    judgement = None
    if chosen is not None:
        judgement = judge(chosen, detections, table, events, tiou_thresholds)
    confidence = np.concatenate([_confidence(one) for one in detections.values()])
    return Corpus(videos, table, events, suggested, confidence, judgement, found.provenance)


def _flags(detections: Mapping[str, Detections], rows: Callable[[Detections], Int64Array]) -> Bools:
    """(N,) true where `rows` chooses a video's detection, in the order of the table."""
    parts = []
    for one in detections.values():
        part = np.zeros(len(one), np.bool_)
        part[rows(one)] = True
        parts.append(part)
    return np.concatenate(parts)


def _confidence(one: Detections) -> Float64Array:
    return np.full(len(one), np.nan) if one.confidence is None else one.confidence


def _annotations(
    given: str | Path | AnnotationSet | None, subset: str | None, detections: Mapping[str, Any]
) -> AnnotationSet | None:
    """The requested subset, or the only one with videos of the results."""
    if given is None:
        if subset is not None:
            raise InvalidValue(f"subset is {subset!r}, and there is no ground truth")
        return None
    marked = given if isinstance(given, AnnotationSet) else read_annotations(given)
    if subset is not None:
        return marked.subset(subset)
    subsets = {marked.videos[name].subset for name in detections if name in marked.videos}
    if not subsets:
        raise InvalidValue("the ground truth has none of the videos of the results")
    if len(subsets) > 1:
        raise InvalidValue(
            f"the results' videos are in the subsets {sorted(map(str, subsets))} of the ground "
            "truth; say which with subset"
        )
    (only,) = subsets
    return marked if only is None else marked.subset(only)


def _names(found: ResultFile, marked: AnnotationSet | None, select: Sequence[str]) -> list[str]:
    every = list(dict.fromkeys([*found.detections, *(marked.videos if marked else ())]))
    unknown = sorted(set(select) - set(every))
    if unknown:
        raise InvalidValue(
            f"no video {shown(unknown[0])} in the results; they have {shown_all(every)} .."
        )
    names = [name for name in every if name in set(select)] if select else every
    if not names:
        raise InvalidValue("the results hold no video; there is nothing to show")
    return names


def _of(marked: AnnotationSet, names: Sequence[str]) -> AnnotationSet | None:
    """The annotated videos with these names; None if they have no segment."""
    chosen = marked.select([name for name in names if name in marked.videos])
    return chosen if any(video.segments for video in chosen.videos.values()) else None


def _folder(path: str | Path, names: Sequence[str]) -> ActivationFolder:
    if not Path(path).is_dir():
        raise InvalidValue(f"--activations {path}: no such folder")
    found = ActivationFolder(path)
    if names and not any(name in found for name in names):
        raise InvalidValue(
            f"--activations {path}: has activations of none of the videos, such as "
            f"{found.file_of(names[0]).name}; give the folder of localize --save-activations"
        )
    return found
