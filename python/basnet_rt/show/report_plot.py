"""An evaluation as three pictures: mAP per tIoU, AP per class, kinds of errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from basnet_rt._errors import InvalidValue
from basnet_rt.show.plotting import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    VERMILION,
    pyplot,
    quiet_frame,
)

MOST_CLASSES = 20
COLOURS = {
    "correct": GREEN,
    "double": ORANGE,
    "wrong_label": PURPLE,
    "poor_boundary": VERMILION,
    "background": GREY,
}


class Precisions(NamedTuple):
    """The precisions of an evaluation, in [0, 1].

    Attributes:
        tiou_thresholds, map: (K,) float64.
        average_map: mean of `map`.
        labels: L names of classes.
        ap: (L, K) float64.
    """

    tiou_thresholds: npt.NDArray[np.float64]
    map: npt.NDArray[np.float64]
    average_map: float
    labels: Sequence[str]
    ap: npt.NDArray[np.float64]


class ErrorBands(NamedTuple):
    """Kinds of errors by rank.

    Attributes:
        tiou_threshold: the threshold for the kinds.
        kinds: names; keys of `COLOURS`.
        counts: (R, kinds) int64, in band r the detections of rank r G + 1 to (r + 1) G of a class
            with G marked segments.
        missed: share of marked segments without a match, in [0, 1].
    """

    tiou_threshold: float
    kinds: Sequence[str]
    counts: npt.NDArray[np.int64]
    missed: float


def three_axes(num_classes: int, axes: Any = None) -> Any:
    """Three Axes of matplotlib, (3,) object array: the given ones, or those of a new figure.

    Raises:
        Error: matplotlib is not installed (extra `plot`).
        ValueError: not three axes.
    """
    if axes is None:
        rows = min(MOST_CLASSES, num_classes)
        size = (13, max(3.4, 1.4 + 0.22 * rows))
        _, axes = pyplot().subplots(1, 3, figsize=size, layout="constrained")
    panels = np.ravel(axes)
    if panels.shape != (3,):
        raise InvalidValue(f"axes has {len(panels)} Axes; a report needs 3")
    return panels


def plot_map(report: Precisions, axes: Any) -> None:
    """mAP at each threshold, with its mean."""
    levels = [f"{level:g}" for level in report.tiou_thresholds]
    bars = axes.bar(levels, 100 * report.map, color=BLUE, width=0.75)
    few = len(levels) <= 10
    axes.bar_label(bars, fmt="%.1f" if few else "", fontsize="small", padding=2)
    axes.axhline(100 * report.average_map, color=VERMILION, linestyle="--", linewidth=1.2)
    axes.set_title(f"mAP, mean {100 * report.average_map:.1f} %", loc="left", fontsize="medium")
    axes.set_xlabel("tIoU threshold")
    axes.set_ylabel("mAP (%)")
    axes.margins(y=0.12)
    quiet_frame(axes, "y")


def plot_classes(report: Precisions, axes: Any) -> None:
    """Average AP of each class, best first; of many classes the best and the worst ten."""
    values = 100 * report.ap.mean(axis=1)
    order = np.argsort(-values, kind="stable").tolist()
    cut = len(order) > MOST_CLASSES
    if cut:
        half = MOST_CLASSES // 2
        order = order[:half] + order[-half:]
    names = [report.labels[place] for place in order]
    # Rows by number, not by name: two labels may look the same.
    bars = axes.barh(range(len(order)), values[order], color=BLUE, height=0.75)
    axes.bar_label(bars, fmt="%.1f", fontsize="small", padding=2)
    axes.set_yticks(range(len(order)), names)
    room = 0.5 + max(0.0, (4 - len(order)) / 2)  # a few bars stay thin, in the middle
    axes.set_ylim(len(order) - 1 + room, -room)
    if cut:
        axes.axhline(MOST_CLASSES / 2 - 0.5, color=GREY, linestyle=":", linewidth=1.2)
    title = f"best and worst of {len(report.labels)} classes" if cut else "classes"
    axes.set_title(title, loc="left", fontsize="medium")
    axes.set_xlabel("average AP (%)")
    axes.margins(x=0.12)
    quiet_frame(axes, "x")


def plot_errors(errors: ErrorBands, axes: Any) -> None:
    """Shares of the kinds among the best predictions of each class, in bands of rank."""
    totals = errors.counts.sum(axis=1)
    used = max(1, int(np.count_nonzero(totals)))
    shares = 100 * errors.counts[:used] / np.maximum(totals[:used, None], 1)  # (R, kinds)
    places, bottom = np.arange(used), np.zeros(used)
    for kind, name in enumerate(errors.kinds):
        label = name.replace("_", " ")
        axes.bar(places, shares[:, kind], 0.75, bottom, color=COLOURS[name], label=label)
        bottom = bottom + shares[:, kind]
    axes.set_xticks(places, [f"{place + 1}G" for place in places.tolist()])
    axes.set_xlabel("predictions by rank; G: marked segments of the class")
    axes.set_ylabel("share (%)")
    title = f"kinds at tIoU {errors.tiou_threshold:g}; "
    title += f"{100 * errors.missed:.0f} % of the segments missed"
    axes.set_title(title, loc="left", fontsize="medium")
    axes.set_ylim(0, 100)
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(
        handles[::-1], labels[::-1], loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False,
        fontsize="small",
    )  # fmt: skip
    quiet_frame(axes, "y")
