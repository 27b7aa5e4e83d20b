"""Fights from videos: features `motion`, features of a CNN, and both together.

    python -m bench.accuracy.video_features

Extracts `motion` from the 92 videos; then, for each kind of features and each seed, trains from the
tags of the training videos, calibrates, exports, localizes the test videos and evaluates, as
bench/accuracy/cctv_fights.py does for the CNN's. A linear probe of single snippets besides. The
tables go into docs/results.md. Interrupted, it goes on where it stopped.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path
from typing import Any

import torch

from basnet_rt.features import open_features
from basnet_training.config import Config, load_config
from basnet_training.dataset import open_videos
from bench.accuracy.cctv_fights import LEVELS, score, train, video_auc
from bench.accuracy.cctv_readings import MAIN, localize
from bench.accuracy.cctv_scenes import divide, read_snippets
from bench.accuracy.cctv_selection import FOLDS, preset
from bench.accuracy.remembered_projection import remembered_projections
from bench.accuracy.video_inputs import (
    CHANGES,
    DATA,
    KINDS,
    PRESETS,
    RESULTS,
    WORK,
    feature_folders,
    fingerprint,
    stacked,
)
from bench.accuracy.video_probe import probe
from bench.tables import FinishedRuns, machine, markdown_table, publish, spread


def main() -> None:
    options = parse()
    torch.set_num_threads(1)
    runs = FinishedRuns(options.work / "runs.jsonl")
    begin = time.monotonic()
    folders = feature_folders(DATA, options.work)
    print(f"features: {time.monotonic() - begin:.0f} s", flush=True)
    prints = {kind: fingerprint(stacked(open_features(folders[kind] / "train"))) for kind in KINDS}
    measured, probes = {}, {}
    for kind in KINDS:
        probes[kind] = one_probe(runs, f"probe {kind} {prints[kind]}", folders[kind])
        with remembered_projections():
            for seed in range(options.seeds):
                config = settings(kind, folders[kind], seed)
                run = f"{folders[kind].name}_{seed}_{config.digest()}_{prints[kind]}"
                folder = options.work / run
                measured[kind, seed] = one_run(runs, config, folder, folders[kind])
                print(f"{kind}, seed {seed}: {measured[kind, seed]['average']:.1f}", flush=True)
    text = tables(measured, probes, options.seeds)
    publish(RESULTS, "cctv_video", text, write=options.seeds >= 5)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--work", type=Path, default=WORK, help="features, trained models and finished runs")
    add("--seeds", type=int, default=5, help="fewer than five: prints only")
    return parser.parse_args()


def settings(kind: str, folder: Path, seed: int) -> Config:
    """The preset of the kind; nothing but the seed differs from run to run."""
    changes = {
        "data.features": folder / "train",
        "data.annotations": DATA / "annotations.json",
        "run.seed": seed,
        "run.device": "cpu",
        "run.tensorboard": False,
        **CHANGES.get(kind, {}),
    }
    return load_config(PRESETS[kind], changes)


def one_run(runs: FinishedRuns, config: Config, folder: Path, features: Path) -> dict[str, float]:
    """Train, calibrate, export, localize and evaluate; or find it done."""
    found = runs.get(folder.name)
    if found is None:
        model, videos = train(config, folder), open_features(features / "test")
        found = score(localize(MAIN, {"own": model}, videos), DATA)
        found["video_auc"] = video_auc(model, videos, DATA)
        runs.put(folder.name, found)
    values: dict[str, float] = found
    return values


def one_probe(runs: FinishedRuns, key: str, folder: Path) -> dict[str, Any]:
    found = runs.get(key)
    if found is None:
        fold_of = divide(read_snippets(open_videos(preset(DATA).data)), FOLDS)
        found = probe(folder, DATA / "annotations.json", fold_of)
        runs.put(key, found)
    values: dict[str, Any] = found
    return values


def tables(
    measured: dict[tuple[str, int], dict[str, float]],
    probes: dict[str, dict[str, Any]],
    seeds: int,
) -> str:
    trained, probed = [], []
    for kind in KINDS:
        found = [measured[kind, seed] for seed in range(seeds)]
        medians = [f"{statistics.median(one[level] for one in found):.1f}" for level in LEVELS]
        average = spread([one["average"] for one in found])
        trained.append(
            [kind, *medians, average, spread([one["video_auc"] for one in found], digits=3)]
        )
        one = probes[kind]
        probed.append([kind, f"{one['held_out']:.3f}", f"{one['test']:.3f}", f"{one['axes']}"])
    heading = (
        f"From tags alone: mAP in percent, median of {seeds} seeds, and for the last two columns "
        f"(least to most). {machine()}."
    )
    probe_heading = "Linear probe of single snippets, trained with frame labels: AUC."
    return "\n\n".join(
        [
            heading,
            markdown_table(["features", *LEVELS, "average", "video-level AUC"], trained),
            probe_heading,
            markdown_table(["features", "held-out training scenes", "test", "axes"], probed),
        ]
    )


if __name__ == "__main__":
    main()
