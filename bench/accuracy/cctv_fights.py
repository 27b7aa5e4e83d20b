"""The ablation on real surveillance video, through the shipped trainer and runtime.

    python -m bench.accuracy.cctv_fights

For every variant and seed: train on the tags of the training videos with preset `cctv_fights`
(only `network.variant` and the seed differ), calibrate, export, localize the 28 test files and
evaluate, each network under all readings of cctv_readings.py. With the first seed the main line
also goes through the program `basnet-rt localize`, whose results must be the same. The tables go
into docs/results.md. An interrupted run continues where it stopped.

`--quick` is a trial of the machinery: two seeds of 20 iterations, nothing written to docs/.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import operator
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from basnet_rt import evaluate, load
from basnet_rt.annotations import read_annotations
from basnet_rt.features import FeatureSource, open_features
from basnet_rt.model import Model
from basnet_rt.results import Detections
from basnet_training.calibrate import fitting_calibration
from basnet_training.calibrate_target import calibrate_run
from basnet_training.config import Config, load_config
from basnet_training.export import describe, export_bundle
from basnet_training.runs import load_model
from basnet_training.trainer import fit
from basnet_training.validation import video_metrics
from bench.accuracy.cctv_readings import (
    MAIN,
    READINGS,
    RELEASED,
    Reading,
    localize,
    localize_literally,
)
from bench.accuracy.remembered_projection import remembered_projections
from bench.tables import (
    DATA,
    DOCS,
    RUNS,
    TIOU_THRESHOLDS,
    VARIANTS,
    FinishedRuns,
    machine,
    markdown_table,
    publish,
    spread,
)

RESULTS = DOCS / "results.md"
LEVELS = [f"{level:.1f}" for level in TIOU_THRESHOLDS]

# Per reading: mAP in percent by tIoU, "average", "detections"; and "video_auc" of the network.
Measured = dict[str, dict[str, float]]


def main() -> None:
    options = parse()
    torch.set_num_threads(1)
    runs = FinishedRuns(options.work / "runs.jsonl")
    with remembered_projections():
        measured = {
            (variant, seed): one_run(options, runs, variant, seed)
            for seed in range(options.seeds)
            for variant in VARIANTS
        }
    text = tables(measured, options.seeds)
    publish(RESULTS, "cctv_fights", text, write=not options.quick)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--data", type=Path, default=DATA / "cctv_fights")
    add("--work", type=Path, help="trained models and finished runs; default runs/cctv_fights")
    add("--seeds", type=int, default=9)
    add("--quick", action="store_true", help="a trial; nothing goes into docs/")
    options = parser.parse_args()
    if options.quick:
        options.seeds = 2
    name = "cctv_fights_quick" if options.quick else "cctv_fights"
    options.work = options.work or RUNS / name
    return options


def settings(options: argparse.Namespace, variant: str, seed: int) -> Config:
    """The preset; only variant and seed differ between runs."""
    changes = {
        "data.features": options.data / "features" / "train",
        "data.annotations": options.data / "annotations.json",
        "network.variant": variant,
        "run.seed": seed,
        "run.device": "cpu",
        "run.tensorboard": False,
    }
    if options.quick:
        changes["optim.iterations"] = 20
    return load_config("cctv_fights", changes)


def one_run(options: argparse.Namespace, runs: FinishedRuns, variant: str, seed: int) -> Measured:
    """Train, calibrate, export, localize and evaluate; or find it done."""
    config = settings(options, variant, seed)
    folder = options.work / f"{variant}_{seed}_{config.digest()}"
    key = f"{folder.name} {hashlib.sha256(repr(READINGS).encode()).hexdigest()[:10]}"
    found = runs.get(key)
    if found is None:
        models = {"own": train(config, folder), "raw": export(folder, "raw")}
        found = measure(models, options.data)
        if seed == 0:
            check_program(folder / "own.pt", models, options.data)
        runs.put(key, found)
    averages = ", ".join(f"{found[one.name]['average']:.1f}" for one in READINGS)
    print(f"{VARIANTS[variant]}, seed {seed}: average mAP {averages}", flush=True)
    return found


def train(config: Config, folder: Path) -> Model:
    """Fit and calibrate, if not done yet in `folder`; the bundle is own.pt."""
    fit(config, folder, resume=True, shown=False)
    calibrate_run(folder, {}, None, None)
    return export(folder, None)


def export(folder: Path, activation: str | None) -> Model:
    """Write a bundle, as `basnet-train export` does, and load it; None: the recipe's activation."""
    model = load_model(folder)
    calibration = fitting_calibration(folder, model.config.export.activation)
    metadata = describe(
        model.config,
        activation=activation,
        calibration=calibration if activation is None else None,
        provenance={"step": model.step},
    )
    path = folder / f"{activation or 'own'}.pt"
    export_bundle(model.network, metadata, path)
    return load(path)


