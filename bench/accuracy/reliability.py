"""Confidence against the share of videos with the tag: in bins, and drawn for docs/results.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt

from bench.pictures import save_png
from bench.tables import IMAGES

DOT = 6.0  # points^2 for each video and class of a bin
LEAST_DOT = 20.0
MOST_COUNT = 40.0  # larger bins get no larger dot


@dataclass(frozen=True)
class Bin:
    """Statements of about one confidence; `count` of them, with the means of both sides."""

    count: int
    confidence: float
    present: float


def reliability(
    confidence: npt.NDArray[np.float64], present: npt.NDArray[np.bool_], bins: int
) -> list[Bin | None]:
    """Bins of equal width over [0, 1], each without its upper end but the last; None: empty."""
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    found: list[Bin | None] = []
    for one in range(bins):
        inside = place == one
        count = int(inside.sum())
        means = (float(values[inside].mean()) for values in (confidence, present) if count)
        found.append(Bin(count, *means) if count else None)
    return found


def draw(found: Mapping[str, Sequence[Sequence[Bin | None]]]) -> None:
    """A panel for each kind of features, into docs/images/reliability.png.

    found: by title, the bins of each seed.
    """
    figure, panels = plt.subplots(
        1,
        len(found),
        figsize=(2.6 * len(found), 3),
        sharey=True,
        squeeze=False,
        layout="constrained",
    )
    for axes, (title, runs) in zip(panels[0], found.items(), strict=True):
        axes.plot([0, 1], [0, 1], color="0.75", linewidth=1, zorder=0)
        for seeds in zip(*runs, strict=True):
            there = [one for one in seeds if one is not None]
            if there:
                draw_bin(axes, there)
        axes.set_title(title.replace("`", "").replace(", ", "\n"), fontsize="small")
        axes.set(xlabel="confidence", xlim=(-0.03, 1.03), ylim=(-0.03, 1.03))
    panels[0][0].set_ylabel("share with the tag")
    save_png(figure, IMAGES / "reliability.png")
    plt.close(figure)


def draw_bin(axes: plt.Axes, seeds: Sequence[Bin]) -> None:
    """A dot at the medians, larger for a fuller bin, and lines from the least to the most."""
    sizes = np.array([one.count for one in seeds])
    x = np.array([one.confidence for one in seeds])
    y = np.array([one.present for one in seeds])
    area = max(LEAST_DOT, DOT * min(float(np.median(sizes)), MOST_COUNT))
    axes.errorbar(
        *([np.median(values)] for values in (x, y)),
        xerr=reach(x),
        yerr=reach(y),
        color="tab:blue",
        linewidth=1,
    )
    axes.scatter(
        np.median(x), np.median(y), s=area, color="tab:blue", alpha=0.8, linewidths=0, clip_on=False
    )


def reach(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """(2, 1): how far the least and the most lie from the median."""
    middle = np.median(values)
    return np.array([[middle - values.min()], [values.max() - middle]])
