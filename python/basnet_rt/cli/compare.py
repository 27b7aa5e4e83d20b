"""`basnet-rt compare`: is one results file better than another, and where."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from basnet_rt.analysis.comparison import AVERAGE, Comparison, Difference
from basnet_rt.analysis.comparison import compare as compare_predictions
from basnet_rt.analysis.influence import VideoChange
from basnet_rt.cli.common import Bar, Json, answer, failures
from basnet_rt.cli.scoring import (
    OtherVideos,
    Subset,
    Tiou,
    UnknownLabels,
    check_choices,
    check_subset,
    parse_thresholds,
    read_predictions,
)
from basnet_rt.evaluation.report import Predictions

LABEL_WIDTH = 28


def compare(
    a: Annotated[Path, typer.Argument(help="Results: ActivityNet .json, or our .csv.")],
    b: Annotated[Path, typer.Argument(help="Results to compare with A's.")],
    ground_truth: Annotated[
        Path, typer.Option("--ground-truth", "-g", help="Annotations in ActivityNet form.")
    ],
    subset: Subset = None,
    tiou: Tiou = "0.1:0.1:0.9",
    unknown_labels: UnknownLabels = "error",
    other_videos: OtherVideos = "false_positive",
    resamples: Annotated[int, typer.Option(min=1, help="Bootstrap samples of videos.")] = 1000,
    confidence: Annotated[float, typer.Option(help="Confidence level of the intervals.")] = 0.95,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the samples.")] = 0,
    videos: Annotated[int, typer.Option(min=0, help="Number of videos to name.")] = 10,
    classes: Annotated[int, typer.Option(min=0, help="Number of classes to list.")] = 10,
    as_json: Json = False,
) -> None:
    """Compare two results files: differences of mAP with bootstrap intervals, in percent.

    Videos are sampled with replacement, the same for both files. "not so" is the share of samples
    in which the difference is zero or has the opposite sign.
    """
    thresholds = parse_thresholds(tiou)
    check_choices(unknown_labels, other_videos)
    if not 0 < confidence < 1:
        raise typer.BadParameter(f"--confidence {confidence}: expected a number between 0 and 1")
    bar = Bar("compare")
    with failures():
        check_subset(ground_truth, subset)
        try:
            found, simulated = _compare(
                (a, b),
                ground_truth,
                subset=subset,
                tiou_thresholds=thresholds,
                unknown_labels=unknown_labels,
                other_videos=other_videos,
                resamples=resamples,
                confidence=confidence,
                seed=seed,
                num_videos=videos,
                advance=bar.advance,
            )
        finally:
            bar.close()
    values = {"a": str(a), "b": str(b), "subset": subset, "simulated": simulated, **found.to_dict()}
    values["classes"] = values["classes"][:classes]
    answer(values, _lines(found, (a, b), simulated, classes), as_json)


def _compare(
    paths: tuple[Path, Path], ground_truth: Path, **options: object
) -> tuple[Comparison, bool]:
    (first, made_up), (second, also) = (read_predictions(path) for path in paths)
    pair: tuple[Predictions, Predictions] = (first, second)
    return compare_predictions(ground_truth, *pair, **options), made_up or also  # type: ignore[arg-type]


def _lines(found: Comparison, paths: tuple[Path, Path], simulated: bool, classes: int) -> list[str]:
    note = "; simulated" if simulated else ""
    lines = [
        f"A: {paths[0]}",
        f"B: {paths[1]}",
        f"{found.num_videos} videos, {found.resamples} samples of them, seed {found.seed}{note}",
        "",
        _title("", found),
        *(_row(one) for one in found.measures),
    ]
    if classes and len(found.classes) > 1:
        lines += ["", _title("average AP of a class", found)]
        lines += [_row(one) for one in found.classes[:classes]]
    if found.videos:
        lines += ["", f"what a video adds to the {AVERAGE}", _cells("video", ("A", "B", "B - A"))]
        lines += [_video(one) for one in found.videos]
    return lines


def _title(name: str, found: Comparison) -> str:
    return _cells(name, ("A", "B", "B - A")) + f"{f'{100 * found.confidence:g} %':>20}   not so"


def _row(one: Difference) -> str:
    between = f"[{100 * one.low:+.2f}, {100 * one.high:+.2f}]"
    numbers = (f"{100 * one.a:.2f}", f"{100 * one.b:.2f}", f"{100 * one.difference:+.2f}")
    return _cells(one.name, numbers) + f"{between:>20}{one.not_so:9.3f}"


def _video(one: VideoChange) -> str:
    return _cells(one.name, [f"{100 * value:+.2f}" for value in (one.a, one.b, one.difference)])


def _cells(name: str, cells: tuple[str, str, str] | list[str]) -> str:
    return f"{name[:LABEL_WIDTH]:<{LABEL_WIDTH}}" + "".join(f"{cell:>9}" for cell in cells)
