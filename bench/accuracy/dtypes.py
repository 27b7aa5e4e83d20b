"""The accuracy of bfloat16 and int8 weights, on two real data sets.

    python -m bench.accuracy.dtypes

For each data set and seed: train on the tags of the training videos, calibrate and export in
float32. Then localize the test videos with the weights as float32, bfloat16 and int8, made from
that one file by `load(dtype=...)`, and evaluate. No setting was chosen for these numbers:
cctv_fights has its preset, shrec21_gestures the preset `auto`. The table goes into docs/results.md.
An interrupted run continues where it stopped.
"""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path

import torch

from basnet_rt import Localizer, evaluate, load
from basnet_rt.features import open_features
from basnet_training.calibrate import fitting_calibration
from basnet_training.calibrate_target import calibrate_run
from basnet_training.config import Config, load_config
from basnet_training.export import describe, export_bundle
from basnet_training.runs import load_model
from basnet_training.trainer import fit
from bench.tables import DATA, DOCS, RUNS, FinishedRuns, machine, markdown_table, publish

RESULTS = DOCS / "results.md"
PRESETS = {"cctv_fights": "cctv_fights", "shrec21_gestures": "auto"}
DTYPES = ("float32", "bfloat16", "int8")
TIOU = [k / 10 for k in range(1, 8)]

Averages = dict[str, float]  # dtype to average mAP in percent


def main() -> None:
    options = parse()
    torch.set_num_threads(1)
    runs = FinishedRuns(options.work / "runs.jsonl")
    measured = {
        name: [one_run(options, runs, name, seed) for seed in range(options.seeds)]
        for name in options.sets
    }
    publish(RESULTS, "dtypes", table(measured, options.seeds), write=not options.quick)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--work", type=Path, default=RUNS / "dtypes", help="trained models and finished runs")
    add("--seeds", type=int, default=9)
    add("--sets", nargs="+", choices=PRESETS, default=list(PRESETS))
    add("--quick", action="store_true", help="20 iterations; nothing goes into docs/")
    return parser.parse_args()


def settings(options: argparse.Namespace, name: str, seed: int) -> Config:
    """The preset of the data set; only the seed differs between runs."""
    changes = {
        "data.features": DATA / name / "features" / "train",
        "data.annotations": DATA / name / "annotations.json",
        "data.subset": "train",
        "run.seed": seed,
        "run.device": "cpu",
        "run.tensorboard": False,
    }
    if options.quick:
        changes["optim.iterations"] = 20
    return load_config(PRESETS[name], changes)


def one_run(options: argparse.Namespace, runs: FinishedRuns, name: str, seed: int) -> Averages:
    """Train, export and evaluate in every dtype; or find it done."""
    config = settings(options, name, seed)
    folder = options.work / f"{name}_{seed}_{config.digest()}"
    found = runs.get(folder.name)
    if found is None:
        bundle = train(config, folder)
        found = {dtype: score(bundle, dtype, name) for dtype in DTYPES}
        runs.put(folder.name, found)
    shown = ", ".join(f"{dtype} {found[dtype]:.2f}" for dtype in DTYPES)
    print(f"{name}, seed {seed}: average mAP {shown}", flush=True)
    return dict(found)


def train(config: Config, folder: Path) -> Path:
    """Fit and calibrate, if not done yet in `folder`, and export in float32."""
    fit(config, folder, resume=True, shown=False)
    calibrate_run(folder, {}, None, None)
    model = load_model(folder)
    calibration = fitting_calibration(folder, model.config.export.activation)
    path = folder / "model.pt"
    export_bundle(
        model.network, describe(model.config, dtype="float32", calibration=calibration), path
    )
    return path


def score(bundle: Path, dtype: str, name: str) -> float:
    """Average mAP@0.1:0.7 in percent on the test videos."""
    model = load(bundle, engine="native", dtype=dtype)
    localizer = Localizer(model)
    videos = open_features(DATA / name / "features" / "test")
    found = {video: localizer(videos.read(video)) for video in videos.names}
    truth = DATA / name / "annotations.json"
    report = evaluate(truth, found, subset="test", tiou_thresholds=TIOU, unknown_labels="ignore")
    return 100 * report.average_map


def table(measured: dict[str, list[Averages]], seeds: int) -> str:
    """Medians of the dtypes, and of the paired differences from float32 with their range."""
    rows = []
    for name, runs in measured.items():
        cells = [f"{statistics.median(run[dtype] for run in runs):.2f}" for dtype in DTYPES]
        for dtype in DTYPES[1:]:
            differences = [run[dtype] - run["float32"] for run in runs]
            low, high = min(differences), max(differences)
            cells.append(f"{statistics.median(differences):+.2f} ({low:+.2f} to {high:+.2f})")
        rows.append([name, *cells])
    heads = ["data", *DTYPES, "bfloat16 - float32", "int8 - float32"]
    about = (
        f"Average mAP@0.1:0.7 in percent on the test videos, {seeds} seeds: medians, and medians "
        f"(least to most) of the paired differences. {machine()}."
    )
    return f"{about}\n\n{markdown_table(heads, rows)}"


if __name__ == "__main__":
    main()
