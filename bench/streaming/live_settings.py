"""Settings for a live stream, chosen on one part of each data set and evaluated on another.

    python -m bench.streaming.live_settings [--docs] [--json FILE] [--seeds 9] [--runs DIR]

Every combination of `GRID` is streamed on the first part: even sections of merl_stream, even groups
of fifty_salads, held-out scenes of the cctv_fights training videos (tags only). The chosen one has
the least latency (p90) among those whose mAP is within one standard error, paired by group, of the
best. It is evaluated on the odd ones and on the cctv_fights test videos, beside offline and the
initial settings. `--docs` writes the table into docs/.
"""

from __future__ import annotations

import itertools
from typing import Any

from basnet_training.progress import progress_bar
from bench.streaming.held_out_scenes import held_out_scenes
from bench.streaming.latency_pages import finish, parse, seconds_cell, share_cell
from bench.streaming.measured_settings import Measured, measure
from bench.streaming.recordings import DataSet, cctv_fights, fifty_salads, merl_stream
from bench.tables import markdown_table

GRID: dict[str, tuple[float, ...]] = {
    "lowest": (0.05, 0.1, 0.2, 0.3),
    "outer_ratio": (0.1, 0.25, 0.5),
    "max_lookahead": (0.0, 0.64, 1.28, 2.56),
    "merge_gap": (0.0, 1.28, 2.56),
    "max_duration": (20.0, 60.0),
}
OFFLINE = {"normalisation": "video", "gate": "video"}
CAMERA = {"max_lookahead": 1.28, "max_duration": 60.0}  # where docs/streaming_measured.md starts


def main() -> None:
    options = parse(__doc__)
    rows: list[list[str]] = []
    record: dict[str, Any] = {}
    merl, salads = merl_stream(), fifty_salads()
    cctv = cctv_fights(options.seeds, options.runs)
    pairs = [(merl.half(odd=False), merl.half(odd=True))]
    pairs += [(salads.half(odd=False), salads.half(odd=True)), (held_out_scenes(), cctv)]
    for choosing, judging in pairs:
        chosen, found = choose(choosing)
        tried = {"offline": OFFLINE, "no limit": {}, "to start from": CAMERA, "chosen": chosen}
        judged = {name: measure(judging, changes) for name, changes in tried.items()}
        rows += table_rows(judging.name, judged)
        record[judging.name] = {
            "settings": chosen,
            "when choosing": found.to_dict(),
            **{name: one.to_dict() for name, one in judged.items()},
        }
    parts = [chosen_table(record), markdown_table(HEADER, rows)]
    finish(options, "live_settings", parts, record, None)


HEADER = ["", "mAP", "against no limit", "found", "before the end", "p50 (s)", "p90 (s)", "p99 (s)"]


def choose(data: DataSet) -> tuple[dict[str, float], Measured]:
    """The settings of least latency among those as accurate as the best, up to noise."""
    combinations = [dict(zip(GRID, one, strict=True)) for one in itertools.product(*GRID.values())]
    tried: list[tuple[dict[str, float], Measured]] = []
    with progress_bar(data.name, len(combinations)) as bar:
        for changes in combinations:
            tried.append((changes, measure(data, changes)))
            bar.advance()
    best = max((one for _, one in tried), key=lambda one: one.mean_map)
    return min(
        ((changes, one) for changes, one in tried if as_good(one, best)),
        key=lambda entry: (entry[1].p90, -entry[1].mean_map),
    )


def as_good(one: Measured, best: Measured) -> bool:
    """Within one standard error of the paired difference."""
    gap, error = one.against(best)
    return gap + error >= 0


def chosen_table(record: dict[str, Any]) -> str:
    """The chosen value of each setting."""
    rows = [
        [name, *(f"{entry['settings'][setting]:g}" for setting in GRID)]
        for name, entry in record.items()
    ]
    names = {"lowest": "lowest threshold"}
    return markdown_table(["chosen", *(names.get(one, f"`{one}`") for one in GRID)], rows)


def table_rows(title: str, judged: dict[str, Measured]) -> list[list[str]]:
    """A row per setting, on the part to judge on."""
    rows = []
    for name, one in judged.items():
        gap, error = one.against(judged["no limit"])
        p99 = one.to_dict()["after_end"][3]
        rows.append(
            [
                f"{title}: {name}",
                f"{one.mean_map:.1f}",
                "" if name == "no limit" else f"{gap:+.1f} ± {error:.1f}",
                share_cell(one.latency.found),
                share_cell(one.latency.early),
                *(seconds_cell(value) for value in (one.p50, one.p90, p99)),
            ]
        )
    return rows


if __name__ == "__main__":
    main()
