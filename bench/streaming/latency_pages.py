"""Shared by the two latency scripts: options, cells, and the place of the answer."""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from bench.pictures import save_png
from bench.streaming import PAGE
from bench.streaming.recordings import DataSet
from bench.tables import IMAGES, RUNS, machine, replace_section

_BEGIN = time.perf_counter()


def parse(description: str) -> argparse.Namespace:
    """Options of both scripts; from here on torch computes on one core."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    add = parser.add_argument
    add("--seeds", type=int, default=9, help="networks of cctv_fights")
    add("--runs", type=Path, default=RUNS / "cctv_fights", help="where trained networks are kept")
    add("--json", type=Path, help="write the results here")
    add("--docs", action="store_true", help="write the tables and the plot into docs/")
    torch.set_num_threads(1)
    return parser.parse_args()


def recordings_line(data: DataSet) -> str:
    """The size of a data set."""
    everything = data.recordings
    snippets = sum(len(one.activations) for one in everything)
    truths = sum(len(one.truth) for one in everything)
    return (
        f"**{data.name}**: {len(everything)} streams of {snippets} snippets, {truths} marked "
        f"actions; {len(data.groups)} groups, one per {data.group_name}."
    )


def seconds_cell(value: float) -> str:
    """Two decimals; a dash for none."""
    return "-" if math.isnan(value) else f"{value:.2f}"


def share_cell(value: float) -> str:
    """Percent; a dash for none."""
    return "-" if math.isnan(value) else f"{100 * value:.0f} %"


def finish(
    options: argparse.Namespace,
    name: str,
    parts: Sequence[str],
    record: Mapping[str, Any],
    figure: Any | None,
) -> None:
    """Print the tables; write JSON, page and plot where asked for."""
    text = "\n\n".join([f"{machine()}.", *parts])
    print(text)
    print(f"\n{time.perf_counter() - _BEGIN:.0f} s")
    if options.json:
        content = {"machine": machine(), **record}
        options.json.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    if options.docs:
        if figure is not None:
            save_png(figure, IMAGES / f"{name}.png")
        replace_section(PAGE, name, text)
