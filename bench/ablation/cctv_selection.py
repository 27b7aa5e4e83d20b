"""How the settings of preset `cctv_fights` were chosen: on held-out scenes of training videos.

    python bench/ablation/cctv_selection.py

Scenes are divided into four folds. Per fold, its scenes are cut out of every training video, the
shipped trainer learns from what is left and its tags, and scores the snippets of the cut scenes;
together, every training snippet is scored by a network that has not seen its scene. These
activations are post-processed by the preset's settings and evaluated against the likely segments
of cctv_scenes.py. No segment is read, and no test video.

The learning rate is constant, so one training gives all its shorter ones on the way. The tables go
into docs/results.md. Interrupted, it goes on where it stopped.
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import itertools
import statistics
from pathlib import Path
from typing import Any

import numpy as np
import torch
from cctv_scenes import Snippets, divide, likely_action, likely_segments, read_snippets, scenes
from common import (
    TIOU_THRESHOLDS,
    FinishedRuns,
    machine,
    markdown_table,
    replace_section,
    spread,
)
from remembered_projection import remembered_projections

from basnet_rt import PostprocessConfig, evaluate, postprocess
from basnet_training import BaSNet
from basnet_training.calibrate import calibrate
from basnet_training.checkpoint import load_checkpoint
from basnet_training.config import Config, load_config
from basnet_training.dataset import open_videos
from basnet_training.runs import load_model
from basnet_training.trainer import fit
from basnet_training.validation import video_metrics

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDS = 4
LEAST_SNIPPETS = 6  # of a training video after the cut
STEP = 80  # iterations between two measurements
LABEL = "Fight"


@dataclasses.dataclass(frozen=True)
class Setting:
    """What differs from the preset; measured every 80 iterations up to `iterations`."""

    score_function: str
    projection_dim: int
    iterations: int = 160
    background_video_target: str = "auto"

    def __str__(self) -> str:
        target = self.background_video_target
        if target == "auto":
            target = "uniform" if self.score_function == "softmax" else "none"
        return f"{self.score_function}, {self.projection_dim} axes, target `{target}`"

    @property
    def steps(self) -> range:
        return range(STEP, self.iterations + 1, STEP)


SETTINGS = (
    Setting("softmax", 128),
    Setting("softmax", 64),
    Setting("sigmoid", 128),
    Setting("sigmoid", 64, 240),
    Setting("sigmoid", 64, 160, "background"),
    Setting("sigmoid", 64, 160, "uniform"),
    Setting("sigmoid", 64, 160, "skip"),
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
    text = table(snippets, fold_of, scored, options.seeds)
    print(text)
    if options.division == 0:
        replace_section(REPOSITORY / "docs" / "results.md", "cctv_selection", text)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--data", type=Path, default=REPOSITORY.parent / "shared" / "data" / "cctv_fights")
    add("--work", type=Path, default=REPOSITORY / "runs" / "cctv_selection")
    add("--seeds", type=int, default=2)
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

    A video of which little is left is dropped, and so is a tagged one that lost all its likely
    action: its tag would be wrong.
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
    """Per number of iterations: activations of the held-out snippets, in order, and their range."""
    config = settings(data, setting, seed)
    trained = f"{data.name}_{seed}_{config.digest()}"
    found = runs.get(trained)
    if found is None:
        folder = data.parent / trained
        network = load_model(fit(config, folder, resume=True, shown=False).model).network
        found = {}
        for step in setting.steps:
            checkpoint = load_checkpoint(folder / f"checkpoint-{step:08d}.safetensors")
            network.load_state_dict(checkpoint.weights)
            found[str(step)] = held_out(network, config, snippets, held)
        runs.put(trained, found)
        print(f"{setting}, seed {seed}, {data.name}", flush=True)
    return found


@torch.no_grad()
def held_out(
    network: BaSNet, config: Config, snippets: Snippets, held: np.ndarray
) -> dict[str, Any]:
    """Activations of the held-out snippets in their whole videos; lo and hi of the training ones."""
    kind = config.export.activation

    def activations(features: torch.Tensor) -> torch.Tensor:
        cas = network(features).cas
        return (cas.softmax(dim=2) if kind == "softmax" else cas.sigmoid())[..., :-1]

    rows = [torch.from_numpy(snippets.features[snippets.of(v)]) for v in range(len(snippets.names))]
    values = torch.cat([activations(one[None])[0, :, 0] for one in rows]).numpy()
    measured = calibrate(activations, open_videos(config.data), activation=kind, shown=False)
    lo, hi = measured.calibration.lo[0], measured.calibration.hi[0]
    return {"lo": lo, "hi": hi, "values": values[held].tolist()}


def table(
    snippets: Snippets, fold_of: np.ndarray, scored: dict[tuple[Setting, int, int], Any], seeds: int
) -> str:
    """A row per setting and number of iterations."""
    truth = pseudo_truth(snippets)
    rows = []
    for setting in SETTINGS:
        for step in setting.steps:
            runs = [
                [scored[setting, seed, fold][str(step)] for fold in range(FOLDS)]
                for seed in range(seeds)
            ]
            measured = [measure(snippets, fold_of, truth, run) for run in runs]
            cells = [spread([one[k] for one in measured]) for k in ("fixed", "calibrated")]
            auc = statistics.median(one["auc"] for one in measured)
            rows.append([str(setting), str(step), *cells, f"{auc:.3f}"])
    header = ["", "iterations", "range 0 to 1", "range by calibration", "video AUC"]
    about = describe(snippets, truth, seeds)
    return f"{about}\n\n{markdown_table(header, rows)}"


def describe(snippets: Snippets, truth: dict[str, Any], seeds: int) -> str:
    segments = [len(one["annotations"]) for one in truth["database"].values()]
    return (
        f"{len(snippets.owner)} snippets of {len(snippets.names)} training videos in "
        f"{scenes(snippets).max() + 1} scenes; {sum(segments)} likely segments in "
        f"{sum(map(bool, segments))} of {snippets.tagged.sum()} tagged videos. Average mAP@0.1:0.7 "
        f"in percent against those, median (least to most) of {seeds} seeds. {machine()}."
    )


def pseudo_truth(snippets: Snippets) -> dict[str, Any]:
    """The likely segments in ActivityNet form."""
    seconds = preset(Path()).data.snippet_stride / preset(Path()).data.fps
    database = {
        name: {
            "subset": "train",
            "annotations": [
                {"label": LABEL, "segment": list(one)}
                for one in likely_segments(snippets, place, seconds)
            ],
        }
        for place, name in enumerate(snippets.names)
    }
    return {"database": database}


def measure(
    snippets: Snippets, fold_of: np.ndarray, truth: dict[str, Any], run: list[dict[str, Any]]
) -> dict[str, float]:
    """Average mAP in percent with both ranges, and AUC of telling tagged from untagged videos."""
    plain, ranged = np.zeros((2, len(fold_of)))
    for fold, found in enumerate(run):
        values = np.array(found["values"])
        plain[fold_of == fold] = values
        ranged[fold_of == fold] = (values - found["lo"]) / (found["hi"] - found["lo"])
    scores = video_scores(snippets, plain)
    labels = snippets.tagged[:, None].astype(np.float32)
    return {
        "fixed": pseudo_map(snippets, truth, plain),
        "calibrated": pseudo_map(snippets, truth, ranged),
        "auc": video_metrics(scores[:, None], labels)["video_auc"],
    }


def pseudo_map(snippets: Snippets, truth: dict[str, Any], values: np.ndarray) -> float:
    """Average mAP in percent of (N,) activations, post-processed as the preset says."""
    config = preset(Path())
    settings = PostprocessConfig.from_dict(config.postprocess)
    scores = video_scores(snippets, values).clip(0, 1).astype(np.float32)
    found = {}
    for place, name in enumerate(snippets.names):
        cas = values[snippets.of(place), None].astype(np.float32)
        seconds = config.data.snippet_stride / config.data.fps
        detections = postprocess(cas, scores[place : place + 1], settings, snippet_seconds=seconds)
        found[name] = dataclasses.replace(detections, classes=(LABEL,))
    report = evaluate(truth, found, subset="train", tiou_thresholds=TIOU_THRESHOLDS)
    return 100 * report.average_map


def video_scores(snippets: Snippets, values: np.ndarray) -> np.ndarray:
    """(V,) mean of the best T // 8 activations; four networks share a video, none has scored it."""
    found = []
    for place in range(len(snippets.names)):
        own = np.sort(values[snippets.of(place)])[::-1]
        found.append(own[: max(1, len(own) // 8)].mean())
    return np.array(found)


if __name__ == "__main__":
    main()
