"""The ground truth of one subset as flat arrays, and the call that scores predictions with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from basnet_rt import _core
from basnet_rt._errors import InvalidType, InvalidValue
from basnet_rt._system.json_file import read_json
from basnet_rt.annotations import (
    AnnotationSet,
    VideoAnnotation,
    parse_activitynet,
    read_annotations,
)
from basnet_rt.results import Float64Array, Int64Array
from basnet_rt.tables.predictions import PredictionTable


@dataclass(frozen=True, eq=False)
class TruthTable:
    """N marked segments, in the order of the file.

    Attributes:
        videos: id by name, of every video of the subset.
        labels: id by name, of every label that has a segment; sorted.
        video_ids, label_ids: (N,) int64.
        segments: (N, 2) float64 seconds.
        durations: (V,) float64 seconds of the videos; NaN if the file has none.
    """

    videos: dict[str, int]
    labels: dict[str, int]
    video_ids: Int64Array
    label_ids: Int64Array
    segments: Float64Array
    durations: Float64Array

    def __len__(self) -> int:
        return len(self.segments)

    def score(
        self, table: PredictionTable, tiou_thresholds: list[float], num_threads: int
    ) -> tuple[Float64Array, Float64Array, float]:
        """AP (L, K), mAP (K,) and their average, by the core."""
        names = list(dict.fromkeys([*self.videos, *table.videos]))
        ids = {video: i for i, video in enumerate(names)}
        video_ids = _int64([ids[video] for video in table.videos])
        label_ids = _int64([self.labels.get(label, -1) for label in table.labels])
        return _core.evaluate(
            self.video_ids,
            self.label_ids,
            self.segments,
            video_ids[table.video_ids],
            label_ids[table.label_ids],
            table.segments,
            table.scores,
            len(self.labels),
            tiou_thresholds,
            names,
            num_threads,
        )


def truth_table(ground_truth: Any, subset: str | None) -> TruthTable:
    """The table of a path, the content of an ActivityNet file, or an `AnnotationSet`.

    Raises:
        TypeError: the ground truth has another kind.
        ValueError: as `read_annotations`, or the subset has no segments.
    """
    return table_of(annotations_of(ground_truth, subset), subset)


def table_of(annotations: AnnotationSet, subset: str | None) -> TruthTable:
    """The table of annotations that are already selected; `subset` is their name in messages.

    Raises:
        ValueError: there are no segments, or a video has a tag without a segment.
    """
    videos = list(annotations.videos.values())
    for video in videos:
        _check_segments_known(video)
    rows = [(i, one) for i, video in enumerate(videos) for one in video.segments]
    if not rows:
        which = "the ground truth" if subset is None else f"subset {subset!r}"
        raise InvalidValue(f"{which} has no segments; there is nothing to evaluate")
    labels = {label: i for i, label in enumerate(sorted({one.label for _, one in rows}))}
    return TruthTable(
        {video.name: i for i, video in enumerate(videos)},
        labels,
        _int64([i for i, _ in rows]),
        _int64([labels[one.label] for _, one in rows]),
        np.array([(one.start, one.end) for _, one in rows], np.float64),
        np.array([video.duration for video in videos], np.float64),
    )


def annotations_of(ground_truth: Any, subset: str | None) -> AnnotationSet:
    """The videos of the subset, from a path, the content of an ActivityNet file, or a set.

    Raises:
        TypeError: the ground truth has another kind.
        ValueError: as `read_annotations`.
    """
    if isinstance(ground_truth, (str, Path)):
        if Path(ground_truth).suffix.lower() == ".json":
            return _parse(read_json(ground_truth), subset, str(ground_truth))
        ground_truth = read_annotations(ground_truth)
    if isinstance(ground_truth, AnnotationSet):
        return ground_truth if subset is None else ground_truth.subset(subset)
    if not isinstance(ground_truth, Mapping):
        raise InvalidType(
            f"ground_truth is a {type(ground_truth).__name__}; it must be a path, a dictionary in "
            "ActivityNet form or an AnnotationSet"
        )
    return _parse(ground_truth, subset, "ground_truth")


def _parse(content: Any, subset: str | None, where: str) -> AnnotationSet:
    """Read annotations; only the subset's videos are checked."""
    database = content.get("database") if isinstance(content, Mapping) else None
    if subset is None or not isinstance(database, Mapping):
        return parse_activitynet(content, where)
    chosen = {
        name: entry
        for name, entry in database.items()
        if not isinstance(entry, Mapping) or _may_be_of(entry.get("subset"), subset)
    }
    if not chosen:  # the error names the existing subsets
        return parse_activitynet(content, where).subset(subset)
    return parse_activitynet({"database": chosen}, where)


def _may_be_of(found: Any, subset: str) -> bool:
    """Whether an entry is of the subset, or has no text for a subset, which is refused later."""
    return found == subset or not (found is None or isinstance(found, str))


def _check_segments_known(video: VideoAnnotation) -> None:
    lacking = set(video.tags) - {one.label for one in video.segments}
    if lacking:
        raise InvalidValue(
            f"video {video.name!r}: {sorted(lacking)} without a segment; evaluation needs them"
        )


def _int64(values: list[int]) -> Int64Array:
    return np.asarray(values, np.int64)
