"""`basnet-rt evaluate`: mean average precision of a results file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from basnet_rt._json_file import read_json
from basnet_rt.cli.common import Json, answer, failures, note
from basnet_rt.evaluation import Report
from basnet_rt.evaluation import evaluate as score
from basnet_rt.result_files import read_results

LABEL_WIDTH = 24


def evaluate(
    ground_truth: Annotated[Path, typer.Argument(help="Annotations in ActivityNet form.")],
    predictions: Annotated[Path, typer.Argument(help="Results: ActivityNet .json, or our .csv.")],
    subset: Annotated[str, typer.Option("--subset", "-s", help="Of the annotations.")],
    tiou: Annotated[
        str, typer.Option(help="Thresholds: first:step:last, or a list with commas.")
    ] = "0.1:0.1:0.9",
    unknown_labels: Annotated[
        str, typer.Option(help="Labels the ground truth lacks: error or ignore.")
    ] = "error",
    other_videos: Annotated[
        str, typer.Option(help="Videos outside the subset: false_positive, ignore or error.")
    ] = "false_positive",
    per_class: Annotated[bool, typer.Option("--per-class", help="List every class.")] = False,
    as_json: Json = False,
) -> None:
    """Score a results file: mAP at each tIoU threshold, in percent."""
    thresholds = parse_thresholds(tiou)
    for name, value, allowed in (
        ("--unknown-labels", unknown_labels, ("error", "ignore")),
        ("--other-videos", other_videos, ("false_positive", "ignore", "error")),
    ):
        if value not in allowed:
            raise typer.BadParameter(f"{name} {value}: expected one of {', '.join(allowed)}")
    with failures():
        content, simulated = _read(predictions)
        choices: dict[str, Any] = {"unknown_labels": unknown_labels, "other_videos": other_videos}
        report = score(ground_truth, content, subset=subset, tiou_thresholds=thresholds, **choices)
    if report.num_outside:
        note(
            f"note: {report.num_outside} videos with predictions are not in {subset!r} "
            f"({other_videos})"
        )
    values = {"subset": subset, "simulated": simulated, **report.to_dict()}
    answer(values, table(report, subset, simulated, per_class), as_json)


def parse_thresholds(text: str) -> list[float]:
    """ "0.1:0.1:0.7" or "0.3,0.5"; rounded, so that 0.1 * 3 is 0.3."""
    try:
        if ":" not in text:
            return [float(part) for part in text.split(",")]
        first, step, last = (float(part) for part in text.split(":"))
        steps = np.arange(round((last - first) / step) + 1)
        return [round(value, 9) for value in (first + steps * step).tolist()]
    except (ValueError, ZeroDivisionError, OverflowError) as error:
        raise typer.BadParameter(f"--tiou {text}: expected first:step:last or a list") from error


def table(report: Report, subset: str, simulated: bool, per_class: bool) -> list[str]:
    """The report, for people."""
    head = (
        f"{subset}: {report.num_videos} videos, {report.num_truths} segments of "
        f"{len(report.labels)} classes, {report.num_detections} detections"
    )
    levels = "".join(f"{level:7.2f}" for level in report.tiou_thresholds)
    lines = [
        head + (" (simulated)" if simulated else ""),
        f"{'tIoU':<{LABEL_WIDTH}}{levels}   mean",
    ]
    rows = [("mAP (%)", report.map)]
    if per_class:
        rows += list(zip(report.labels, report.ap, strict=True))
    for label, values in rows:
        cells = "".join(f"{100 * value:7.2f}" for value in [*values, values.mean()])
        lines.append(f"{label[:LABEL_WIDTH]:<{LABEL_WIDTH}}{cells}")
    return lines


def _read(path: Path) -> tuple[Any, bool]:
    """The predictions, and whether they say that they are simulated."""
    if path.suffix == ".csv":
        found = read_results(path)
        return found.detections, found.simulated
    content = read_json(path)
    if not isinstance(content, dict) or not isinstance(content.get("results"), dict):
        return path, False  # `evaluate` says what is wrong
    notes = content.get("basnet_rt")
    return content, bool(isinstance(notes, dict) and notes.get("simulated"))
