"""Readings of several classes for preset `auto`, on held-out training videos.

    python -m bench.accuracy.auto_readings

The networks of the held-out parts of finished runs localize the videos that they did not learn
from, with each reading. shrec21_gestures: the runs of `bench.accuracy.one_command`; the demo's
videos: `basnet-rt demo`; SIMULATED features: preset `small` of the simulator, without teachers.
Segments of training videos are read here; no test video is. The table goes into docs/results.md.
Demos and simulated runs are kept.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from basnet_rt import Localizer, evaluate, load
from basnet_rt.features import open_features
from bench.accuracy.one_command import INPUTS, call, key_of, write_table
from bench.tables import (
    DOCS,
    RUNS,
    TIOU_THRESHOLDS,
    machine,
    markdown_table,
    publish,
    spread,
)

READINGS: dict[str, dict[str, Any]] = {
    "with the score of the whole video, `soft_sigma` 0.5": {"gate": "video", "soft_sigma": 0.5},
    "the same with `score_weight` 0.2": {"gate": "video", "soft_sigma": 0.5, "score_weight": 0.2},
    "without it, 0.5": {"gate": "none", "soft_sigma": 0.5},
    "without it, 0.3": {"gate": "none", "soft_sigma": 0.3},
    "without it, 0.2": {"gate": "none", "soft_sigma": 0.2},
}
DEMOS, SIMULATED = (1, 2, 3), (0, 1, 2)  # seeds


@dataclass(frozen=True)
class Run:
    """A finished run, the features of its training videos, and their segments."""

    folder: Path
    features: Path
    truth: Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, default=RUNS / "auto_readings")
    parser.add_argument("--finished", type=Path, default=RUNS / "one_command")
    parser.add_argument("--seeds", type=int, default=9, help="of shrec21_gestures")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    rows = []
    for name, runs in {
        "shrec21_gestures": list(gestures(options.finished, options.seeds)),
        "the demo's videos": [demo(options.work, seed) for seed in DEMOS],
        "SIMULATED, 5 classes": [simulated(options.work, seed) for seed in SIMULATED],
    }.items():
        found = {
            title: [quality(run, reading) for run in runs] for title, reading in READINGS.items()
        }
        first = np.array(next(iter(found.values())))
        rows += [
            [name, title, spread(values), spread((np.array(values) - first).tolist())]
            for title, values in found.items()
        ]
    note = (
        f"Average mAP@0.1:0.7 in percent on held-out training videos: median (least to most) of "
        f"{options.seeds} seeds of shrec21_gestures and {len(DEMOS)} each of the others. "
        f"{machine()}."
    )
    head = ["data", "reading", "average mAP", "against the first"]
    publish(DOCS / "results.md", "auto_readings", f"{note}\n\n{markdown_table(head, rows)}")


def gestures(finished: Path, seeds: int) -> Iterator[Run]:
    one = INPUTS["shrec21_gestures"]
    for seed in range(seeds):
        folder = finished / key_of("shrec21_gestures", seed)
        yield Run(folder, one.features(finished) / "train", one.truth)


def demo(work: Path, seed: int) -> Run:
    """A demo with its own drawn videos."""
    output = work / f"demo_{seed}"
    if not (output / "report.html").exists():
        call("basnet_rt", "demo", output, "--seed", seed)
    return Run(output / "run", output / "run" / "features", output / "annotations.json")


def simulated(work: Path, seed: int) -> Run:
    """A network for simulated features, learned from their tags."""
    data, output = work / f"simulated_{seed}", work / f"simulated_{seed}_run"
    if not (output / "report.html").exists():
        call("basnet_training", "simulate", "--preset", "small", "--output", data, "--seed", seed)
        tags = data / "tags.csv"
        write_table(tags, data / "annotations.json")
        call(
            "basnet_training",
            *("run", data / "features" / "train", tags, "-o", output),
            *("--set", "optim.teachers=0"),
        )
    return Run(output, data / "features" / "train", data / "annotations.json")


def quality(run: Run, reading: Mapping[str, Any]) -> float:
    """Average mAP in percent, each video localized by the network that has not learned from it."""
    features, found = open_features(run.features), {}
    for fold in sorted((run.folder / "folds").iterdir()):
        model = load(fold / "model.pt")
        localizer = Localizer(model, model.configure(**reading))
        with np.load(fold / "held_out.npz") as held:
            names = [str(name) for name in held["names"]]
        for name in names:
            sidecar = features.sidecar(name)
            duration = None if sidecar is None else sidecar.duration
            found[name] = localizer(features.read(name), duration=duration)
    report = evaluate(run.truth, found, subset="train", tiou_thresholds=TIOU_THRESHOLDS)
    return 100 * report.average_map


if __name__ == "__main__":
    main()
