"""`basnet-train reproduce` at the size of THUMOS'14, on SIMULATED features in the released layout.

    python -m bench.scale.full_package

The package has the names, lengths and marked segments of all 410 videos, 1024 channels of RGB and
1024 of flow, `gt.json`, both splits and `fps_dict.json`. Training has the published sizes: batches
of 16 videos, 750 snippets each, hidden size 2048. It is cut short; the time of an iteration, which
includes reading the features, tells the time of the whole. Post-processing and evaluation see all
test videos. Memory is the largest resident set of the process. The table goes into docs/results.md.
Interrupted, it goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from basnet_training.config import load_config
from bench.tables import DATA, DOCS, RUNS, FinishedRuns, machine, markdown_table, publish

SOURCE = DATA / "thumos14"
STREAMS = {"rgb": slice(0, 1024), "flow": slice(1024, 2048)}
FPS = 25.0
PRECISIONS = ("float32", "bfloat16")


def main() -> None:
    options = parse()
    package = make_package(options.work)
    runs, found = FinishedRuns(options.work / "runs.jsonl"), {}
    for precision in options.precisions:
        key = f"{precision}_{options.iterations}_{options.threads}"
        found[precision] = runs.get(key)
        if found[precision] is None:
            found[precision] = measured(package, options.work / key, precision, options)
            runs.put(key, found[precision])
        print(precision, found[precision], flush=True)
    publish(DOCS / "results.md", "full_package", page(options, found))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--work", type=Path, default=RUNS / "full_package", help="the package (2 GB), and the runs")
    add("--iterations", type=int, default=20, help="of training; 1,500 are published")
    add("--threads", type=int, default=os.cpu_count())
    add("--precisions", nargs="+", choices=PRECISIONS, default=list(PRECISIONS))
    return parser.parse_args()


def make_package(work: Path) -> Path:
    """The package in the released layout; what is there already is kept."""
    plain, package = work / "simulated", work / "package"
    run(
        *("simulate", "--output", plain, "--timelines", SOURCE / "gt.json"),
        *("--durations", SOURCE / "durations.json", "--feature-dim", 2048, "--dtype", "float32"),
    )
    content = json.loads((plain / "annotations.json").read_text())
    parts: dict[str, list[str]] = {"train": [], "test": []}
    for name, one in content["database"].items():
        parts[one["subset"]].append(name)
    for part, names in parts.items():
        for name in names:
            split_streams(plain / "features" / part / f"{name}.npy", package / "features" / part)
        (package / f"split_{part}.txt").write_text("".join(f"{name}\n" for name in names))
    (package / "gt.json").write_text(json.dumps(content))
    (package / "fps_dict.json").write_text(json.dumps(dict.fromkeys(content["database"], FPS)))
    return package


def split_streams(whole: Path, folder: Path) -> None:
    """One file for RGB and one for flow."""
    for stream, channels in STREAMS.items():
        path = folder / stream / whole.name
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            np.save(path, np.load(whole)[:, channels])


def measured(
    package: Path, output: Path, precision: str, options: argparse.Namespace
) -> dict[str, Any]:
    """The command's summary, its seconds, and its largest memory in GiB."""
    start = time.perf_counter()
    printed, memory = run(
        *("reproduce", "thumos14", package, "-o", output, "--json", "--seed", 0),
        *("--set", f"optim.iterations={options.iterations}"),
        *("--set", f"optim.precision={precision}", "--set", "run.device=cpu"),
        threads=options.threads,
    )
    return {**json.loads(printed), "seconds": time.perf_counter() - start, "gib": memory}


def run(*arguments: object, threads: int = 1) -> tuple[str, float]:
    """Standard output of `basnet-train`, and its largest memory in GiB.

    Raises:
        SystemExit: it failed.
    """
    command = [sys.executable, "-m", "basnet_training", *map(str, arguments)]
    environment = os.environ | {"OMP_NUM_THREADS": str(threads)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        printed = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return printed, usage.ru_maxrss / 2**20


def page(options: argparse.Namespace, found: dict[str, dict[str, Any]]) -> str:
    whole = load_config("thumos14").optim.iterations
    rows = []
    for precision, one in found.items():
        each = one["seconds_per_iteration"]
        rest = one["seconds"] - each * options.iterations
        values = (each, each * whole / 3600, rest, one["gib"])
        rows.append([precision, *(f"{value:.1f}" for value in values)])
    videos = next(iter(found.values()))["videos"]
    head = (
        f"{options.iterations} iterations of 16 videos of 750 snippets on {options.threads} "
        f"{'core' if options.threads == 1 else 'cores'}, "
        f"then {videos} test videos in three ways. {machine()}."
    )
    columns = ["precision", "s per iteration", f"hours for {whole:,}", "all else, s", "memory, GiB"]
    return f"{head}\n\n{markdown_table(columns, rows)}"


if __name__ == "__main__":
    main()
