"""The gain from correcting a few training videos: in the order of `review`, and at random.

    python -m bench.accuracy.corrections

For each data set and seed, `basnet-train run` learns from a table of the training videos' tags
without options, and localizes each of them with a network trained without it. `review` orders the
videos by those results and the tags. The first k of that order, or of a random one, get their true
segments, marked as reviewed, and a new network is trained with preset `auto`, but without teachers,
which would take four times as long; so are networks with no and with all videos corrected. Each is
evaluated on the test videos, which are used only for this. The tables go into docs/results.md.

An interrupted run continues where it stopped. So does a run of `bench.accuracy.one_command` whose
folder was copied to DATA_SEED_run.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch

from basnet_rt import Localizer, evaluate, load
from basnet_rt.annotations import read_annotations
from basnet_rt.features import open_features
from basnet_rt.formats.result_files import read_results
from basnet_rt.reviewing import review_order
from basnet_training.config import load_config
from basnet_training.dataset import open_videos
from basnet_training.runs import resolve
from bench.accuracy.auto_rules import train, training_on
from bench.accuracy.one_command import INPUTS, call, write_tags
from bench.tables import (
    DATA,
    DOCS,
    RUNS,
    TIOU_THRESHOLDS,
    FinishedRuns,
    machine,
    markdown_table,
    publish,
    spread,
)

SETS = ("cctv_fights", "shrec21_gestures")
COUNTS = (2, 5, 10)
ORDERS = ("review", "random")


def main() -> None:
    options = parse()
    torch.set_num_threads(1)
    runs = FinishedRuns(options.work / "runs.jsonl")
    for name in options.sets:
        publish(DOCS / "results.md", f"corrections_{name}", table(options, runs, name))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--work", type=Path, default=RUNS / "corrections", help="trained models and finished runs")
    add("--seeds", type=int, default=3)
    add("--sets", nargs="+", choices=SETS, default=list(SETS))
    return parser.parse_args()


def table(options: argparse.Namespace, runs: FinishedRuns, name: str) -> str:
    """The table of one data set: a row for each number of corrected videos."""
    found = [one_seed(options.work, runs, name, seed) for seed in range(options.seeds)]
    none = [one["none"] for one in found]
    rows = []
    for row, keys in rows_of(len(training_videos(name))).items():
        cells = []
        for key in keys:
            values = [one[key] for one in found]
            gains = [value - before for value, before in zip(values, none, strict=True)]
            cells += [spread(values), f"{statistics.median(gains):+.1f}"]
        rows.append([row, *cells])
    head = ["corrected videos", *(cell for one in ORDERS for cell in (f"order: {one}", "gain"))]
    note = (
        f"{name}: average mAP@0.1:0.7 in percent on the test videos, median (least to most) of "
        f"{options.seeds} seeds; the gain is the median of pairs of one seed. {machine()}"
    )
    return f"{note}\n\n{markdown_table(head, rows)}"


def rows_of(videos: int) -> Mapping[str, Sequence[str]]:
    """The keys of a row's cells, one for each of ORDERS, by the name of the row."""
    some = {str(count): [f"{order} {count}" for order in ORDERS] for count in COUNTS}
    return {"none": ["none"] * 2, **some, f"all {videos}": ["all"] * 2}


def training_videos(name: str) -> list[str]:
    return sorted(read_annotations(DATA / name / "annotations.json").subset("train").videos)


def one_seed(work: Path, runs: FinishedRuns, name: str, seed: int) -> dict[str, float]:
    """Average mAP in percent, by the corrected videos."""
    names = training_videos(name)
    orders = {"review": asked(work, name, seed), "random": shuffled(names, seed)}
    chosen: dict[str, Sequence[str]] = {"none": [], "all": names}
    for order, count in ((order, count) for order in ORDERS for count in COUNTS):
        chosen[f"{order} {count}"] = orders[order][:count]
    found = {}
    for what, corrected in chosen.items():
        key = f"{name} {seed} {what}"
        value = runs.get(key)
        if value is None:
            value = score(name, train_with(work / key.replace(" ", "_"), name, seed, corrected))
            runs.put(key, value)
        print(f"{key}: {value:.1f}", flush=True)
        found[what] = float(value)
    return found


def asked(work: Path, name: str, seed: int) -> list[str]:
    """The training videos in the order of `review`, followed by the rest."""
    output = work / f"{name}_{seed}_run"
    (given,) = (one for one in INPUTS.values() if one.data_set == name and one.extractor is None)
    features = given.features(work) / "train"
    call("basnet_training", "run", features, write_tags(work, given), "-o", output, "--seed", seed)
    train_set = read_annotations(given.truth).subset("train").videos
    tags = {video: one.tags for video, one in train_set.items()}
    results = read_results(output / "results.json").detections
    first = [one.video for one in review_order(results, tags=tags)]
    return first + sorted(set(train_set) - set(first))


def shuffled(names: Sequence[str], seed: int) -> list[str]:
    return random.Random(seed).sample(names, len(names))


def train_with(folder: Path, name: str, seed: int, corrected: Sequence[str]) -> Path:
    """A bundle trained on all tags, and on the true segments of these videos."""
    folder.mkdir(parents=True, exist_ok=True)
    changes = {**training_on(name, seed), "optim.teachers": 0}
    if corrected:
        changes["data.corrected"] = write_corrected(folder / "corrected.json", name, corrected)
    config = load_config("auto", changes)
    videos = open_videos(config.data)
    return train(resolve(config, videos), videos, folder)


def write_corrected(path: Path, name: str, videos: Sequence[str]) -> Path:
    """The file that the report exports after a person has corrected every segment."""
    database = json.loads((DATA / name / "annotations.json").read_text())["database"]
    reviewed = {video: {**database[video], "reviewed": True} for video in videos}
    path.write_text(json.dumps({"database": reviewed}))
    return path


def score(name: str, bundle: Path) -> float:
    """Average mAP@0.1:0.7 in percent on the test videos."""
    localizer = Localizer(load(bundle))
    features = open_features(DATA / name / "features" / "test")
    found = {video: localizer(features.read(video)) for video in features.names}
    truth = DATA / name / "annotations.json"
    report = evaluate(truth, found, subset="test", tiou_thresholds=TIOU_THRESHOLDS)
    return 100 * report.average_map


if __name__ == "__main__":
    main()
