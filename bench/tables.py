"""Shared by every measurement: folders, finished runs on disk, tables and pages."""

from __future__ import annotations

import itertools
import json
import os
import platform
import statistics
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("BASNET_RT_SHARED", REPOSITORY.parent / "shared"))
DATA = SHARED / "data"
DOCS = REPOSITORY / "docs"
IMAGES = DOCS / "images"
RUNS = REPOSITORY / "runs"  # trained networks, kept between measurements

# Names of `network.variant`, and what a table calls them, from least to most.
VARIANTS = {
    "no_background": "no background class",
    "base_only": "base branch only",
    "full": "full BaS-Net",
}
TIOU_THRESHOLDS = tuple(k / 10 for k in range(1, 8))


class FinishedRuns:
    """One JSON object a line, by key: a table that was interrupted goes on where it stopped.

    A key holds everything that can change the result (variant, seed, a digest of the settings).
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        # A killed run may have left half a last line; that run is simply done again.
        self._found = {run["key"]: run["value"] for line in lines if (run := _parsed(line))}

    def get(self, key: str) -> Any | None:
        """The value stored under `key`; None where there is none."""
        return self._found.get(key)

    def put(self, key: str, value: Any) -> None:
        """Store a JSON value, at once."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"key": key, "value": value}) + "\n")
        self._found[key] = value


def _parsed(line: str) -> dict[str, Any] | None:
    try:
        return json.loads(line)
    except ValueError:
        return None


def spread(values: Sequence[float], digits: int = 1) -> str:
    """`median (least to most)`; one value alone is written alone."""
    middle = f"{statistics.median(values):.{digits}f}"
    if len(values) == 1:
        return middle
    return f"{middle} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table as README and docs/results.md take it; numbers from the second column on."""
    lines = [header, ["---"] + ["---:"] * (len(header) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def heading_and_table(note: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table under a line on machine and method."""
    return f"{machine()}. {note}\n\n{markdown_table(header, rows)}"


def seeds_in_order(by_variant: Mapping[str, Sequence[float]]) -> str:
    """In how many seeds the values rise strictly from variant to variant, as given."""
    runs = list(zip(*by_variant.values(), strict=True))
    risen = sum(all(a < b for a, b in itertools.pairwise(run)) for run in runs)
    return f"{' < '.join(by_variant)}: {risen} of {len(runs)} seeds"


def publish(page: Path, section: str, text: str, *, write: bool = True) -> None:
    """Print `text`, and put it into the page where `write` is set."""
    print("\n" + text)
    if write:
        replace_section(page, section, text)


def replace_section(path: Path, name: str, text: str) -> None:
    """Put `text` between the lines `<!-- NAME:begin -->` and `<!-- NAME:end -->` of a page."""
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    before, found, rest = path.read_text(encoding="utf-8").partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise SystemExit(f"{path}: no lines {begin} and {end}")
    path.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}", encoding="utf-8")


def machine() -> str:
    """Processor, cores and library versions, to stand beside a table."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    parts = [_processor(), f"{cores} cores"]
    if (torch := sys.modules.get("torch")) is not None:
        parts += [f"{torch.get_num_threads()} thread(s)", f"torch {torch.__version__}"]
    if (numpy := sys.modules.get("numpy")) is not None:
        parts.append(f"numpy {numpy.__version__}")
    return ", ".join([*parts, f"Python {platform.python_version()}"])


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