def measure(models: dict[str, Model], data: Path) -> Measured:
    """Every way of post-processing on the test videos, whose segments are used only here."""
    videos = open_features(data / "features" / "test")
    found = {one.name: score(localize(one, models, videos), data) for one in READINGS}
    literal = localize_literally(RELEASED, models, videos)
    found["literal"] = {"detections": sum(map(len, literal.values()))}
    found["network"] = {"video_auc": video_auc(models["own"], videos, data)}
    return found


def score(detections: dict[str, Detections], data: Path) -> dict[str, float]:
    report = evaluate(
        data / "annotations.json", detections, subset="test", tiou_thresholds=TIOU_THRESHOLDS
    )
    by_level = {level: 100 * float(ap) for level, ap in zip(LEVELS, report.map, strict=True)}
    return by_level | {"average": 100 * report.average_map, "detections": report.num_detections}


def video_auc(model: Model, videos: FeatureSource, data: Path) -> float:
    """The AUC of video scores for test videos with a fight against those without."""
    annotated = read_annotations(data / "annotations.json").subset("test").videos
    labels = np.array([[bool(annotated[name].tags)] for name in videos.names], dtype=np.float32)
    scores = np.stack([model.forward(videos.read(name)).video_scores for name in videos.names])
    return video_metrics(scores, labels)["video_auc"]


def check_program(bundle: Path, models: dict[str, Model], data: Path) -> None:
    """The program must write what the library returned, detection by detection."""
    videos, output = data / "features" / "test", bundle.with_name("results.json")
    program = [sys.executable, "-m", "basnet_rt", "localize", "--no-resume"]
    command = [*program, str(videos), "-m", str(bundle), "-o", str(output), "--json"]
    subprocess.run(command, check=True, capture_output=True)
    written = json.loads(output.read_text(encoding="utf-8"))["results"]
    returned = localize(MAIN, models, open_features(videos))
    differing = [name for name, one in returned.items() if written[name] != one.to_records()]
    if differing or len(written) != len(returned):
        raise SystemExit(f"`basnet-rt localize` and the library differ on {differing}")
    print("`basnet-rt localize` wrote the same detections", flush=True)


def tables(measured: dict[tuple[str, int], Measured], seeds: int) -> str:
    """Medians, then ranges, then the footnotes, as docs/results.md takes them."""
    parts = [
        f"mAP in percent and video-level AUC of {seeds} seeds. {machine()}.",
        "Medians, and for the last two columns (least to most):",
        table(measured, seeds, lambda values: f"{statistics.median(values):.1f}", ranged=True),
        "Least and most per tIoU:",
        table(measured, seeds, lambda values: f"{min(values):.1f} - {max(values):.1f}"),
        order(measured, seeds),
        literal(measured),
    ]
    return "\n\n".join(parts)


def table(
    measured: dict[tuple[str, int], Measured],
    seeds: int,
    cell: Callable[[list[float]], str],
    *,
    ranged: bool = False,
) -> str:
    """A row per reading and variant."""
    rows = []
    for reading in READINGS:
        for variant, title in VARIANTS.items():
            found = [measured[variant, seed] for seed in range(seeds)]
            row = [cell([one[reading.name][level] for one in found]) for level in LEVELS]
            if ranged:
                row.append(spread([one[reading.name]["average"] for one in found]))
                row.append(spread([one["network"]["video_auc"] for one in found], digits=3))
            rows.append([f"{title}, {reading.name}", *row])
    return markdown_table(["", *LEVELS, *(["average", "AUC"] if ranged else [])], rows)


def order(measured: dict[tuple[str, int], Measured], seeds: int) -> str:
    """The number of seeds in which each variant is better, by the average."""
    pairs = list(itertools.combinations(reversed(VARIANTS), 2))
    rows = []
    for reading in READINGS:
        found = {variant: average(measured, variant, seeds, reading) for variant in VARIANTS}
        won = [sum(map(operator.gt, found[a], found[b])) for a, b in pairs]
        rows.append([reading.name, *(f"{count} of {seeds}" for count in won)])
    header = ["", *(f"{VARIANTS[a]} above {VARIANTS[b]}" for a, b in pairs)]
    return "Seeds in which one variant's average is above another's:\n\n" + markdown_table(
        header, rows
    )


def average(
    measured: dict[tuple[str, int], Measured], variant: str, seeds: int, reading: Reading
) -> list[float]:
    return [measured[variant, seed][reading.name]["average"] for seed in range(seeds)]


def literal(measured: dict[tuple[str, int], Measured]) -> str:
    most = max(one["literal"]["detections"] for one in measured.values())
    return (
        "Mode `published` unchanged, without the dummy class: "
        f"{most:.0f} detections in any run, hence mAP 0."
    )


if __name__ == "__main__":
    main()
