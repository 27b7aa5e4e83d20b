"""Quality of `basnet-train run` without options, on the videos of cctv_fights and a file of tags.

    python -m bench.accuracy.one_command

Each extractor makes features of the 92 videos once; "given" are CNN features stored beside the
videos. Then, for each seed, the programs are called as by a new user: `basnet-train run` on the
training videos' features and a CSV of their tags, with the test videos to localize. Only `evaluate`
reads the segments of the test videos. The table goes into docs/results.md. An interrupted run
continues where it stopped.
"""

from __future__ import annotations

import argparse
import csv
import json
import statistics
import subprocess
import sys
from pathlib import Path

from basnet_rt import evaluate
from bench.tables import DATA, DOCS, RUNS, FinishedRuns, machine, markdown_table, publish

SET = DATA / "cctv_fights"
TIOU = [k / 10 for k in range(1, 8)]
GIVEN = "given"
EXTRACTORS = ("motion", GIVEN, "motion+cnn")


def main() -> None:
    options = parse()
    options.work.mkdir(parents=True, exist_ok=True)
    tags = write_tags(options.work / "tags.csv")
    runs = FinishedRuns(options.work / "runs.jsonl")
    rows = []
    for extractor in options.extractors:
        if extractor != GIVEN:
            make_features(options.work / extractor, extractor)
        each = [
            one_seed(options.work, runs, extractor, tags, seed) for seed in range(options.seeds)
        ]
        columns = [statistics.median(one[k] for one in each) for k in range(len(TIOU))]
        averages = [statistics.mean(one) for one in each]
        middle, least, most = statistics.median(averages), min(averages), max(averages)
        cells = [f"{100 * value:.1f}" for value in columns]
        rows.append(
            [
                f"`{extractor}`",
                *cells,
                f"{100 * middle:.1f} ({100 * least:.1f} to {100 * most:.1f})",
            ]
        )
    head = ["extractor", *(f"{tiou:g}" for tiou in TIOU), "average"]
    note = (
        f"mAP in percent on the 28 test videos, median of {options.seeds} seeds, and for the "
        f"average (least to most). {machine()}"
    )
    publish(DOCS / "results.md", "one_command", f"{note}\n\n{markdown_table(head, rows)}")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--work", type=Path, default=RUNS / "one_command", help="features and finished runs")
    add("--seeds", type=int, default=9)
    add("--extractors", nargs="+", choices=EXTRACTORS, default=list(EXTRACTORS))
    return parser.parse_args()


def write_tags(path: Path) -> Path:
    """A line "video,tag" for each training video; one without fights has no tag."""
    database = json.loads((SET / "annotations.json").read_text())["database"]
    with path.open("w", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["video", "tag"])
        for name, video in database.items():
            if video["subset"] == "train":
                labels = sorted({one["label"] for one in video["annotations"]})
                lines.writerow([name, ";".join(labels)])
    return path


def make_features(folder: Path, extractor: str) -> None:
    """Features of all videos, once for all seeds; those that are there are kept."""
    for part in ("train", "test"):
        videos, output = SET / "videos" / part, folder / part
        call("basnet_rt", "extract", videos, "-o", output, "--extractor", extractor)


def key_of(extractor: str, seed: int | str) -> str:
    """The name of a run, and of its folder."""
    return f"{extractor}_{seed}"


def one_seed(work: Path, runs: FinishedRuns, extractor: str, tags: Path, seed: int) -> list[float]:
    """mAP at each of `TIOU`, as a share."""
    key = key_of(extractor, seed)
    found = runs.get(key)
    if found is None:
        features = SET / "features" if extractor == GIVEN else work / extractor
        output = work / key
        call(
            "basnet_training",
            *("run", features / "train", tags, "-o", output, "--seed", seed),
            *("--localize", features / "test"),
        )
        results, truth = output / "results.json", SET / "annotations.json"
        report = evaluate(truth, results, subset="test", tiou_thresholds=TIOU)
        found = [float(value) for value in report.map]
        runs.put(key, found)
    print(f"{extractor}, seed {seed}: {100 * statistics.mean(found):.1f}", flush=True)
    return list(found)


def call(package: str, *arguments: object) -> None:
    """One of the two programs, as a process of its own."""
    subprocess.run([sys.executable, "-m", package, *map(str, arguments)], check=True)


if __name__ == "__main__":
    main()
