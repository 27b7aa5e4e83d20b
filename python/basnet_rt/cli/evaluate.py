"""`basnet-rt evaluate`: mean average precision of a results file."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from basnet_rt._system.addresses import is_address
from basnet_rt._system.shown import shown
from basnet_rt._system.whole_file import refuse_input, write_whole
from basnet_rt.cli.common import Json, answer, failures, note
from basnet_rt.cli.evaluate_tables import duration_lines, error_lines, map_table, recall_lines
from basnet_rt.cli.scoring import (
    IgnoreLabels,
    OtherVideos,
    Protocol,
    Subset,
    UnknownLabels,
    VideoList,
    check_choices,
    check_subset,
    parse_thresholds,
    read_predictions,
)
from basnet_rt.evaluation.contradictions import contradictions
from basnet_rt.evaluation.reading import nearest_names
from basnet_rt.evaluation.report import DEFAULT_TIOU_THRESHOLDS, Report
from basnet_rt.evaluation.report import evaluate as score

__all__ = ["evaluate", "parse_thresholds"]

Predictions = Annotated[
    str,
    typer.Argument(
        help="Results: ActivityNet .json, our .csv, or the place of `localize --records`."
    ),
]
Errors = Annotated[
    bool, typer.Option("--errors", help="Kinds of errors, and the mAP lost to each.")
]
Durations = Annotated[bool, typer.Option("--durations", help="Recall of short and long segments.")]
ErrorTiou = Annotated[
    float, typer.Option(help="tIoU at which --errors counts a detection as correct.")
]
Outputs = Annotated[
    list[Path] | None,
    typer.Option("--output", "-o", help="Also write .json or .tex (booktabs); repeatable."),
]
TIOU_HELP = (
    "Thresholds: first:step:last, or a list with commas. Default: the protocol's, or 0.1:0.1:0.9."
)


@dataclass(frozen=True)
class Wanted:
    """The parts to show beside mAP."""

    per_class: bool
    errors: bool
    error_tiou: float
    recall: bool
    durations: bool


def evaluate(
    ground_truth: Annotated[Path, typer.Argument(help="Annotations in ActivityNet form.")],
    predictions: Predictions,
    subset: Subset = None,
    tiou: Annotated[str | None, typer.Option(help=TIOU_HELP)] = None,
    protocol: Protocol = None,
    ignore_label: IgnoreLabels = None,
    video_list: VideoList = None,
    unknown_labels: UnknownLabels = "error",
    other_videos: OtherVideos = "false_positive",
    per_class: Annotated[bool, typer.Option("--per-class", help="List every class.")] = False,
    errors: Errors = False,
    error_tiou: ErrorTiou = 0.5,
    recall: Annotated[bool, typer.Option("--recall", help="Recall at N.")] = False,
    durations: Durations = False,
    everything: Annotated[bool, typer.Option("--all", help="All of the four above.")] = False,
    output: Outputs = None,
    name: Annotated[
        str | None, typer.Option(help="Name of the row in the .tex; default: the results' name.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Score a results file: mAP at each tIoU threshold, in percent."""
    thresholds = DEFAULT_TIOU_THRESHOLDS if tiou is None else parse_thresholds(tiou)
    check_choices(unknown_labels, other_videos)
    _check_usage(output or [], error_tiou)
    chosen = (one or everything for one in (per_class, errors, recall, durations))
    wanted = Wanted(next(chosen), next(chosen), error_tiou, next(chosen), next(chosen))
    with failures():
        refuse_input(output or [], (ground_truth, predictions, video_list))
        check_subset(ground_truth, subset)
        content, simulated = _predictions(predictions)
        choices: dict[str, Any] = {
            "protocol": protocol,
            "ignore_labels": ignore_label or (),
            "videos": video_list,
            "unknown_labels": unknown_labels,
            "other_videos": other_videos,
        }
        report = score(ground_truth, content, subset=subset, tiou_thresholds=thresholds, **choices)
        lines, values = _findings(report, subset, simulated, wanted)
        for path in output or []:
            text = report.to_latex(name or Path(predictions).stem)
            write_whole(path, [text if path.suffix == ".tex" else json.dumps(values) + "\n"])
        _note_mismatch(report, contradictions(ground_truth, subset), subset, other_videos)
    answer(values, lines, as_json)


def _predictions(given: str) -> tuple[Any, bool]:
    """The predictions in a file, or in records (a folder or an address)."""
    if not is_address(given) and not Path(given).is_dir():
        return read_predictions(Path(given))
    from basnet_rt.cluster import read_records

    found = read_records(given)
    return found.detections, found.simulated


def _note_mismatch(
    report: Report, odd: Iterable[str], subset: str | None, other_videos: str
) -> None:
    """Print notes on what does not fit in the annotations, or between them and predictions."""
    for said in odd:
        note(f"warning: {said}")
    which = "the annotations" if subset is None else repr(subset)
    outside, absent = _examples(report)
    if report.num_outside:
        note(
            f"note: {report.num_outside} videos with predictions are not in {which} "
            f"({other_videos}){outside}"
        )
    late, ratio = report.ends_after_video
    if late:
        note(
            f"warning: detections of {late} videos end after the video does, up to {ratio:.3g} "
            "times its duration: their times are of another frame rate, or the durations of the "
            "annotations are wrong"
        )
    early, ratio = report.ends_before_middle
    if early:
        note(
            f"warning: the detections of all {early} videos end in the first half of the video: "
            f"its annotated duration is {ratio:.3g} times their end (median). Are durations and "
            "segments in seconds, and the results of the rate of these videos?"
        )
    if report.num_absent:
        note(
            f"note: {report.num_absent} of {report.num_videos} videos of {which} have no entry "
            f"in the predictions{absent}; their segments count as missed"
        )


def _examples(report: Report) -> tuple[str, str]:
    """A name that only the predictions have and one that only the annotations have; alike ones."""
    given = report.inputs
    if given is None:
        return "", ""
    outside, absent = given.outside[:1], given.absent[:1]
    if outside and absent:
        theirs, ours = nearest_names(given.outside, given.absent)
        outside, absent = [theirs], [ours]
    said = [f", such as {shown(names[0])}" if names else "" for names in (outside, absent)]
    return said[0], said[1]


def _findings(
    report: Report, subset: str | None, simulated: bool, wanted: Wanted
) -> tuple[list[str], dict[str, Any]]:
    """The wanted parts, as lines for people and as plain values."""
    lines = map_table(report, subset or "all videos", simulated, wanted.per_class)
    values = {"subset": subset, "simulated": simulated, **report.to_dict()}
    if wanted.errors:
        profile = report.errors(tiou_threshold=wanted.error_tiou)
        lines += error_lines(profile)
        values["errors"] = profile.to_dict()
    if wanted.recall:
        curve = report.recall()
        lines += recall_lines(curve)
        values["recall"] = curve.to_dict()
    if wanted.durations:
        breakdowns = [report.by_duration()]
        if report.has_durations:
            breakdowns.append(report.by_coverage())
        for one in breakdowns:
            lines += duration_lines(one)
            values[f"by_{one.quantity}"] = one.to_dict()
    return lines, values


def _check_usage(paths: list[Path], error_tiou: float) -> None:
    if not 0.1 <= error_tiou <= 1:
        raise typer.BadParameter(f"--error-tiou {error_tiou}: expected a number from 0.1 to 1")
    for path in paths:
        if path.suffix not in (".json", ".tex"):
            raise typer.BadParameter(f"--output {path}: expected a name ending in .json or .tex")
