"""`basnet-rt compare` on cctv_fights: variants of the network, and two ways of post-processing.

    python -m bench.accuracy.cctv_compare

Uses the networks of bench/accuracy/cctv_fights.py, and trains those that are not there. For every
pair and seed: the difference of average mAP@0.1:0.7 on the 28 test videos with its 95 % bootstrap
interval over videos. With the first seed the program writes and compares the files, which must give
the same numbers as the library. The table goes into docs/results.md.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import statistics
import subprocess
import sys
from pathlib import Path

import numpy as np

from basnet_rt import compare, evaluate, write_results
from basnet_rt.analysis.comparison import interval
from basnet_rt.analysis.resampling import population, resample
from basnet_rt.evaluation.reading import evaluation_input
from basnet_rt.results import Detections
from bench.accuracy.cctv_networks import DATA, RESULTS, bundle, test_features
from bench.accuracy.cctv_readings import MAIN, READINGS, Reading, localize
from bench.tables import RUNS, TIOU_THRESHOLDS, machine, markdown_table, publish

PUBLISHED = READINGS[1]  # on the same sigmoid activations as MAIN, with the recipe's thresholds
OPTIONS = {"subset": "test", "tiou_thresholds": TIOU_THRESHOLDS}
RESAMPLES = 2000
Found = dict[str, Detections]


@dataclasses.dataclass(frozen=True)
class Side:
    """The settings that detections are made with."""

    variant: str
    reading: Reading

    def detections(self, work: Path, seed: int) -> Found:
        model = bundle(work, self.variant, seed)
        return localize(self.reading, {"own": model}, test_features())


PAIRS = {
    "base branch only -> full BaS-Net": (Side("base_only", MAIN), Side("full", MAIN)),
    "no background class -> full BaS-Net": (Side("no_background", MAIN), Side("full", MAIN)),
    "`published` -> `continuous`, full": (Side("full", PUBLISHED), Side("full", MAIN)),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--runs", type=Path, help="trained networks; default runs/cctv_fights")
    add("--seeds", type=int, default=9)
    options = parser.parse_args()
    sides = {side for pair in PAIRS.values() for side in pair}
    made = {(s, n): s.detections(options.runs, n) for s in sides for n in range(options.seeds)}
    text = table(made, options.seeds)
    check_program(made, options.runs)
    publish(RESULTS, "cctv_compare", text)


def table(made: dict[tuple[Side, int], Found], seeds: int) -> str:
    """A row per seed, then the result of all seeds together."""
    rows, apart = [], dict.fromkeys(PAIRS, 0)
    differences: dict[str, list[float]] = {name: [] for name in PAIRS}
    for seed in range(seeds):
        row = [f"seed {seed}"]
        for name, (a, b) in PAIRS.items():
            found = difference(made[a, seed], made[b, seed])
            differences[name].append(found[0])
            apart[name] += found[1] > 0 or found[2] < 0
            row.append(cell(*found))
        rows.append(row)
    rows.append(["median", *(f"{100 * statistics.median(d):+.1f}" for d in differences.values())])
    rows.append(["intervals without 0", *(f"{count} of {seeds}" for count in apart.values())])
    together = [mean_of_seeds(made, pair, seeds) for pair in PAIRS.values()]
    rows.append([f"mean of the {seeds} networks", *(cell(*one) for one in together)])
    head = (
        "Difference of average mAP@0.1:0.7 in percent on the 28 test videos, "
        f"with 95 % bootstrap intervals over videos ({RESAMPLES} samples). {machine()}."
    )
    return f"{head}\n\n{markdown_table(['', *PAIRS], rows)}"


def difference(a: Found, b: Found) -> tuple[float, float, float]:
    found = compare(DATA / "annotations.json", a, b, **OPTIONS, resamples=RESAMPLES, num_videos=0)[
        "average"
    ]
    return found.difference, found.low, found.high


def mean_of_seeds(
    made: dict[tuple[Side, int], Found], pair: tuple[Side, Side], seeds: int
) -> tuple[float, float, float]:
    """All networks on the same samples of videos, so only the choice of videos varies."""
    sets = [
        evaluation_input(DATA / "annotations.json", made[side, seed], "test")
        for side in pair
        for seed in range(seeds)
    ]
    videos = population(sets, list(TIOU_THRESHOLDS))
    everything = videos.average_precision(np.ones(len(videos.videos), np.int64))
    samples = np.array([gain(ap, seeds) for ap in resample(videos, RESAMPLES, 0)])
    return gain(everything, seeds), *interval(samples, 0.025)


def gain(ap: np.ndarray, seeds: int) -> float:
    """From (2 S, L, K) AP, first of all A then of all B, to the mean difference."""
    average = np.nanmean(ap, axis=(1, 2))
    return float(average[seeds:].mean() - average[:seeds].mean())


def cell(difference: float, low: float, high: float) -> str:
    return f"{100 * difference:+.1f} [{100 * low:+.1f}, {100 * high:+.1f}]"


def check_program(made: dict[tuple[Side, int], Found], work: Path | None) -> None:
    """The first pair with the first seed as files, through the program; its text is printed."""
    a, b = next(iter(PAIRS.values()))
    folder = (work or RUNS) / "compare"
    paths = [folder / "a.json", folder / "b.json"]
    for path, side in zip(paths, (a, b), strict=True):
        write_results(path, made[side, 0])
    command = [sys.executable, "-m", "basnet_rt", "compare", *map(str, paths)]
    command += ["-g", str(DATA / "annotations.json"), "-s", "test", "--tiou", "0.1:0.1:0.7"]
    command += ["--resamples", str(RESAMPLES)]
    done = [
        subprocess.run([*command, *more], check=True, capture_output=True, text=True).stdout
        for more in ([], ["--json"])
    ]
    print("\n" + done[0])
    written = {one["name"]: one["difference"] for one in json.loads(done[1])["measures"]}
    reports = [evaluate(DATA / "annotations.json", made[side, 0], **OPTIONS) for side in (a, b)]
    expected = reports[1].average_map - reports[0].average_map
    if abs(written["average"] - expected) > 1e-12:
        raise SystemExit(f"the program says {written['average']}, the evaluator {expected}")


if __name__ == "__main__":
    main()
