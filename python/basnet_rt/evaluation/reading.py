"""Reads the input of an evaluation: files or objects become checked tables."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from basnet_rt._errors import InvalidType, InvalidValue
from basnet_rt._system.json_file import read_json
from basnet_rt._system.shown import shown, shown_all
from basnet_rt.annotations import AnnotationSet, read_split
from basnet_rt.evaluation.inputs import EvaluationInput
from basnet_rt.evaluation.protocols import protocol_named
from basnet_rt.formats.result_files import check_numbers, read_results
from basnet_rt.tables.predictions import PredictionTable, prediction_table
from basnet_rt.tables.truth import TruthTable, annotations_of, table_of

UNKNOWN_LABELS = ("error", "ignore")
OTHER_VIDEOS = ("false_positive", "ignore", "error")


@dataclass(frozen=True)
class Convention:
    """The videos and labels that count: all of the subset by default.

    Attributes:
        protocol: a name of `protocols.PROTOCOLS`.
        ignore_labels: labels to leave out of ground truth and predictions.
        videos: count only these; a list, or a file that names one a line.
    """

    protocol: str | None = None
    ignore_labels: Sequence[str] = ()
    videos: Sequence[str] | str | Path | None = None


class ResultContent(dict[str, Any]):
    """The content of a results file, with its path for messages."""

    def __init__(self, content: dict[str, Any], path: Path) -> None:
        super().__init__(content)
        self.path = path


def evaluation_input(
    ground_truth: Any,
    predictions: Any,
    subset: str | None,
    unknown_labels: str = "error",
    other_videos: str = "false_positive",
    convention: Convention | None = None,
) -> EvaluationInput:
    """Read and check both; arguments and errors are those of `evaluate`.

    Args:
        ground_truth: may also be a `TruthTable`.
    """
    _check_choice("unknown_labels", unknown_labels, UNKNOWN_LABELS)
    _check_choice("other_videos", other_videos, OTHER_VIDEOS)
    convention = convention or Convention()
    table = _table(predictions)
    if isinstance(ground_truth, TruthTable):
        truth = ground_truth
    else:
        annotations = annotations_of(ground_truth, subset)
        known = {*annotations.classes, *map(str, table.labels)}
        check_labels_to_ignore(convention.ignore_labels, known, "predictions")
        truth = table_of(counted(annotations, convention), subset)
        if convention.videos is not None:
            table = _without_left_out(table, annotations, truth)
    table = _without_labels(table, convention.ignore_labels)
    outside = [video for video in table.videos_with_rows() if video not in truth.videos]
    _check_any_inside(table, truth, outside)
    table = _without_other_videos(table, truth, outside, other_videos)
    table = _without_unknown_labels(table, truth, unknown_labels)
    named = set(table.videos)
    return EvaluationInput(truth, table, outside, [v for v in truth.videos if v not in named])


def counted(annotations: AnnotationSet, convention: Convention) -> AnnotationSet:
    """The annotations that count.

    Raises:
        ValueError: a listed video is not annotated, or the protocol is unknown or does not fit.
    """
    if convention.videos is not None:
        chosen = convention.videos
        names = read_split(chosen) if isinstance(chosen, (str, Path)) else tuple(chosen)
        annotations = annotations.select(names)
    protocol = protocol_named(convention.protocol)
    if protocol is not None:
        annotations = protocol.apply(annotations)
    return annotations.without_labels(convention.ignore_labels)


def _table(predictions: Any) -> PredictionTable:
    content = _content(predictions)
    where = predictions if content is not predictions else getattr(predictions, "path", None)
    try:
        table = prediction_table(content)
        if where is not None:
            check_numbers(table)
        return table
    except InvalidValue as error:
        if where is None:
            raise
        raise InvalidValue(f"{where}: {error}") from error


def _content(predictions: Any) -> Any:
    if not isinstance(predictions, (str, Path)):
        return predictions
    if Path(predictions).suffix == ".csv":
        return read_results(predictions).detections
    content = read_json(predictions)
    if not isinstance(content, dict) or not isinstance(content.get("results"), dict):
        raise InvalidValue(f'{predictions}: expected an object with "results"')
    return content


def check_labels_to_ignore(labels: Any, known: Collection[str], results: str) -> None:
    """Refuse what names no label of the ground truth or of the results."""
    if isinstance(labels, str) or not isinstance(labels, Collection):
        raise InvalidType(f"ignore_labels is {labels!r}; it must be a list of labels")
    for label in labels:
        if label not in known:
            raise InvalidValue(
                f"ignore_labels names {shown(label)}, which neither the ground truth nor the "
                f"{results} have; {_meant(str(label), sorted(known))}"
            )


def _meant(label: str, known: Sequence[str]) -> str:
    """The known labels that are most like this one, whatever their case; or some of them."""
    folded = {one.casefold(): one for one in known}
    near = difflib.get_close_matches(label.casefold(), folded, n=1)
    if near:
        return f"did you mean {shown(folded[near[0]])}?"
    return f"they have labels such as {shown_all(known, 5)}"


def _without_labels(table: PredictionTable, labels: Sequence[str]) -> PredictionTable:
    if not labels:
        return table
    ignored = np.array([label in labels for label in table.labels], np.bool_)
    return table.select(~ignored[table.label_ids])


def _without_left_out(
    table: PredictionTable, annotations: AnnotationSet, truth: TruthTable
) -> PredictionTable:
    """The predictions without the videos of the subset that are not in the list of videos."""
    asked = np.array([v in truth.videos or v not in annotations.videos for v in table.videos])
    return table.select(asked[table.video_ids])


def _check_any_inside(table: PredictionTable, truth: TruthTable, outside: list[str]) -> None:
    """Refuse predictions if none of their videos is in the subset: the names must be wrong."""
    if not outside or len(outside) < len(table.videos_with_rows()):
        return
    theirs, ours = nearest_names(outside, list(truth.videos))
    raise InvalidValue(
        f"none of the {len(outside)} videos with predictions is in the subset: the predictions "
        f"name {shown(theirs)}, the annotations {shown(ours)}; give both the same names"
    )


def nearest_names(some: Sequence[str], others: Sequence[str]) -> tuple[str, str]:
    """One name of each side: the first two that are alike in any case, if any are."""
    folded = [(other, other.casefold()) for other in others]
    for name in some[:20]:
        whole = name.casefold()
        stem = whole.rsplit("/", 1)[-1].rsplit(".", 1)[0].strip()
        for other, same in folded:
            if stem and (stem in same or same in whole):
                return name, other
    return some[0], others[0]


def _without_other_videos(
    table: PredictionTable, truth: TruthTable, outside: list[str], choice: str
) -> PredictionTable:
    if not outside or choice == "false_positive":
        return table
    if choice == "error":
        raise InvalidValue(
            f"{len(outside)} videos with predictions are not in the subset, such as "
            f"{shown_all(outside)}"
        )
    inside = np.array([video in truth.videos for video in table.videos])
    return table.select(inside[table.video_ids])


def _without_unknown_labels(
    table: PredictionTable, truth: TruthTable, choice: str
) -> PredictionTable:
    unknown = np.array([label not in truth.labels for label in table.labels], np.bool_)
    rows = unknown[table.label_ids]
    if not rows.any():
        return table
    if choice == "ignore":
        return table.select(~rows)
    row = int(np.argmax(rows))
    label = table.labels[table.label_ids[row]]
    near = difflib.get_close_matches(str(label), truth.labels, n=3) or list(truth.labels)
    raise InvalidValue(
        f"{table.place(row)}: label {shown(label)} is not in the ground truth of the subset, which "
        f"has {len(truth.labels)}, such as {shown_all(near)}; "
        'unknown_labels="ignore" (--unknown-labels ignore) leaves such rows out'
    )


def _check_choice(name: str, value: Any, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise InvalidValue(f"{name} is {value!r}; it must be one of {', '.join(allowed)}")
