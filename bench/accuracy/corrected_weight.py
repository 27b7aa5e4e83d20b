"""The weight of the loss term `corrected` on held-out training videos.

    python -m bench.accuracy.corrected_weight

For each data set the training videos are divided as in `basnet-train run`. A network learns from
the tags of all parts but one and from the true segments of ten of these videos, with preset `auto`
without teachers and each of the weights. It is judged by the segments of the remaining part. No
test video is opened. The tables go into docs/results.md. An interrupted run continues where it
stopped.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from basnet_rt import load
from basnet_training.config import load_config
from basnet_training.dataset import open_videos
from basnet_training.run.folds import divide_folds
from basnet_training.runs import resolve
from bench.accuracy.auto_rules import score, train, training_on
from bench.accuracy.corrections import SETS, shuffled, write_corrected
from bench.tables import DOCS, RUNS, FinishedRuns, machine, markdown_table, publish, spread

CORRECTED = 10
PARTS = 4
WEIGHTS = (1.0, 0.3, 3.0)  # the first one is compared with


def main() -> None:
    options = parse()
    torch.set_num_threads(1)
    runs = FinishedRuns(options.work / "runs.jsonl")
    head = ["data", "`loss.corrected`", "average mAP", "against the first"]
    note = (
        f"Average mAP@0.1:0.7 in percent on held-out training videos, {options.parts} of {PARTS} "
        f"parts, {options.seeds} seeds each: median (least to most). {machine()}"
    )
    for name in options.sets:
        table = markdown_table(head, rows_of(options, runs, name))
        publish(DOCS / "results.md", f"corrected_weight_{name}", f"{note}\n\n{table}")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--work", type=Path, default=RUNS / "corrected_weight", help="models and finished runs")
    add("--parts", type=int, default=PARTS, help="of the four to hold out")
    add("--seeds", type=int, default=1)
    add("--sets", nargs="+", choices=SETS, default=list(SETS))
    return parser.parse_args()


def rows_of(options: argparse.Namespace, runs: FinishedRuns, name: str) -> list[list[str]]:
    """A row for each weight."""
    pairs = [(part, seed) for seed in range(options.seeds) for part in range(options.parts)]
    found = {
        weight: [one_part(options.work, runs, name, weight, *pair) for pair in pairs]
        for weight in WEIGHTS
    }
    first = found[WEIGHTS[0]]
    return [
        [
            name,
            f"{weight:g}",
            spread(each),
            spread([value - before for value, before in zip(each, first, strict=True)]),
        ]
        for weight, each in found.items()
    ]


def one_part(
    work: Path, runs: FinishedRuns, name: str, weight: float, part: int, seed: int
) -> float:
    """Average mAP in percent on a part, of a network that has not seen it."""
    changes = {**training_on(name, seed), "optim.teachers": 0, "loss.corrected": weight}
    videos = open_videos(load_config("auto", changes).data)
    held = divide_folds(videos, [], PARTS)[part]
    others = [one for place, one in enumerate(videos.names) if place not in held]
    folder = work / f"{name}_{part}_{seed}_{weight:g}"
    value = runs.get(folder.name)
    if value is None:
        folder.mkdir(parents=True, exist_ok=True)
        chosen = shuffled(others, seed)[:CORRECTED]
        changes["data.corrected"] = write_corrected(folder / "corrected.json", name, chosen)
        taught = open_videos(load_config("auto", changes).data)
        trained = taught.take([taught.names.index(one) for one in others])
        bundle = train(resolve(load_config("auto", changes), trained), trained, folder)
        value = score(load(bundle), videos, [videos.names[one] for one in held], name, "now")
        runs.put(folder.name, value)
    print(f"{folder.name}: {value:.1f}", flush=True)
    return float(value)


if __name__ == "__main__":
    main()
