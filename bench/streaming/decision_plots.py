"""Plots of decision latency and onset delay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import matplotlib as mpl
import matplotlib.ticker
import numpy as np

from basnet_rt import Alarm
from bench.streaming.measured_settings import Measured
from bench.streaming.onset_measures import OnsetDelays

mpl.use("Agg")
import matplotlib.pyplot as plt

# Okabe and Ito's colours, told apart by colour-blind readers too.
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
SHOWN = {
    "no limit": "no limit",
    "`max_lookahead` 1.28": "max_lookahead 1.28 s",
    "`max_lookahead` 0": "max_lookahead 0",
    "`max_duration` 5": "max_duration 5 s",
    "thresholds from 0.3": "lowest threshold 0.3",
    "offline (`video`)": "offline",
}
STYLES = ["-", "--", ":", "-.", (0, (5, 1, 1, 1, 1, 1)), "-"]
SOON = 3.0  # seconds after the true start
MARKERS = {0.0: "o", 0.64: "s", 1.28: "^"}

Curves = Mapping[str, tuple[dict[str, Measured], dict[Alarm, OnsetDelays]]]


def style() -> None:
    """White ground, and letters that survive a page's width."""
    mpl.rcParams.update(
        {
            "figure.facecolor": "white",
            "axes.facecolor": "white",
            "axes.grid": True,
            "grid.color": "#dddddd",
            "axes.axisbelow": True,
            "font.size": 10,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "lines.linewidth": 1.8,
        }
    )


def plain_ticks(axis: Any) -> None:
    """1, 2 and 5 of each decade as plain numbers."""
    axis.set_major_locator(mpl.ticker.LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(mpl.ticker.FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_locator(mpl.ticker.NullLocator())


def draw(curves: Curves) -> Any:
    """A row per data set: share decided by then, and onset delay against false alarms."""
    style()
    figure, axes = plt.subplots(
        len(curves), 2, figsize=(9.5, 3.1 * len(curves)), layout="constrained", squeeze=False
    )
    for (left, right), (name, (found, heard)) in zip(axes, curves.items(), strict=True):
        draw_decided(left, name, found)
        draw_onsets(right, name, heard)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=3, frameon=False)
    return figure


def draw_decided(axes: Any, name: str, found: Mapping[str, Measured]) -> None:
    """Share of all marked actions that had been found and decided so long after their end."""
    for colour, line, (key, label) in zip(COLOURS, STYLES, SHOWN.items(), strict=False):
        latency = found[key].latency
        values, counts = np.unique(latency.after_end.round(1), return_counts=True)
        share = 100 * np.cumsum(counts) / latency.num_truths
        axes.step(values, share, where="post", color=colour, linestyle=line, label=label)
    axes.axvline(0, color="#555555", linewidth=1)
    axes.set_xscale("symlog", linthresh=1, linscale=0.5)
    axes.set_xticks([-10, -1, 0, 1, 2, 5, 10, 100, 1000], labels=None)
    axes.set_xticklabels(["-10", "-1", "0", "1", "2", "5", "10", "100", "1000"])
    axes.set_xlim(-15, 1200)
    axes.set_ylim(0, 100)
    axes.set_title(f"{name}: decided")
    axes.set_xlabel("seconds after the action's true end")
    axes.set_ylabel("actions found and decided (%)")


def draw_onsets(axes: Any, name: str, heard: Mapping[Alarm, OnsetDelays]) -> None:
    """One point per alarm, thresholds written at the ends of each line."""
    for colour, (hold, marker) in zip(COLOURS, MARKERS.items(), strict=False):
        chosen = {alarm.threshold: one for alarm, one in heard.items() if alarm.hold == hold}
        rates = [one.false_per_hour for one in chosen.values()]
        soon = [100 * np.sum(one.delays <= SOON) / one.num_truths for one in chosen.values()]
        axes.plot(rates, soon, color=colour, marker=marker, label=f"hold {hold:g} s")
        for end in (0, -1):
            at = {"textcoords": "offset points", "color": colour, "fontsize": 9}
            axes.annotate(f"{list(chosen)[end]:g}", (rates[end], soon[end]), (5, 4), **at)
    axes.set_ylim(0, 100)
    axes.set_title(f"{name}: onsets, by alarm threshold")
    axes.set_xlabel("false alarms per hour of stream")
    axes.set_ylabel(f"heard within {SOON:g} s (%)")
    axes.legend(frameon=False, loc="best")
