"""Quality by `basnet-train run` with no option, from two data sets and files of their tags.

    python -m bench.accuracy.one_command

An extractor makes features of the 92 videos of cctv_fights once; the other inputs are features that
lie beside the data. For each seed, the programs are called as a new user calls them:
`basnet-train run` on the training features and a CSV of their tags, with the test features to
localize. `evaluate` alone reads the segments of the test videos. The table goes into
docs/results.md. Interrupted, it goes on where it stopped.
"""

from __future__ import annotations

import argparse
import csv
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from basnet_rt import evaluate
from basnet_rt.annotations import read_annotations
from bench.tables import DATA, DOCS, RUNS, FinishedRuns, machine, markdown_table, publish, spread

TIOU = [k / 10 for k in range(1, 8)]


@dataclass(frozen=True)
class Input:
    """Features of a data set; `extractor` makes them of its videos, None: they lie beside it."""

    data_set: str
    extractor: str | None

    @property
    def data(self) -> Path:
        return DATA / self.data_set

    @property
    def truth(self) -> Path:
        return self.data / "annotations.json"

    def features(self, work: Path) -> Path:
        """The folder of the parts `train` and `test`."""
        return self.data / "features" if self.extractor is None else work / self.extractor


INPUTS = {
    "motion": Input("cctv_fights", "motion"),
    "given": Input("cctv_fights", None),
    "motion+cnn": Input("cctv_fights", "motion+cnn"),
    "shrec21_gestures": Input("shrec21_gestures", None),
}


def main() -> None:
    options = parse()
    options.work.mkdir(parents=True, exist_ok=True)
    runs = FinishedRuns(options.work / "runs.jsonl")
    rows = []
    for name in options.inputs:
        make_features(options.work, INPUTS[name])
        tags = write_tags(options.work, INPUTS[name])
        each = [one_seed(options.work, runs, name, tags, seed) for seed in range(options.seeds)]
        columns = [statistics.median(one[k] for one in each) for k in range(len(TIOU))]
        averages = [100 * statistics.mean(one) for one in each]
        rows.append(
            [
                title_of(name),
                *(f"{100 * value:.1f}" for value in columns),
                spread(averages),
            ]
        )
    head = ["features", *(f"{tiou:g}" for tiou in TIOU), "average"]
    note = (
        f"mAP in percent on the test videos, median of {options.seeds} seeds, and for the "
        f"average (least to most). {machine()}"
    )
    publish(DOCS / "results.md", "one_command", f"{note}\n\n{markdown_table(head, rows)}")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--work", type=Path, default=RUNS / "one_command", help="features and finished runs")
    add("--seeds", type=int, default=9)
    add("--inputs", nargs="+", choices=INPUTS, default=list(INPUTS))
    return parser.parse_args()


def title_of(name: str) -> str:
    """An input as the tables name it."""
    one = INPUTS[name]
    return f"{one.data_set}, {'given' if one.extractor is None else f'`{one.extractor}`'}"


def write_tags(work: Path, one: Input) -> Path:
    """A line "video,tag,duration" for each training video; one without action has no tag.

    Durations, which people know of their videos, tell how often features were taken.
    """
    path = work / f"{one.data_set}_tags.csv"
    write_table(path, one.truth)
    return path


def write_table(path: Path, truth: Path) -> None:
    """The same at `path`, of any annotations."""
    train = read_annotations(truth).subset("train").videos
    with path.open("w", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["video", "tag", "duration"])
        lines.writerows(
            [name, ";".join(sorted(video.tags)), video.duration] for name, video in train.items()
        )


def make_features(work: Path, one: Input) -> None:
    """Features of all videos, once for all seeds; those that are there are kept."""
    if one.extractor is None:
        return
    for part in ("train", "test"):
        videos, output = one.data / "videos" / part, one.features(work) / part
        call("basnet_rt", "extract", videos, "-o", output, "--extractor", one.extractor)


def key_of(name: str, seed: int | str) -> str:
    """The name of a run, and of its folder."""
    return f"{name}_{seed}"


def one_seed(work: Path, runs: FinishedRuns, name: str, tags: Path, seed: int) -> list[float]:
    """mAP at each of `TIOU`, as a share."""
    key, one = key_of(name, seed), INPUTS[name]
    found = runs.get(key)
    if found is None:
        features, output = one.features(work), work / key
        call(
            "basnet_training",
            *("run", features / "train", tags, "-o", output, "--seed", seed),
            *("--localize", features / "test"),
        )
        results = output / "results.json"
        report = evaluate(one.truth, results, subset="test", tiou_thresholds=TIOU)
        found = [float(value) for value in report.map]
        runs.put(key, found)
    print(f"{name}, seed {seed}: {100 * statistics.mean(found):.1f}", flush=True)
    return list(found)


def call(package: str, *arguments: object) -> None:
    """One of the two programs, as a process of its own."""
    subprocess.run([sys.executable, "-m", package, *map(str, arguments)], check=True)


if __name__ == "__main__":
    main()
