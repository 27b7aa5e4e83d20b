"""Where the latency measurements read and write, and what they take from bench/ablation."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "ablation"))

from common import TIOU_THRESHOLDS, FinishedRuns, machine, markdown_table, replace_section

REPOSITORY = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("BASNET_RT_SHARED", REPOSITORY.parent / "shared")) / "data"
PAGE = REPOSITORY / "docs" / "streaming.md"
IMAGES = REPOSITORY / "docs" / "images"
ABLATION_RUNS = REPOSITORY / "runs" / "cctv_fights"
SELECTION_RUNS = REPOSITORY / "runs" / "cctv_selection"

__all__ = [
    "ABLATION_RUNS",
    "IMAGES",
    "PAGE",
    "SELECTION_RUNS",
    "SHARED",
    "TIOU_THRESHOLDS",
    "FinishedRuns",
    "machine",
    "markdown_table",
    "replace_section",
    "show",
]


def show(
    section: str, note: str, header: Sequence[str], rows: Iterable[Sequence[str]], into_page: bool
) -> None:
    """Print a table under a line on machine and method; write it into the page where asked."""
    text = f"{machine()}. {note}\n\n{markdown_table(header, rows)}"
    print("\n" + text)
    if into_page:
        replace_section(PAGE, section, text)
