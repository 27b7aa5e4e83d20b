"""`basnet-rt tune` on cctv_fights: the possible gain from three initial settings.

    python -m bench.accuracy.cctv_tune

Only the test videos have segments, so settings are chosen and evaluated by cross-validation among
them, with five folds of videos: no video is evaluated with settings chosen on it. The networks are
those of bench/accuracy/cctv_fights.py (full BaS-Net), trained if they do not exist. The table goes
into docs/results.md. An interrupted run continues where it stopped.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import statistics
from pathlib import Path
from typing import Any

from basnet_rt import PostprocessConfig, tune
from basnet_rt.model import Model
from bench.accuracy.cctv_networks import DATA, RESULTS, RUNS, bundle, test_features
from bench.tables import FinishedRuns, machine, markdown_table, publish

# The start of `tune`: the activation of the bundle, and its settings.
DEFAULTS = PostprocessConfig.continuous(
    normalisation="fixed", cas_thresholds=[k / 40 for k in range(10)], nms="hard"
).to_dict()
STARTS: dict[str, tuple[str | None, dict[str, Any]]] = {
    "the preset": (None, {}),
    "sigmoid activations, defaults of 0.1": (None, DEFAULTS),
    "softmax activations, defaults of 0.1": ("softmax", DEFAULTS),
}
OPTIONS: dict[str, Any] = {"subset": "test", "trials": 200, "folds": 5, "resamples": 2000}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--runs", type=Path, default=RUNS, help="trained networks")
    add("--seeds", type=int, default=5)
    options = parser.parse_args()
    finished = FinishedRuns(options.runs / "tune.jsonl")
    found = {
        (start, seed): one_run(finished, options.runs, start, seed)
        for seed in range(options.seeds)
        for start in STARTS
    }
    text = tables(found, options.seeds)
    publish(RESULTS, "cctv_tune", text)


def one_run(finished: FinishedRuns, work: Path, start: str, seed: int) -> dict[str, Any]:
    """The outcome as plain values; computed, or found done."""
    activation, changes = STARTS[start]
    settings = json.dumps([activation, changes, OPTIONS], sort_keys=True)
    key = f"{start} {seed} {hashlib.sha256(settings.encode()).hexdigest()[:10]}"
    values = finished.get(key)
    if values is None:
        model = with_settings(bundle(work, "full", seed, activation), changes)
        values = tune(
            model, test_features(), DATA / "annotations.json", seed=seed, **OPTIONS
        ).to_dict()
        finished.put(key, values)
        print(f"{start}, seed {seed}: {cell(values['held_out'])}", flush=True)
    return values


def with_settings(model: Model, changes: dict[str, Any]) -> Model:
    """The same model with other settings of its own; `settings=` of tune would hold them."""
    if changes:
        own = {name: getattr(model.config, name) for name in ("score_function", "topk_divisor")}
        model.config = PostprocessConfig.from_dict({**changes, **own})
    return model


def tables(found: dict[tuple[str, int], dict[str, Any]], seeds: int) -> str:
    """Start and gain per seed; then what was chosen most often."""
    rows = []
    for start in STARTS:
        runs = [found[start, seed] for seed in range(seeds)]
        held = [one["held_out"] for one in runs]
        rows.append(
            [
                start,
                *(median([one[name] for one in held]) for name in ("a", "b")),
                median([one["difference"] for one in held], "+"),
                f"{sum(one['low'] > 0 for one in held)} of {seeds}",
                median([one["chosen"] - one["base"] for one in runs], "+"),
            ]
        )
    header = [
        "start",
        "held-out: start",
        "tuned",
        "gain",
        "intervals above 0",
        "gain on the tuning videos",
    ]
    each = [
        [start, *(cell(found[start, seed]["held_out"]) for seed in range(seeds))]
        for start in STARTS
    ]
    first = found["softmax activations, defaults of 0.1", 0]
    lowest = [one["settings"]["cas_thresholds"][0] for one in first["folds"]]
    head = (
        f"Average mAP@0.1:0.7 in percent, mean of {OPTIONS['folds']} folds of the 28 test videos, "
        f"{OPTIONS['trials']} trials; medians (least to most) of {seeds} networks. {machine()}."
    )
    return "\n\n".join(
        [
            head,
            markdown_table(header, rows),
            "Gain on the held-out folds with its 95 % bootstrap interval over videos, per network:",
            markdown_table(["", *(f"seed {seed}" for seed in range(seeds))], each),
            "Lowest threshold chosen for softmax activations, seed 0, by fold (that of 0.1 is 0): "
            + ", ".join(f"{one:.2f}" for one in lowest)
            + ".",
        ]
    )


def median(values: list[float], sign: str = "") -> str:
    ends = f"{100 * min(values):{sign}.1f} to {100 * max(values):{sign}.1f}"
    return f"{100 * statistics.median(values):{sign}.1f} ({ends})"


def cell(one: dict[str, float]) -> str:
    low, high = one["low"], one["high"]
    return f"{100 * one['difference']:+.1f} [{100 * low:+.1f}, {100 * high:+.1f}]"


if __name__ == "__main__":
    main()
