"""Plot of accuracy against decision latency."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from bench.streaming.decision_plots import COLOURS, plain_ticks, plt, style
from bench.streaming.measured_settings import Measured

MARKERS = "osD^vXP"
LABELS = {
    "lowest": "lowest threshold",
    "normalisation": "normalisation horizon (s)",
    "gate": "gate horizon (s)",
}
TITLES = ("what a stream waits for", "how far it looks back")
CURVES = Mapping[str, Mapping[str, Measured]]


def draw(curves: CURVES, columns: Sequence[Sequence[Any]], live: str, offline: str) -> Any:
    """A row per data set, a column per group of settings; a line per setting that was varied."""
    style()
    figure, axes = plt.subplots(
        len(curves), len(columns), figsize=(9.5, 3.4 * len(curves)), layout="constrained"
    )
    looks = iter(zip(COLOURS, MARKERS, strict=True))
    for column, families in enumerate(columns):
        chosen = [(family, next(looks)) for family in families]
        for panel, (name, curve) in zip(axes[:, column], curves.items(), strict=True):
            for family, look in chosen:
                draw_family(panel, curve, family, live, look)
            draw_ends(panel, curve, live, offline)
            panel.set_title(f"{name}: {TITLES[column]}")
    for panel in axes[:, 0]:
        panel.set_ylabel("mAP@0.1:0.7 (%)")
    for panel in axes[-1]:
        panel.set_xlabel("decision latency, 90th percentile\n(s after the action's true end)")
    add_legend(figure, axes[0])
    return figure


def draw_family(
    panel: Any, curve: Mapping[str, Measured], family: Any, live: str, look: tuple[str, str]
) -> None:
    """Its points in order of the setting, and their noise against the starting point."""
    colour, marker = look
    values = family.in_order
    points = [curve[family.row(value)] for value in values]
    panel.errorbar(
        [one.p90 for one in points],
        [one.mean_map for one in points],
        yerr=[one.against(curve[live])[1] for one in points],
        color=colour,
        marker=marker,
        label=LABELS.get(family.name, family.name),
        capsize=2,
        elinewidth=1,
    )
    for value, one in ((values[0], points[0]), (values[-1], points[-1])):
        if curve[live] is not one and not math.isinf(value):
            place = (one.p90, one.mean_map)
            style_of = {"fontsize": 9, "color": colour, "textcoords": "offset points"}
            panel.annotate(f"{value:g}", place, (5, 4), **style_of)


def draw_ends(panel: Any, curve: Mapping[str, Measured], live: str, offline: str) -> None:
    """Marks the starts of the lines, and the result of the whole video."""
    panel.axhline(curve[offline].mean_map, color="#777777", linestyle=":", linewidth=1)
    for name, marker, size in ((live, "*", 15), (offline, "h", 10)):
        one = curve[name]
        panel.plot(
            one.p90,
            one.mean_map,
            color="black",
            marker=marker,
            markersize=size,
            linestyle="none",
            label="offline: normalisation and gate video" if name == offline else name,
            zorder=5,
        )
    panel.set_xscale("log")
    plain_ticks(panel.xaxis)


def add_legend(figure: Any, panels: Sequence[Any]) -> None:
    """Every line once, above everything."""
    found = {}
    for panel in panels:
        handles, labels = panel.get_legend_handles_labels()
        found |= dict(zip(labels, handles, strict=True))
    figure.legend(found.values(), found.keys(), loc="outside upper center", ncols=3, frameon=False)
