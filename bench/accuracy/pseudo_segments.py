"""What a network learns from its teachers: all activations, or pseudo-segments of short classes.

    python -m bench.accuracy.pseudo_segments

For each set the training videos are divided as in `basnet-train run`. Three teachers and two
networks learn from all parts but one, with preset `auto`: one network from the teachers' mean
activations, one with pseudo-segments for short classes, as `auto` does. Both localize the videos of
the remaining part. The sets are shrec21_gestures, the demos and the simulated features of
`bench.accuracy.auto_readings`, and simulated features of 20 classes; those of real videos are in
`bench.accuracy.ablation`. Segments of training videos are read here; no test video is. The table
goes into docs/results.md. Interrupted, it goes on where it stopped.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

from basnet_rt import load
from basnet_training.config import load_config
from basnet_training.dataset import open_videos
from basnet_training.distillation import FOLDER, DistilledTargets
from basnet_training.runs import load_model, resolve
from basnet_training.simulate import Simulation, write_dataset
from basnet_training.simulate.made import MadeTimelines
from basnet_training.simulate.presets import PRESETS
from bench.accuracy.auto_readings import DEMOS, SIMULATED, Run, demo, simulated
from bench.accuracy.auto_rules import PARTS, cell, divide, score, settings_of, train
from bench.accuracy.one_command import INPUTS
from bench.tables import (
    DOCS,
    RUNS,
    FinishedRuns,
    machine,
    markdown_table,
    publish,
)

SHORT = "short classes"  # as a share


def gestures(readings: Path, seed: int) -> Run:
    """The training recordings of shrec21_gestures."""
    one = INPUTS["shrec21_gestures"]
    return Run(one.data, one.features(readings) / "train", one.truth)


def many(readings: Path, seed: int) -> Run:
    """Simulated features of 100 videos as long, and with as many classes, as those of THUMOS'14."""
    data = readings / f"many_{seed}"
    if not (data / "annotations.json").exists():
        timelines = MadeTimelines(train_videos=100, test_videos=0).timelines(seed)
        write_dataset(Simulation(timelines, PRESETS["small"].dials, seed=seed), data)
    return Run(data, data / "features" / "train", data / "annotations.json")


LESSONS: dict[str, dict[str, Any]] = {
    lesson: {"optim.pseudo_labels": lesson, "optim.teachers": 3}
    for lesson in ("activations", "segments")
}
SETS: dict[str, tuple[Callable[[Path, int], Run], Sequence[int]]] = {
    "shrec21_gestures": (gestures, (0,)),
    "the demo's videos": (demo, DEMOS),
    "SIMULATED, 5 classes": (simulated, SIMULATED),
    "SIMULATED, 20 classes": (many, (0,)),
}


def main() -> None:
    options = parse()
    torch.set_num_threads(1)
    options.work.mkdir(parents=True, exist_ok=True)
    runs = FinishedRuns(options.work / "runs.jsonl")
    rows = []
    for name in options.sets:
        each = []
        for title, one in trainings(name, options.readings):
            for part in range(PARTS):
                each.append(both(options.work, runs, title, one, part))
                print(title, part, each[-1], flush=True)
        shares = [round(100 * one[SHORT]) for one in each]
        before, after = ([one[lesson] for one in each] for lesson in LESSONS)
        gains = [b - a for a, b in zip(before, after, strict=True)]
        short = f"{min(shares)} to {max(shares)} %" if any(shares) else "none"
        rows.append([name, short, cell(before), cell(after), *compared(gains)])
    head = ["data", SHORT, *LESSONS, "gain, paired", "mean gain", "better in"]
    note = (
        f"Average mAP@0.1:0.7 in percent on {PARTS} held-out parts of training videos: median "
        f"(least to most). {machine()}."
    )
    publish(DOCS / "results.md", "pseudo_segments", f"{note}\n\n{markdown_table(head, rows)}")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--work", type=Path, default=RUNS / "pseudo_segments", help="trained models and results")
    add("--readings", type=Path, default=RUNS / "auto_readings", help="work of `auto_readings`")
    add("--sets", nargs="+", choices=SETS, default=list(SETS))
    return parser.parse_args()


def compared(gains: list[float]) -> list[str]:
    better = f"{sum(gain > 0 for gain in gains)} of {len(gains)}"
    return [cell(gains, "+"), f"{statistics.mean(gains):+.1f}", better]


def trainings(name: str, readings: Path) -> Iterator[tuple[str, Run]]:
    make, seeds = SETS[name]
    for seed in seeds:
        yield f"{make.__name__}_{seed}", make(readings, seed)


def both(work: Path, runs: FinishedRuns, title: str, one: Run, part: int) -> dict[str, float]:
    """Average mAP in percent after each lesson, with the same teachers; and the short classes."""
    key = f"{title}_{part}"
    found = runs.get(key)
    if found is None:
        found, teachers = {}, None
        for lesson, settings in LESSONS.items():
            folder = work / key / lesson
            if teachers is not None and not (folder / FOLDER).exists():
                shutil.copytree(teachers, folder / FOLDER)
            found[lesson] = held_out(
                one, {**settings_of(one.features, one.truth), **settings}, part, folder
            )
            teachers = folder / FOLDER
        found[SHORT] = share_of_short(one, part, teachers)
        runs.put(key, found)
    return dict(found)


def held_out(one: Run, settings: dict[str, Any], part: int, folder: Path) -> float:
    """Train without the part, and evaluate on it."""
    videos = open_videos(load_config("auto", settings).data)
    trained, held = divide(videos, part)
    path = train(resolve(load_config("auto", settings), trained), trained, folder)
    return score(load(path), videos, [videos.names[at] for at in held], one.truth)


def share_of_short(one: Run, part: int, teachers: Path) -> float:
    """Of the classes, as the teachers tell them."""
    trained, _ = divide(
        open_videos(load_config("auto", settings_of(one.features, one.truth)).data), part
    )
    networks = [load_model(folder).network for folder in sorted(teachers.iterdir())]
    targets = DistilledTargets(networks, trained, torch.device("cpu"), segments=True)
    return float(targets.short.mean())


if __name__ == "__main__":
    main()
