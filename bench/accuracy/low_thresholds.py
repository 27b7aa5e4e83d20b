"""Thresholds below 0.05 in preset `auto`, on held-out training videos.

    python -m bench.accuracy.low_thresholds

A network learns from all parts of the training videos but one, with preset `auto` and no teachers,
and localizes the videos of the remaining part with and without the lowest thresholds. The sets are
those of `bench.accuracy.pseudo_segments`; scenes of cctv_fights are divided and judged as in
`bench.accuracy.auto_scenes`. Segments of training videos are read here; no test video is. The table
goes into docs/results.md. Interrupted, it goes on where it stopped.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import torch

from basnet_rt import PostprocessConfig, load
from basnet_training.auto import POSTPROCESS
from basnet_training.config import load_config
from basnet_training.dataset import open_videos
from basnet_training.runs import resolve
from bench.accuracy.auto_readings import Run
from bench.accuracy.auto_rules import cell, divide, score, settings_of, train
from bench.accuracy.auto_scenes import data_of, one_fold
from bench.accuracy.cctv_judge import Judge
from bench.accuracy.cctv_scenes import divide as divide_scenes
from bench.accuracy.cctv_scenes import read_snippets
from bench.accuracy.cctv_selection import FOLDS, cut_out, preset
from bench.accuracy.pseudo_segments import SETS, compared, trainings
from bench.tables import DATA, DOCS, RUNS, FinishedRuns, machine, markdown_table, publish

SCENES, SEEDS = "scenes of cctv_fights", 3
NOW = POSTPROCESS["cas_thresholds"]
LISTS = {"from 0.05": [one for one in NOW if one >= 0.05], "from 0.001": NOW}


def main() -> None:
    options = parse()
    torch.set_num_threads(1)
    runs = FinishedRuns(options.work / "runs.jsonl")
    rows = []
    for name in [*SETS, SCENES]:
        each = (
            scenes(options.work, runs)
            if name == SCENES
            else [
                one_part(options.work, runs, title, one, part)
                for title, one in trainings(name, options.readings)
                for part in range(options.parts)
            ]
        )
        before, after = ([one[title] for one in each] for title in LISTS)
        gains = [b - a for a, b in zip(before, after, strict=True)]
        rows.append([name, cell(before), cell(after), *compared(gains)])
        print(rows[-1], flush=True)
    head = ["data", *(f"thresholds {title}" for title in LISTS), "gain, paired", "mean gain"]
    note = (
        f"Average mAP@0.1:0.7 in percent on {options.parts} held-out parts of training videos, and "
        f"on held-out scenes with {SEEDS} seeds: median (least to most). {machine()}."
    )
    text = f"{note}\n\n{markdown_table([*head, 'better in'], rows)}"
    publish(DOCS / "results.md", "low_thresholds", text)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--work", type=Path, default=RUNS / "low_thresholds", help="trained models and results")
    add("--readings", type=Path, default=RUNS / "auto_readings", help="work of `auto_readings`")
    add("--parts", type=int, default=2, help="of the four to hold out")
    return parser.parse_args()


def one_part(work: Path, runs: FinishedRuns, title: str, one: Run, part: int) -> dict[str, float]:
    """Average mAP in percent with each list of thresholds."""
    settings = {**settings_of(one.features, one.truth), "optim.teachers": 0}
    videos = open_videos(load_config("auto", settings).data)
    trained, held = divide(videos, part)
    config = resolve(load_config("auto", settings), trained)
    key = f"{title}_{part}_{config.training_digest()}"
    found = runs.get(key)
    if found is None:
        model = load(train(config, trained, work / key))
        names = [videos.names[at] for at in held]
        found = {
            title: score(model, videos, names, one.truth, {"cas_thresholds": levels})
            for title, levels in LISTS.items()
        }
        runs.put(key, found)
    print(title, part, found, flush=True)
    return dict(found)


def scenes(work: Path, runs: FinishedRuns) -> list[dict[str, float]]:
    """The same on held-out scenes, one for each seed."""
    snippets = read_snippets(open_videos(preset(DATA / "cctv_fights").data))
    fold_of = divide_scenes(snippets, FOLDS, 0)
    judge = Judge(snippets, fold_of, load_config("cctv_fights"))
    where = [data_of(work, 0, fold) for fold in range(FOLDS)]
    for fold, folder in enumerate(where):
        cut_out(snippets, fold_of == fold, folder)
    return [in_scenes(runs, judge, where, seed) for seed in range(SEEDS)]


def in_scenes(runs: FinishedRuns, judge: Judge, where: list[Path], seed: int) -> dict[str, float]:
    settings: dict[str, Any] = {"optim.teachers": 0}
    scored = [
        one_fold(runs, judge.snippets, judge.fold_of == fold, folder, settings, seed)
        for fold, folder in enumerate(where)
    ]
    found = {}
    for title, levels in LISTS.items():
        fields = {**POSTPROCESS, "gate": "video", "soft_sigma": 0.5, "cas_thresholds": levels}
        judge.config = PostprocessConfig.from_dict(fields)
        found[title] = judge(scored)["calibrated"]
    return found


if __name__ == "__main__":
    main()
