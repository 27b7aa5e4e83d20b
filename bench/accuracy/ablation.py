"""What each part of preset `auto` adds, from tags alone, on the test videos: nine seeds, paired.

    python -m bench.accuracy.ablation

The base is BaS-Net of the sizes that `auto` chooses, with its last weights and the score of the
whole video in a detection's score. A row names all that it adds to the base. `basnet-train run`
trains the networks on the files of `bench.accuracy.one_command`; the last row is that bench's, and
needs its finished runs. `evaluate` alone reads the segments of the test videos. No setting is
chosen by these numbers. The tables go into docs/results.md. Interrupted, it goes on where it
stopped.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from basnet_rt import evaluate
from basnet_rt.analysis.comparison import interval
from bench.accuracy.one_command import INPUTS, Input, call, key_of, title_of, write_tags
from bench.tables import (
    DOCS,
    RUNS,
    TIOU_THRESHOLDS,
    FinishedRuns,
    machine,
    markdown_table,
    publish,
    spread,
)

LAST = ("optim.teachers=0", "optim.ema_decay=null")
AVERAGED = ("optim.teachers=0",)
ACTIVATIONS = ("optim.pseudo_labels=activations",)
# Few thresholds, and the released NMS.
BEFORE = (f"cas_thresholds={[k / 10 for k in range(1, 10)]}", "nms=hard", "nms_iou=0.7")
VIDEO = ("gate=video",)
ALONE = ("gate=none",)
TAUGHT = "all of `auto` but pseudo-segments of short classes"
# Row: settings of training, and of reading.
ROWS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "nine thresholds and hard NMS": (LAST, (*BEFORE, *VIDEO)),
    "base": (LAST, VIDEO),
    "no score of the whole video": (LAST, ALONE),
    "averaged weights": (AVERAGED, VIDEO),
    "averaged, no score of the whole video": (AVERAGED, ALONE),
    "averaged, fewer and fewer snippets": ((*AVERAGED, "optim.topk_start=4"), VIDEO),
    "averaged, noise on features": ((*AVERAGED, "sampling.noise=0.1"), VIDEO),
    "averaged, magnitudes (UM)": ((*AVERAGED, "loss.magnitude=0.1"), VIDEO),
    "averaged, co-activity (W-TALC)": ((*AVERAGED, "loss.co_activity=1"), VIDEO),
    "averaged, contrast (CoLA)": ((*AVERAGED, "loss.contrast=0.01"), VIDEO),
    "averaged, mixed neighbours (C3BN)": ((*AVERAGED, "loss.mixing=1"), VIDEO),
    TAUGHT: (ACTIVATIONS, ()),
}
BASE = "base"
ALL = "all of `auto`"
RESAMPLES = 10_000


def main() -> None:
    options = parse()
    runs = FinishedRuns(options.work / "runs.jsonl")
    for name in options.inputs:
        tags = write_tags(options.work, INPUTS[name])
        found = {row: [] for row in options.rows}
        for seed in range(options.seeds):
            for row, values in found.items():
                values.append(one_seed(options, runs, name, tags, row, seed))
        found[ALL] = finished(options.finished, name, options.seeds)
        publish(DOCS / "results.md", f"ablation_{name}", table(name, found))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--work", type=Path, default=RUNS / "ablation", help="trained models and finished runs")
    add("--finished", type=Path, default=RUNS / "one_command", help="work of `one_command`")
    add("--seeds", type=int, default=9)
    add("--inputs", nargs="+", choices=INPUTS, default=["given", "motion+cnn", "shrec21_gestures"])
    add("--rows", nargs="+", choices=ROWS, default=list(ROWS))
    return parser.parse_args()


def one_seed(
    options: argparse.Namespace, runs: FinishedRuns, name: str, tags: Path, row: str, seed: int
) -> float:
    """Average mAP in percent of one network, read as its row says."""
    training, reading = ROWS[row]
    key = " ".join((key_of(name, seed), *training, *reading))
    found = runs.get(key)
    if found is None:
        one, features = INPUTS[name], INPUTS[name].features(options.finished)
        folder = options.work / key_of(name, seed) / "_".join(training)
        call(
            "basnet_training",
            *("run", features / "train", tags, "-o", folder, "--seed", seed),
            *("--localize", features / "test", "--set", "validation.folds=0"),
            *(part for setting in training for part in ("--set", setting)),
        )
        found = quality(one, folder, features / "test", reading)
        runs.put(key, found)
    print(f"{name}, seed {seed}, {row}: {found:.1f}", flush=True)
    return float(found)


def quality(one: Input, folder: Path, features: Path, reading: Sequence[str]) -> float:
    """Average mAP in percent of a finished run's bundle, with some settings of its reading."""
    results, model = folder / "read.json", folder / "model.pt"
    settings = (part for setting in reading for part in ("--set", setting))
    call("basnet_rt", "localize", features, "--model", model, "-o", results, *settings)
    report = evaluate(one.truth, results, subset="test", tiou_thresholds=TIOU_THRESHOLDS)
    return 100 * report.average_map


def finished(work: Path, name: str, seeds: int) -> list[float]:
    """The same of `one_command`'s runs.

    Raises:
        SystemExit: a run is missing.
    """
    runs = FinishedRuns(work / "runs.jsonl")
    values = [runs.get(key_of(name, seed)) for seed in range(seeds)]
    if None in values:
        raise SystemExit(f"{work}: {name} is unfinished; run bench.accuracy.one_command first")
    return [100 * statistics.mean(one) for one in values]


def table(name: str, found: dict[str, list[float]]) -> str:
    rows = []
    base = np.array(found[BASE]) if BASE in found else None
    for row, values in found.items():
        cells = [row, spread(values)]
        cells += ["", ""] if base is None or row == BASE else paired(np.array(values) - base)
        rows.append(cells)
    seeds = len(found[ALL])
    head = (
        f"{title_of(name)}: average mAP@0.1:0.7 in percent on the test videos, median (least to "
        f"most) of {seeds} seeds. Against `{BASE}`: mean of the paired differences, with the 95 % "
        f"bootstrap interval over seeds ({RESAMPLES} samples). {machine()}."
    )
    columns = ["", "average mAP", f"against `{BASE}`", "better in"]
    text = f"{head}\n\n{markdown_table(columns, rows)}"
    if TAUGHT in found:
        gain, better = paired(np.array(found[ALL]) - found[TAUGHT])
        text += f"\n\nPseudo-segments of short classes: {gain}, better in {better}."
    return text


def paired(differences: np.ndarray) -> list[str]:
    """The cells on (S,) differences."""
    draws = np.random.default_rng(0).integers(len(differences), size=(RESAMPLES, len(differences)))
    low, high = interval(differences[draws].mean(axis=1), 0.025)
    better = f"{int((differences > 0).sum())} of {len(differences)}"
    return [f"{differences.mean():+.1f} [{low:+.1f}, {high:+.1f}]", better]


if __name__ == "__main__":
    main()
