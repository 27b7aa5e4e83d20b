"""Rules of preset `auto` on held-out scenes: scores, hidden sizes, teachers.

    python -m bench.accuracy.auto_scenes

As bench/accuracy/cctv_selection.py, with preset `auto`: scenes of the cctv_fights training videos
are cut out of all of them, a network learns from the rest and its tags, scores the cut snippets,
and is evaluated with the likely segments there. No segment and no test video is read. The tables
go into docs/results.md. An interrupted run continues where it stopped.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from basnet_training.config import load_config
from basnet_training.dataset import open_videos
from basnet_training.runs import load_model, resolve
from basnet_training.trainer import fit_videos
from bench.accuracy.cctv_judge import Judge
from bench.accuracy.cctv_scenes import Snippets, divide, read_snippets
from bench.accuracy.cctv_selection import FOLDS, cut_out, held_out, preset
from bench.accuracy.remembered_projection import remembered_projections
from bench.tables import DATA, DOCS, RUNS, FinishedRuns, machine, markdown_table, publish, spread

RULES: dict[str, dict[str, Any]] = {
    f"1/{divisor}, hidden size {hidden}": {
        "network.topk_divisor": divisor,
        "network.hidden_cas": hidden,
        "optim.teachers": 0,
    }
    for divisor, hidden in ((8, 64), (6, 64), (5, 64), (4, 64), (8, 128))
}
CHOSEN = next(iter(RULES))
TAUGHT: dict[str, dict[str, Any]] = {
    "no teachers": RULES[CHOSEN],
    "3 teachers": {**RULES[CHOSEN], "optim.teachers": 3, "loss.distilled": 20},
}
# Sections of the page: rules, and how many seeds tell them apart.
TABLES = {"auto_scenes": (RULES, 2), "auto_teachers": (TAUGHT, 5)}


def main() -> None:
    options = parse()
    torch.set_num_threads(1)
    runs = FinishedRuns(options.work / "runs.jsonl")
    snippets = read_snippets(open_videos(preset(DATA / "cctv_fights").data))
    for section in options.tables:
        rules, seeds = TABLES[section]
        found = measure(options, runs, snippets, rules, seeds)
        publish(DOCS / "results.md", section, table(options.divisions, seeds, found))


def measure(
    options: argparse.Namespace,
    runs: FinishedRuns,
    snippets: Snippets,
    rules: Mapping[str, Mapping[str, Any]],
    seeds: int,
) -> dict[str, list[dict[str, float]]]:
    """The judge's results for each rule, one for each division and seed."""
    found: dict[str, list[dict[str, float]]] = {rule: [] for rule in rules}
    for division in range(options.divisions):
        fold_of = divide(snippets, FOLDS, division)
        judge = Judge(snippets, fold_of, load_config("cctv_fights"))
        for fold in range(FOLDS):
            cut_out(snippets, fold_of == fold, data_of(options.work, division, fold))
        for seed in range(seeds):
            for rule, changes in rules.items():
                where = [data_of(options.work, division, fold) for fold in range(FOLDS)]
                scored = [
                    one_fold(runs, snippets, fold_of == fold, data, changes, seed)
                    for fold, data in enumerate(where)
                ]
                found[rule].append(judge(scored))
                print(f"division {division}, seed {seed}, {rule}: {found[rule][-1]}", flush=True)
    return found


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--work", type=Path, default=RUNS / "auto_scenes", help="trained models and finished runs")
    add("--divisions", type=int, default=2, help="of the scenes into four folds")
    add("--tables", nargs="+", choices=TABLES, default=list(TABLES))
    return parser.parse_args()


def data_of(work: Path, division: int, fold: int) -> Path:
    """The folder of one fold's cut videos."""
    return work / f"division_{division}_fold_{fold}"


def one_fold(
    runs: FinishedRuns,
    snippets: Snippets,
    held: np.ndarray,
    data: Path,
    rule: Mapping[str, Any],
    seed: int,
) -> dict[str, Any]:
    """Activations of the held-out snippets, as of `cctv_selection.held_out`."""
    changes = {
        "data.features": data / "features",
        "data.annotations": data / "tags.csv",
        "run.seed": seed,
        "run.device": "cpu",
        "run.tensorboard": False,
        **rule,
    }
    videos = open_videos(load_config("auto", changes).data)
    config = resolve(load_config("auto", changes), videos)
    folder = data.parent / f"{data.name}_{seed}_{config.digest()}"
    found = runs.get(folder.name)
    if found is None:
        with remembered_projections():
            fit_videos(config, videos, folder, shown=False)
        found = held_out(load_model(folder).network, config, snippets, held)
        runs.put(folder.name, found)
    return dict(found)


def table(divisions: int, seeds: int, found: dict[str, list[dict[str, float]]]) -> str:
    rows = []
    first = next(iter(found.values()))
    for rule, each in found.items():
        gains = [a["calibrated"] - b["calibrated"] for a, b in zip(each, first, strict=True)]
        rows.append(
            [
                rule,
                spread([one["calibrated"] for one in each]),
                spread(gains),
                spread([one["auc"] for one in each], digits=3),
            ]
        )
    note = (
        "Average mAP@0.1:0.7 in percent against likely segments of held-out scenes, "
        f"{divisions} divisions of the scenes, {seeds} seeds each: median (least "
        f"to most). {machine()}"
    )
    head = ["training", "range by calibration", "difference from the first row", "video-level AUC"]
    return f"{note}\n\n{markdown_table(head, rows)}"


if __name__ == "__main__":
    main()
