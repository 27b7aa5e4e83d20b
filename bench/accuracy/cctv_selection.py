"""The choice of preset `cctv_fights`' settings, on held-out scenes of training videos.

    python -m bench.accuracy.cctv_selection

Scenes are divided into four folds. Per fold, its scenes are cut out of every training video, the
shipped trainer learns from the rest and its tags, and scores the snippets of the cut scenes. So
every training snippet is scored by a network that was trained without its scene. These activations
are post-processed with the preset's settings and evaluated against the likely segments of
cctv_scenes.py. No segment and no test video is read.

The learning rate is constant, so one training includes all shorter ones. The tables go into
docs/results.md. An interrupted run continues where it stopped.
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import itertools
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from basnet_training import BaSNet
from basnet_training.calibrate import calibrate
from basnet_training.checkpoint import load_checkpoint
from basnet_training.config import Config, load_config
from basnet_training.dataset import open_videos
from basnet_training.runs import load_model
from basnet_training.trainer import fit
from bench.accuracy.cctv_judge import LABEL, Judge
from bench.accuracy.cctv_scenes import Snippets, divide, likely_action, read_snippets, scenes
from bench.accuracy.remembered_projection import remembered_projections
from bench.tables import DATA, DOCS, RUNS, FinishedRuns, machine, markdown_table, publish, spread

FOLDS = 4
LEAST_SNIPPETS = 6  # of a training video after the cut
STEP = 80  # iterations between two measurements


@dataclasses.dataclass(frozen=True)
class Setting:
    """Settings that differ from the preset; measured every 80 iterations up to `iterations`."""

    score_function: str
    projection_dim: int | None  # None: all channels
    iterations: int = 160
    background_video_target: str = "auto"

    def __str__(self) -> str:
        target = self.background_video_target
        if target == "auto":
            target = "uniform" if self.score_function == "softmax" else "none"
        inputs = "all channels" if self.projection_dim is None else f"{self.projection_dim} axes"
        return f"{self.score_function}, {inputs}, target `{target}`"

    @property
    def steps(self) -> range:
        return range(STEP, self.iterations + 1, STEP)


SETTINGS = (
    Setting("softmax", 128),
    Setting("softmax", 64),
    Setting("sigmoid", None),
    Setting("sigmoid", 128),
    Setting("sigmoid", 64, 240),
    Setting("sigmoid", 64, 160, "background"),
    Setting("sigmoid", 64, 160, "uniform"),
    Setting("sigmoid", 64, 160, "skip"),
)


CHOSEN, CHOSEN_STEP = SETTINGS[4], 160
# Changes of the preset's post-processing, judged on the chosen network.
POSTPROCESSINGS: tuple[dict[str, Any], ...] = (
    {},
    {"nms_iou": 0.3},
    {"nms_iou": 0.7},
    {"score_weight": 0.0},
    {"score_weight": 0.2},
    {"score_weight": 1.0},
    {"outer_ratio": 0.0},
    {"outer_ratio": 0.5},
    {"outer_ratio": 1.0},
    {"cas_thresholds": [k / 10 for k in range(1, 10)]},
    {"cas_thresholds": [k / 20 for k in range(1, 20)]},
    {"cas_thresholds": [0.5]},
    {"min_duration": 1.0},
)


def main() -> None:
    options = parse()
    torch.set_num_threads(1)
    runs = FinishedRuns(options.work / "runs.jsonl")
    snippets = read_snippets(open_videos(preset(options.data).data))
    fold_of = divide(snippets, FOLDS, options.division)
    scored: dict[tuple[Setting, int, int], Any] = {}
    for fold in range(FOLDS):
        data = options.work / f"division_{options.division}_fold_{fold}"
        cut_out(snippets, fold_of == fold, data)
        with remembered_projections():
            for seed, setting in itertools.product(range(options.seeds), SETTINGS):
                found = one_run(runs, snippets, fold_of == fold, data, setting, seed)
                scored[setting, seed, fold] = found
    text = tables(snippets, fold_of, scored, options.seeds)
    publish(DOCS / "results.md", "cctv_selection", text, write=options.division == 0)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--data", type=Path, default=DATA / "cctv_fights")
    add("--work", type=Path, default=RUNS / "cctv_selection")
    add("--seeds", type=int, default=3)
    add("--division", type=int, default=0, help="another division of scenes; prints only")
    return parser.parse_args()


def preset(data: Path) -> Config:
    return load_config(
        "cctv_fights",
        {
            "data.features": data / "features" / "train",
            "data.annotations": data / "annotations.json",
        },
    )


def cut_out(snippets: Snippets, held: np.ndarray, data: Path) -> None:
    """Write the training videos without the held-out snippets, and their tags.

    A video with few remaining snippets is dropped, and so is a tagged one without any remaining
    likely action, because its tag would be wrong.
    """
    (data / "features").mkdir(parents=True, exist_ok=True)
    likely, rows = likely_action(snippets), []
    for place, name in enumerate(snippets.names):
        own = snippets.of(place)
        kept = own[~held[own]]
        if len(kept) < LEAST_SNIPPETS or (likely[own].any() and not likely[kept].any()):
            continue
        rows.append((name, LABEL if snippets.tagged[place] else ""))
        np.save(data / "features" / f"{name}.npy", snippets.features[kept])
    with (data / "tags.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("video", "tags"), *rows])


def settings(data: Path, setting: Setting, seed: int) -> Config:
    """The preset with one setting, on one fold's cut videos."""
    changes = {
        "data.features": data / "features",
        "data.annotations": data / "tags.csv",
        "data.subset": None,
        "network.score_function": setting.score_function,
        "network.projection_dim": setting.projection_dim,
        "loss.background_video_target": setting.background_video_target,
        "optim.iterations": setting.iterations,
        "export.activation": setting.score_function,
        "run.seed": seed,
        "run.device": "cpu",
        "run.tensorboard": False,
        "run.checkpoint_every": STEP,
        "run.keep_checkpoints": len(setting.steps),
    }
    return load_config("cctv_fights", changes)


