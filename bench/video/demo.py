"""The demo with several seeds: average mAP beside chance, AP of each class, seconds.

    python -m bench.video.demo

Each seed draws its own videos, trains and localizes as `basnet-rt demo --seed N` does; the rules of
preset `auto` were chosen with seeds 0 to 2. Finished runs are kept in build/bench, so an
interrupted bench continues; after a change of the sources all seeds run again. The tables are
written into docs/tutorial.md, and one sentence into README.md.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import shutil
import subprocess
import sys
from statistics import mean
from typing import Any

from bench.tables import (
    DOCS,
    REPOSITORY,
    FinishedRuns,
    machine,
    markdown_table,
    replace_section,
    spread,
)

PAGE = DOCS / "tutorial.md"
FOLDER = REPOSITORY / "build/bench/demo"
DECISIVE = (
    *("skeleton", "behaviour", "performance", "script", "cast"),
    *("drawing", "scenery", "scene", "film", "settings"),
)
CHANCE = {
    "random_place": "the same detections at random places",
    "random": "the same number, with random classes at random places",
    "whole_video": "whole videos with their true tags",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--check", action="store_true", help="leave the pages as they are")
    parser.add_argument("--keep", action="store_true", help="go on with demos that were begun")
    options = parser.parse_args()
    finished = FinishedRuns(REPOSITORY / "build/bench/demo.jsonl")
    runs = [run(seed, finished, options.keep) for seed in range(options.seeds)]
    text = tables(runs)
    print(text)
    if not options.check:
        replace_section(PAGE, "demo", text)
        replace_section(REPOSITORY / "README.md", "demo", sentence(runs))


def run(seed: int, finished: FinishedRuns, keep: bool) -> dict[str, Any]:
    """Run one demo. Returns its summary, with its processor time if it began without files."""
    key = f"seed {seed}, sources {sources()}"
    found = finished.get(key)
    if found is not None:
        return found
    folder = FOLDER / f"seed_{seed}"
    if not keep:
        shutil.rmtree(folder, ignore_errors=True)
    whole = not folder.exists()
    before = processor_seconds()
    command = [sys.executable, "-m", "basnet_rt", "demo", str(folder), f"--seed={seed}", "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    summary = json.loads(done.stdout)
    summary["processor_seconds"] = processor_seconds() - before if whole else None
    finished.put(key, summary)
    return summary


def sources() -> str:
    """A digest of the sources on which the videos, their features and the training depend."""
    paths = [REPOSITORY / f"python/basnet_demo/{name}.py" for name in DECISIVE]
    paths += sorted(REPOSITORY.glob("python/basnet_rt/extractors/motion/*.py"))
    paths.append(REPOSITORY / "training/basnet_training/auto.py")
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()[:10]


def processor_seconds() -> float:
    """Processor seconds of all ended child processes."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def tables(runs: list[dict[str, Any]]) -> str:
    seeds = f"{len(runs)} seeds, each with other videos; median (least to most)"
    head = (
        f"{seeds if len(runs) > 1 else 'One seed'}; average precision in percent over tIoU 0.1 to "
        f"0.7. {machine()}."
    )
    whole = all(run["processor_seconds"] is not None for run in runs)
    # Times of interrupted demos are left out: their steps ran at different times, beside different
    # work.
    return "\n\n".join([head, accuracy(runs), *([times(runs)] if whole else [])])


def sentence(runs: list[dict[str, Any]]) -> str:
    reached = percent([run["average_map"] for run in runs])
    guessed = percent([run["chance"]["random"] for run in runs])
    seeds = f"{len(runs)} seeds" if len(runs) > 1 else "one seed"
    chance = f"the same number of random detections reaches {guessed}"
    return f"Average mAP@0.1:0.7 of {seeds}: {reached}; {chance}."


def accuracy(runs: list[dict[str, Any]]) -> str:
    rows = [["**the demo, mAP**", percent([run["average_map"] for run in runs])]]
    for label in runs[0]["ap"]:
        rows.append([f"its AP of {label}", percent([mean(run["ap"][label]) for run in runs])])
    for name, words in CHANCE.items():
        rows.append([words, percent([run["chance"][name] for run in runs])])
    return markdown_table(["", "average 0.1:0.7"], rows)


def times(runs: list[dict[str, Any]]) -> str:
    steps = runs[0]["seconds"]
    rows = [[step, spread([run["seconds"][step] for run in runs])] for step in steps]
    rows.append(["together", spread([run["total_seconds"] for run in runs])])
    rows.append(["processor time", spread([run["processor_seconds"] for run in runs])])
    got = [run["processor_seconds"] / run["total_seconds"] for run in runs]
    rows.append(["cores it got, of those shared with other work", spread(got, 2)])
    return markdown_table(["step", "seconds"], rows)


def percent(shares: list[float]) -> str:
    return spread([100 * share for share in shares])


if __name__ == "__main__":
    main()
