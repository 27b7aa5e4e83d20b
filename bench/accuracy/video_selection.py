"""The choice of preset `cctv_fights_motion`'s settings, on scenes held out of training.

    python -m bench.accuracy.video_selection

The scenes, folds, likely segments and judge of bench/accuracy/cctv_selection.py, where only tags of
training videos are read; the networks learn from, and score, other features. Scenes and likely
segments still come from the CNN's colour channels: those tell places apart. The table goes into
docs/results.md. Interrupted, it goes on where it stopped.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
from pathlib import Path
from typing import Any

import numpy as np
import torch

from basnet_rt.features import open_features
from basnet_training.config import Config, load_config
from basnet_training.dataset import open_videos
from bench.accuracy.cctv_judge import Judge
from bench.accuracy.cctv_scenes import Snippets, divide, read_snippets
from bench.accuracy.cctv_selection import FOLDS, cells, checkpoints_scored, cut_out, preset
from bench.accuracy.remembered_projection import remembered_projections
from bench.accuracy.video_inputs import (
    DATA,
    PRESETS,
    RESULTS,
    WORK,
    feature_folders,
    fingerprint,
    stacked,
)
from bench.tables import FinishedRuns, machine, markdown_table, publish

STEP = 80  # iterations between two measurements
COMPARED = ("motion", "both")


@dataclasses.dataclass(frozen=True)
class Setting:
    """Settings that differ from the preset of the kind of features."""

    kind: str
    projection_dim: int
    iterations: int = 240

    def __str__(self) -> str:
        return f"`{self.kind}`, {self.projection_dim} axes"

    @property
    def steps(self) -> range:
        return range(STEP, self.iterations + 1, STEP)


SETTINGS = (
    *(Setting("motion", axes) for axes in (32, 64, 128)),
    Setting("both", 64),
)


def main() -> None:
    options = parse()
    torch.set_num_threads(1)
    runs = FinishedRuns(options.work / "selection.jsonl")
    folders = feature_folders(DATA, WORK)
    snippets = read_snippets(open_videos(preset(DATA).data))
    fold_of = divide(snippets, FOLDS)
    scored: dict[tuple[Setting, int, int], Any] = {}
    for kind, fold in itertools.product(options.kinds, range(FOLDS)):
        seen = of_kind(snippets, folders[kind])
        data = options.work / f"selection_{kind.replace(', ', '_').replace(' ', '_')}_{fold}"
        cut_out(seen, fold_of == fold, data)
        with remembered_projections():
            settings = [one for one in SETTINGS if one.kind == kind]
            for seed, setting in itertools.product(range(options.seeds), settings):
                found = one_run(runs, seen, fold_of == fold, data, setting, seed)
                scored[setting, seed, fold] = found
    text = table(snippets, fold_of, scored, options.seeds)
    publish(RESULTS, "cctv_video_selection", text, write=options.kinds == list(COMPARED))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--work", type=Path, default=WORK)
    add("--seeds", type=int, default=2)
    add("--kinds", nargs="+", default=list(COMPARED), help="fewer: prints only")
    return parser.parse_args()


def of_kind(snippets: Snippets, folder: Path) -> Snippets:
    """The same snippets with other features."""
    features = stacked(open_features(folder / "train"))
    if len(features) != len(snippets.owner):
        raise SystemExit(f"{folder}: {len(features)} snippets, not {len(snippets.owner)}")
    return dataclasses.replace(snippets, features=features)


def settings(data: Path, setting: Setting, feature_dim: int, seed: int) -> Config:
    """The preset of the kind with one setting, on one fold's cut videos."""
    changes = {
        "data.features": data / "features",
        "data.annotations": data / "tags.csv",
        "data.subset": None,
        "data.feature_dim": feature_dim,
        "data.feature_extractor": setting.kind,
        "network.projection_dim": setting.projection_dim,
        "optim.iterations": setting.iterations,
        "run.seed": seed,
        "run.device": "cpu",
        "run.tensorboard": False,
        "run.checkpoint_every": STEP,
        "run.keep_checkpoints": len(setting.steps),
    }
    return load_config(PRESETS[setting.kind], changes)


def one_run(
    runs: FinishedRuns,
    snippets: Snippets,
    held: np.ndarray,
    data: Path,
    setting: Setting,
    seed: int,
) -> Any:
    """Activations of the held-out snippets, per number of iterations."""
    config = settings(data, setting, snippets.features.shape[1], seed)
    trained = f"{data.name}_{seed}_{config.digest()}_{fingerprint(snippets.features)}"
    return checkpoints_scored(runs, data.parent / trained, config, setting.steps, snippets, held)


def table(
    snippets: Snippets, fold_of: np.ndarray, scored: dict[tuple[Setting, int, int], Any], seeds: int
) -> str:
    judge = Judge(snippets, fold_of, load_config(PRESETS["motion"]))
    rows = []
    for setting in dict.fromkeys(setting for setting, _, _ in scored):
        for step in setting.steps:
            networks = [
                [scored[setting, seed, fold][str(step)] for fold in range(FOLDS)]
                for seed in range(seeds)
            ]
            rows.append([str(setting), str(step), *cells(judge, networks)])
    header = ["", "iterations", "range 0 to 1", "range by calibration", "video-level AUC"]
    heading = (
        f"Held-out scenes of the training videos: average mAP@0.1:0.7 in percent against likely "
        f"segments, median (least to most) of {seeds} seeds. {machine()}."
    )
    return f"{heading}\n\n{markdown_table(header, rows)}"


if __name__ == "__main__":
    main()
