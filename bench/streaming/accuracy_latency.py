"""The gain from waiting: mAP against decision latency, for several settings of a stream.

    python -m bench.streaming.accuracy_latency [--docs] [--json FILE] [--seeds 9] [--runs DIR]

Starting from normalisation `fixed`, gate `none` and no limits, one setting is varied at a time.
Offline, with `video` normalisation and gate, is the right end of the curve. mAP is the average over
tIoU 0.1 to 0.7. Latency is the time from an action's marked end until the stream emits the final
that matches it (at tIoU 0.5). `--docs` writes tables and plot into docs/.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from bench.streaming import accuracy_plot
from bench.streaming.latency_pages import finish, parse, recordings_line, seconds_cell, share_cell
from bench.streaming.measured_settings import Measured, measure
from bench.streaming.recordings import DataSet, cctv_fights, fifty_salads, merl_stream
from bench.tables import markdown_table

HORIZONS = (5.0, 10.0, 20.0, 40.0, 80.0)
LIVE, OFFLINE = "fixed, no gate, no limits", "offline"
ENDS: dict[str, dict[str, Any]] = {
    LIVE: {},
    "normalisation video": {"normalisation": "video"},
    "gate video": {"gate": "video"},
    OFFLINE: {"normalisation": "video", "gate": "video"},
    "outer_ratio 0": {"outer_ratio": 0.0},
}


@dataclasses.dataclass(frozen=True)
class Family:
    """One setting at several values.

    Attributes:
        own: value of the row of `ENDS` that belongs to the family, and that row's name.
    """

    name: str
    values: tuple[float, ...]
    own: tuple[float, str]
    unit: str = " s"

    def row(self, value: float) -> str:
        return self.own[1] if value == self.own[0] else f"{self.name} {value:g}{self.unit}"

    def changes(self, value: float) -> dict[str, Any]:
        if self.name in ("normalisation", "gate"):
            return {self.name: "horizon", "horizon": value}
        return {self.name: value}

    @property
    def in_order(self) -> list[float]:
        return sorted([*self.values, self.own[0]])


WAITING = (
    Family("max_lookahead", (0.0, 0.64, 1.28, 2.56, 5.12), (math.inf, LIVE)),
    Family("max_duration", (5.0, 10.0, 20.0, 40.0), (math.inf, LIVE)),
    Family("merge_gap", (0.64, 1.28, 2.56, 5.12), (0.0, LIVE)),
    Family("outer_ratio", (0.1, 0.5, 1.0), (0.25, LIVE), unit=""),
    Family("lowest", (0.05, 0.2, 0.3, 0.5), (0.1, LIVE), unit=""),
)
LOOKING_BACK = (
    Family("normalisation", HORIZONS, (math.inf, "normalisation video")),
    Family("gate", HORIZONS, (math.inf, "gate video")),
)

# Per setting's title.
Curve = dict[str, Measured]


def main() -> None:
    options = parse(__doc__)
    curves = {}
    parts: list[str] = []
    for data in (merl_stream(), fifty_salads(), cctv_fights(options.seeds, options.runs)):
        curves[data.name] = curve = measure_all(data)
        parts += [recordings_line(data), table(curve)]
    record = {name: to_record(curve) for name, curve in curves.items()}
    figure = accuracy_plot.draw(curves, (WAITING, LOOKING_BACK), LIVE, OFFLINE)
    finish(options, "accuracy_latency", parts, record, figure)


def measure_all(data: DataSet) -> Curve:
    """Every family's values, and the ends."""
    found = {name: measure(data, changes) for name, changes in ENDS.items()}
    for family in (*WAITING, *LOOKING_BACK):
        for value in family.values:
            found[family.row(value)] = measure(data, family.changes(value))
    return found


def table(curve: Curve) -> str:
    """A row per setting; differences against the first row, paired by group."""
    header = ["", "mAP", "against the first row", "found", "p50 (s)", "p90 (s)", "most (s)"]
    rows = []
    for name, one in curve.items():
        gap, error = one.against(curve[LIVE])
        difference = "" if name == LIVE else f"{gap:+.1f} ± {error:.1f}"
        latest = float(one.latency.after_end.max()) if len(one.latency.after_end) else float("nan")
        times = [seconds_cell(value) for value in (one.p50, one.p90, latest)]
        shown = name.replace("lowest", "lowest threshold")
        found = share_cell(one.latency.found)
        rows.append([shown, f"{one.mean_map:.1f}", difference, found, *times])
    return markdown_table(header, rows)


def to_record(curve: Curve) -> dict[str, Any]:
    """Plain values, fit for JSON."""
    return {name: one.to_dict() for name, one in curve.items()}


if __name__ == "__main__":
    main()
