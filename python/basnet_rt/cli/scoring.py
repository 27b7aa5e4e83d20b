"""Options of every command that scores results against marked segments."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from basnet_rt._system.json_file import read_json
from basnet_rt._system.shown import cut
from basnet_rt.annotations import read_annotations
from basnet_rt.evaluation.protocols import PROTOCOLS
from basnet_rt.evaluation.reading import OTHER_VIDEOS, UNKNOWN_LABELS, ResultContent
from basnet_rt.formats.result_files import read_results

Subset = Annotated[
    str | None,
    typer.Option(
        "--subset",
        "-s",
        help="Subset of the annotations; may be left out if they name none: all videos count.",
    ),
]
Tiou = Annotated[str, typer.Option(help="Thresholds: first:step:last, or a list with commas.")]
UnknownLabels = Annotated[
    str, typer.Option(help="Labels not in the ground truth: error or ignore.")
]
OtherVideos = Annotated[
    str, typer.Option(help="Videos outside the subset: false_positive, ignore or error.")
]

Protocol = Annotated[
    str | None,
    typer.Option(help=f"Count as papers do: {', '.join(PROTOCOLS)}; see docs/evaluate.md."),
]
IgnoreLabels = Annotated[
    list[str] | None,
    typer.Option("--ignore-label", help="A class to leave out of both files; repeatable."),
]
VideoList = Annotated[
    Path | None, typer.Option("--video-list", help="Count only these videos; a file, one a line.")
]

SAME = 1e-6  # 0.1 * 3 is not 0.3
MOST_THRESHOLDS = 1000


def parse_thresholds(text: str) -> list[float]:
    """ "0.1:0.1:0.7" or "0.3,0.5"; rounded, so that 0.1 * 3 is 0.3."""
    try:
        if ":" not in text:
            _check_count(text, text.count(",") + 1)
            listed = [_threshold(text, part) for part in text.split(",")]
            if len({*listed}) < len(listed):
                raise typer.BadParameter(f"--tiou {cut(text)}: a threshold is named twice")
            return listed
        first, step, last = (float(part) for part in text.split(":"))
        reached, meant = _reaches(first, step, last), _meant(first, step, last)
    except (ValueError, ZeroDivisionError, OverflowError) as error:
        raise typer.BadParameter(
            f"--tiou {cut(text)}: expected first:step:last or a list"
        ) from error
    if not reached:
        raise typer.BadParameter(
            f"--tiou {text}: the order is first:step:last, and steps of {step:g} from {first:g} "
            f"have to reach {last:g}{meant}"
        )
    _check_range(text, first, step, last)
    count = round((last - first) / step) + 1
    _check_count(text, count)
    return [round(value, 9) for value in (first + np.arange(count) * step).tolist()]


def _threshold(text: str, part: str) -> float:
    value = float(part)
    if 0 < value <= 1:
        return value
    meant = f"; did you mean {value / 100:g}?" if 1 < value <= 100 else ""
    raise typer.BadParameter(f"--tiou {cut(text)}: {part.strip()} is not in (0, 1]{meant}")


def _check_range(text: str, first: float, step: float, last: float) -> None:
    """Refuse thresholds outside of (0, 1]; of percentages, the message has the fractions."""
    if first > 0 and last <= 1 + SAME:
        return
    percent = first >= 1 and last <= 100
    meant = f"; did you mean {first / 100:g}:{step / 100:g}:{last / 100:g}?" if percent else ""
    outside = first if first <= 0 else last
    raise typer.BadParameter(f"--tiou {cut(text)}: {outside:g} is not in (0, 1]{meant}")


def _check_count(text: str, count: int) -> None:
    """Refuse more thresholds than anyone can compute or read."""
    if count > MOST_THRESHOLDS:
        raise typer.BadParameter(
            f"--tiou {cut(text)}: {count:.4g} thresholds; give at most {MOST_THRESHOLDS}, as by a "
            "larger step"
        )


def _reaches(first: float, step: float, last: float) -> bool:
    """Whether a whole number of steps, at least one, leads from `first` to `last`."""
    if not 0 < step < last - first + SAME:
        return False
    return abs(first + step * round((last - first) / step) - last) < SAME


def _meant(first: float, step: float, last: float) -> str:
    """The end of a message: the numbers in the right order, or the last threshold reached."""
    if _reaches(first, last, step):
        return f"; did you mean {first:g}:{last:g}:{step:g}?"
    if step < 0:
        fits = last > 0 and first <= 1 and _reaches(last, -step, first)
        return f"; did you mean {last:g}:{-step:g}:{first:g}?" if fits else ""
    count = int((last - first) / step + SAME)
    return f"; did you mean {first:g}:{step:g}:{first + count * step:g}?" if count > 0 else ""


def check_subset(ground_truth: Path, subset: str | None) -> None:
    """Refuse to leave the subset out if the annotations have subsets.

    Raises:
        ValueError: the annotations cannot be read.
    """
    if subset is not None:
        return
    videos = read_annotations(ground_truth).videos.values()
    named = sorted({one.subset for one in videos if one.subset is not None})
    if named:
        raise typer.BadParameter(
            f"{ground_truth} has subsets: give one of {cut(', '.join(named))} as --subset"
        )


def check_choices(unknown_labels: str, other_videos: str) -> None:
    """Refuse other words as wrong usage."""
    for name, value, allowed in (
        ("--unknown-labels", unknown_labels, UNKNOWN_LABELS),
        ("--other-videos", other_videos, OTHER_VIDEOS),
    ):
        if value not in allowed:
            raise typer.BadParameter(f"{name} {value}: expected one of {', '.join(allowed)}")


def read_predictions(path: Path) -> tuple[Any, bool]:
    """The predictions, and whether they say that they are simulated."""
    if path.suffix.lower() not in ("", ".json"):
        found = read_results(path)
        return found.detections, found.simulated
    content = read_json(path)
    if not isinstance(content, dict) or not isinstance(content.get("results"), dict):
        return path, False  # `evaluate` says what is wrong
    notes = content.get("basnet_rt")
    return ResultContent(content, path), bool(isinstance(notes, dict) and notes.get("simulated"))