def one_run(
    runs: FinishedRuns,
    snippets: Snippets,
    held: np.ndarray,
    data: Path,
    setting: Setting,
    seed: int,
) -> Any:
    """The scores by `checkpoints_scored` of one setting and seed."""
    config = settings(data, setting, seed)
    folder = data.parent / f"{data.name}_{seed}_{config.digest()}"
    return checkpoints_scored(runs, folder, config, setting.steps, snippets, held)


def checkpoints_scored(
    runs: FinishedRuns,
    folder: Path,
    config: Config,
    steps: Iterable[int],
    snippets: Snippets,
    held: np.ndarray,
) -> Any:
    """Train once; activations of the held-out snippets and their range, per iterations in `steps`.

    Earlier results are read from `runs` under the folder's name.
    """
    found = runs.get(folder.name)
    if found is None:
        network = load_model(fit(config, folder, resume=True, shown=False).model).network
        found = {}
        for step in steps:
            checkpoint = load_checkpoint(folder / f"checkpoint-{step:08d}.safetensors")
            network.load_state_dict(checkpoint.weights)
            found[str(step)] = held_out(network, config, snippets, held)
        runs.put(folder.name, found)
        print(f"{folder.name} scored", flush=True)
    return found


@torch.no_grad()
def held_out(
    network: BaSNet, config: Config, snippets: Snippets, held: np.ndarray
) -> dict[str, Any]:
    """Activations of the held-out snippets, seen in their whole videos.

    "values" (in order of the snippets), and the training videos' "lo" and "hi" by calibration.
    """
    kind = config.export.activation

    def activations(features: torch.Tensor) -> torch.Tensor:
        cas = network(features).cas
        return (cas.softmax(dim=2) if kind == "softmax" else cas.sigmoid())[..., :-1]

    rows = [torch.from_numpy(snippets.features[snippets.of(v)]) for v in range(len(snippets.names))]
    values = torch.cat([activations(one[None])[0, :, 0] for one in rows]).numpy()
    measured = calibrate(activations, open_videos(config.data), activation=kind, shown=False)
    lo, hi = measured.calibration.lo[0], measured.calibration.hi[0]
    return {"lo": lo, "hi": hi, "values": values[held].tolist()}


def tables(
    snippets: Snippets, fold_of: np.ndarray, scored: dict[tuple[Setting, int, int], Any], seeds: int
) -> str:
    """Settings of the training, then of the post-processing."""

    def networks(setting: Setting, step: int) -> list[list[dict[str, Any]]]:
        """The outputs of each seed's networks, one per fold."""
        folds = range(FOLDS)
        return [[scored[setting, s, f][str(step)] for f in folds] for s in range(seeds)]

    recipe = load_config("cctv_fights")
    judge = Judge(snippets, fold_of, recipe)
    trained = [
        [str(setting), str(step), *cells(judge, networks(setting, step))]
        for setting in SETTINGS
        for step in setting.steps
    ]
    localized = []
    for change in POSTPROCESSINGS:
        changed = recipe.model_copy(update={"postprocess": recipe.postprocess | change})
        other = Judge(snippets, fold_of, changed)
        title = ", ".join(f"`{name}` {value}" for name, value in change.items()) or "the preset"
        localized.append([title, cells(other, networks(CHOSEN, CHOSEN_STEP))[0]])
    header = ["", "iterations", "range 0 to 1", "range by calibration", "video-level AUC"]
    parts = [
        describe(judge, seeds),
        markdown_table(header, trained),
        f"Post-processing of: {CHOSEN}, {CHOSEN_STEP} iterations.",
        markdown_table(["", "range 0 to 1"], localized),
    ]
    return "\n\n".join(parts)


def cells(judge: Judge, networks: list[list[dict[str, Any]]]) -> list[str]:
    """mAP with both ranges, and AUC, over the seeds."""
    found = [judge(folds) for folds in networks]
    measured = [spread([one[name] for one in found]) for name in ("fixed", "calibrated")]
    return [*measured, spread([one["auc"] for one in found], digits=3)]


def describe(judge: Judge, seeds: int) -> str:
    snippets, segments = judge.snippets, judge.segments_per_video
    return (
        f"{len(snippets.owner)} snippets of {len(snippets.names)} training videos in "
        f"{scenes(snippets).max() + 1} scenes; {sum(segments)} likely segments in "
        f"{sum(map(bool, segments))} of {snippets.tagged.sum()} tagged videos. Average mAP@0.1:0.7 "
        f"in percent against those, median (least to most) of {seeds} seeds. {machine()}."
    )


if __name__ == "__main__":
    main()
