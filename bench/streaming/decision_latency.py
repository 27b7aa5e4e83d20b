"""Decision latency: emission of each final minus the true end of its action.

    python -m bench.streaming.decision_latency [--docs] [--json FILE] [--seeds 9] [--runs DIR]

Every recording is pushed one snippet at a time with several settings. A marked segment is matched
with a final as in `evaluate` at tIoU 0.5; the emission of that final is reported, in seconds of
stream, without compute time. Onsets are compared with the true start, and false alarms are counted.
Before that, `StreamingLocalizer` itself must give the same latencies and onsets from features.
`--docs` writes tables and plot into docs/.
"""

from __future__ import annotations

from typing import Any

from basnet_rt import Alarm
from bench.streaming import decision_plots
from bench.streaming.latency_measures import QUANTILES, quantiles
from bench.streaming.latency_pages import finish, parse, recordings_line, seconds_cell, share_cell
from bench.streaming.localizer_check import check_localizer
from bench.streaming.measured_settings import Measured, measure
from bench.streaming.onset_measures import OnsetDelays, onset_delays, onsets, pooled_delays
from bench.streaming.recordings import (
    SNIPPET_SECONDS,
    DataSet,
    cctv_fights,
    fifty_salads,
    merl_stream,
)
from bench.tables import markdown_table

SETTINGS: dict[str, dict[str, Any]] = {
    "no limit": {},
    "`max_lookahead` 2.56": {"max_lookahead": 2.56},
    "`max_lookahead` 1.28": {"max_lookahead": 1.28},
    "`max_lookahead` 0.64": {"max_lookahead": 0.64},
    "`max_lookahead` 0": {"max_lookahead": 0.0},
    "`max_duration` 20": {"max_duration": 20.0},
    "`max_duration` 10": {"max_duration": 10.0},
    "`max_duration` 5": {"max_duration": 5.0},
    "`max_lookahead` 1.28, `max_duration` 20": {"max_lookahead": 1.28, "max_duration": 20.0},
    "`merge_gap` 1.28": {"merge_gap": 1.28},
    "thresholds from 0.3": {"lowest": 0.3},
    "thresholds from 0 (0.1)": {"cas_thresholds": [k / 40 for k in range(10)]},
    "offline (`video`)": {"normalisation": "video", "gate": "video"},
}
ALARMS = [Alarm(level, hold) for level in (0.3, 0.5, 0.7, 0.9) for hold in (0.0, 0.64, 1.28)]
TOLERANCE = 2 * SNIPPET_SECONDS  # a crossing at most so long before a start belongs to it


def main() -> None:
    options = parse(__doc__)
    check_localizer(options.runs)
    parts, record, curves = [], {}, {}
    for data in (merl_stream(), fifty_salads(), cctv_fights(options.seeds, options.runs)):
        found = {name: measure(data, changes) for name, changes in SETTINGS.items()}
        heard = {alarm: listen(data, alarm) for alarm in ALARMS}
        parts += [recordings_line(data), latency_table(found)]
        parts += ["Onsets:", onset_table(heard)]
        record[data.name] = to_record(found, heard)
        curves[data.name] = (found, heard)
    finish(options, "decision_latency", parts, record, decision_plots.draw(curves))


def listen(data: DataSet, alarm: Alarm) -> OnsetDelays:
    """Onsets of all recordings under one alarm."""
    found = []
    for one in data.recordings:
        events = onsets(
            one.activations,
            data.config,
            alarm,
            seconds=SNIPPET_SECONDS,
            look_ahead=one.look_ahead,
        )
        found.append(onset_delays(events, one.truth, tolerance=TOLERANCE, duration=one.duration))
    return pooled_delays(found)


def latency_table(found: dict[str, Measured]) -> str:
    """A row per setting; seconds."""
    names = [f"p{100 * q:.0f}" for q in QUANTILES[:-1]] + ["most"]
    header = ["seconds after the true end", "found", "before the end", *names]
    header += ["p50 after the detection's own end", "p90", "finals"]
    rows = []
    for name, one in found.items():
        own = quantiles(one.latency.after_detected)
        cells = [seconds_cell(value) for value in (*quantiles(one.latency.after_end), *own[1:3])]
        shares = [share_cell(one.latency.found), share_cell(one.latency.early)]
        rows.append([name, *shares, *cells, str(one.num_finals)])
    return markdown_table(header, rows)


def onset_table(heard: dict[Alarm, OnsetDelays]) -> str:
    """A row per alarm; seconds after the true start."""
    header = ["alarm threshold, hold", "detected", "p10", "p50", "p90", "most"]
    header += ["false alarms an hour", "repeats per detected action"]
    rows = []
    for alarm, one in heard.items():
        p10, p50, p90, _, most = map(seconds_cell, quantiles(one.delays))
        repeats = one.repeats / max(1, len(one.delays))
        cells = [share_cell(one.heard), p10, p50, p90, most]
        cells += [f"{one.false_per_hour:.1f}", f"{repeats:.2f}"]
        rows.append([f"{alarm.threshold}, {alarm.hold:.2f} s", *cells])
    return markdown_table(header, rows)


def to_record(found: dict[str, Measured], heard: dict[Alarm, OnsetDelays]) -> dict[str, Any]:
    """Plain values, fit for JSON."""
    onset_rows = [
        {
            "threshold": alarm.threshold,
            "hold": alarm.hold,
            "heard": one.heard,
            "delay": quantiles(one.delays),
            "false_per_hour": one.false_per_hour,
            "repeats": one.repeats,
        }
        for alarm, one in heard.items()
    ]
    return {"finals": {name: one.to_dict() for name, one in found.items()}, "onsets": onset_rows}


if __name__ == "__main__":
    main()
