"""The gain of the rules of preset `auto` and of the default settings, on held-out videos.

    python -m bench.accuracy.auto_rules

For each data set the training videos are divided as in `basnet-train run`. A network is trained on
all parts but one with preset `auto`, once with its current and once with its earlier rules. Its
bundle localizes the videos of the remaining part, with the new and the old post-processing. No test
video is opened. The table goes into docs/results.md. An interrupted run continues where it stopped.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from basnet_rt import Localizer, evaluate, load
from basnet_rt.model.model import Model
from basnet_training.calibrate import calibrate_network
from basnet_training.config import Config, load_config
from basnet_training.dataset import open_videos
from basnet_training.export import describe, export_bundle
from basnet_training.reading import TaggedVideos
from basnet_training.run.folds import divide_folds
from basnet_training.runs import load_model, resolve
from basnet_training.trainer import fit_videos
from bench.tables import DATA, DOCS, RUNS, FinishedRuns, machine, markdown_table, publish

SETS = ("cctv_fights", "shrec21_gestures")
TIOU = [k / 10 for k in range(1, 8)]
PARTS = 4
# No average of weights; 60 passes over the videos if there are many classes.
BEFORE: dict[str, dict[str, Any]] = {
    "cctv_fights": {"optim.ema_decay": None},
    "shrec21_gestures": {"optim.iterations": 304, "optim.ema_decay": None},
}
RULES: dict[str, Mapping[str, Mapping[str, Any]]] = {
    "before": BEFORE,
    "now": {name: {} for name in SETS},
}
READINGS: dict[str, dict[str, Any]] = {
    "before": {
        "cas_thresholds": [k / 20 for k in range(2, 19)],
        "nms": "hard",
        "nms_iou": 0.45,
    },
    "now": {},
}

Averages = dict[str, float]  # reading to average mAP in percent


def main() -> None:
    options = parse()
    torch.set_num_threads(1)
    runs = FinishedRuns(options.work / "runs.jsonl")
    for name in options.sets:
        text = table(options, runs, name)
        publish(DOCS / "results.md", f"auto_rules_{name}", text, write=not options.quick)


def table(options: argparse.Namespace, runs: FinishedRuns, name: str) -> str:
    """The table of one data set; a pair is one part and one seed, trained by both rules."""
    pairs = [(part, seed) for seed in range(options.seeds) for part in range(options.parts)]
    found = {
        rules: [one_part(options, runs, name, rules, part, seed) for part, seed in pairs]
        for rules in RULES
    }
    rows: list[list[str]] = [
        [name, rules, *(cell([one[reading] for one in each]) for reading in READINGS)]
        for rules, each in found.items()
    ]
    gains = [
        cell([b[reading] - a[reading] for a, b in zip(*found.values(), strict=True)], "+")
        for reading in READINGS
    ]
    rows.append([name, "gain, paired", *gains])
    head = ["data", "training", *(f"reading {reading}" for reading in READINGS)]
    note = (
        f"Average mAP@0.1:0.7 in percent on held-out training videos, {options.parts} of 4 parts, "
        f"{options.seeds} seeds each: median (least to most). {machine()}"
    )
    return f"{note}\n\n{markdown_table(head, rows)}"


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--work", type=Path, default=RUNS / "auto_rules", help="trained models and finished runs")
    add("--parts", type=int, default=4, help="of the four to hold out")
    add("--seeds", type=int, default=3)
    add("--sets", nargs="+", choices=SETS, default=list(SETS))
    add("--quick", action="store_true", help="20 iterations; nothing goes into docs/")
    return parser.parse_args()


def one_part(
    options: argparse.Namespace,
    runs: FinishedRuns,
    name: str,
    rules: str,
    part: int,
    seed: int,
) -> Averages:
    """Train without the part and localize in it, or find it done."""
    changes = {**training_on(name, seed), **RULES[rules][name]}
    if options.quick:
        changes["optim.iterations"] = 20
    videos = open_videos(load_config("auto", changes).data)
    trained, held = divide(videos, part)
    config = resolve(load_config("auto", changes), trained)
    folder = options.work / f"{name}_{part}_{config.digest()}"
    found = runs.get(folder.name)
    if found is None:
        model = load(train(config, trained, folder))
        names = [videos.names[i] for i in held]
        truth = DATA / name / "annotations.json"
        found = {
            title: score(model, videos, names, truth, reading)
            for title, reading in READINGS.items()
        }
        runs.put(folder.name, found)
    print(f"{name}, training {rules}, part {part}, seed {seed}: {found}", flush=True)
    return dict(found)


def training_on(name: str, seed: int) -> dict[str, Any]:
    """Settings of a training on the tags of a data set's training videos."""
    data = DATA / name
    return {**settings_of(data / "features" / "train", data / "annotations.json"), "run.seed": seed}


def settings_of(features: Path, truth: Path) -> dict[str, Any]:
    return {
        "data.features": features,
        "data.annotations": truth,
        "data.subset": "train",
        "run.device": "cpu",
        "run.tensorboard": False,
    }


def divide(videos: TaggedVideos, part: int) -> tuple[TaggedVideos, list[int]]:
    """The videos without the part, and the places of the part's."""
    held = divide_folds(videos, [], PARTS)[part]
    return videos.without(held), held


def train(config: Config, videos: TaggedVideos, folder: Path) -> Path:
    """Fit, calibrate and export, by these videos alone."""
    fit_videos(config, videos, folder, shown=False)
    model = load_model(folder)
    done = calibrate_network(model.network, model.config, videos)
    path = folder / "model.pt"
    export_bundle(model.network, describe(model.config, calibration=done.calibration), path)
    return path


def score(
    model: Model,
    videos: TaggedVideos,
    names: list[str],
    truth: Path,
    reading: Mapping[str, Any] | None = None,
) -> float:
    """Average mAP@0.1:0.7 in percent on the named training videos."""
    localizer = Localizer(model, model.configure(**(reading or {})))
    found = {name: localizer(videos.source.read(name)) for name in names}
    report = evaluate(
        truth,
        found,
        subset="train",
        tiou_thresholds=TIOU,
        videos=names,
        unknown_labels="ignore",  # of many classes, the named videos may not have all
    )
    return 100 * report.average_map


def cell(values: list[float], sign: str = "") -> str:
    middle, least, most = statistics.median(values), min(values), max(values)
    return f"{middle:{sign}.1f} ({least:{sign}.1f} to {most:{sign}.1f})"


if __name__ == "__main__":
    main()
