"""One stream, one snippet per push, compared with re-running the last 750 snippets at each push.

    python -m bench.streaming.push [--threads 1 2] [--rounds 15] [--docs]

F = 2048, hidden 512 and 2048, 20 classes. Two rivals do what users of offline code do today, keep a
window of 750 snippets and localize it whole at each new one:

- ours: `Localizer` of the same bundle;
- released: both branches by Conv1d in float32, then NumPy on upsampled arrays
  (bench/speed/localize.py).

The floor is the time to read the weights of a push once, measured as a sum over the very same
tensors. Before timing, the finals of a stream must equal what `Localizer` finds in the whole.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

import basnet_rt
from bench.speed import localize
from bench.streaming import PAGE
from bench.streaming.made_networks import (
    CONFIG,
    cases,
    made_features,
    made_models,
    made_network,
    rows_of,
    weights_read,
)
from bench.tables import heading_and_table, publish
from bench.timing import quartiles

WINDOW, PUSHES_A_ROUND, READS_A_ROUND = 750, 20, 5
HEADER = [
    *("threads", "dtype", "push p50, ms", "p99, ms", "weights read once, ms", "push / floor"),
    *("our window, ms", "our window / push", "released window, ms", "released window / push"),
]
Times = dict[str, np.ndarray]


def check_equal(model: basnet_rt.Model, features: np.ndarray) -> int:
    """Finals of the stream against the whole; returns how many there were."""
    stream = basnet_rt.StreamingLocalizer(model, CONFIG)
    parts = [stream.push(features[i : i + 1]) for i in range(len(features))]
    found = rows_of([*parts, stream.finish()], digits=2)
    want = rows_of([basnet_rt.Localizer(model, CONFIG)(features)], digits=2)
    if found.shape != want.shape:
        raise SystemExit(f"stream: {len(found)} finals, whole: {len(want)} detections")
    if np.abs(found - want)[:, 1:3].max() > 0.02:
        raise SystemExit("finals of the stream differ from the whole's detections")
    return len(want)


def seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def measure(model: basnet_rt.Model, released: Callable[[], object], rounds: int) -> Times:
    """Seconds of each way in each round, in turn; (rounds, n)."""
    features = made_features(WINDOW + PUSHES_A_ROUND)
    stream, whole = basnet_rt.StreamingLocalizer(model, CONFIG), basnet_rt.Localizer(model, CONFIG)
    weights = weights_read(model)
    ways = {
        "push": [lambda i=i: stream.push(features[i : i + 1]) for i in range(PUSHES_A_ROUND)],
        "floor": [lambda: [one.sum() for one in weights]] * READS_A_ROUND,
        "ours": [lambda: whole(features[:WINDOW])],
        "released": [released],
    }
    for works in ways.values():
        works[0]()
    found: dict[str, list[list[float]]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, works in ways.items():
            found[name].append([seconds(work) for work in works])
    return {name: np.array(values) for name, values in found.items()}


def row(threads: int, dtype: str, times: Times) -> list[str]:
    """A row; ratios are of medians within a round, so other load affects both sides equally."""
    middle = {name: np.median(values, axis=1) for name, values in times.items()}
    p50, p99 = np.quantile(times["push"], [0.5, 0.99])
    return [
        *(str(threads), dtype, f"{1e3 * p50:.2f}", f"{1e3 * p99:.2f}"),
        quartiles(middle["floor"], 1e3, 2),
        quartiles(middle["push"] / middle["floor"], digits=2),
        quartiles(middle["ours"], 1e3, 0),
        quartiles(middle["ours"] / middle["push"], digits=0),
        quartiles(middle["released"], 1e3, 0),
        quartiles(middle["released"] / middle["push"], digits=0),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--docs", action="store_true", help="write the table into docs/")
    options = parser.parse_args()
    network, whole = made_network(), localize.made_features(0)
    with torch.no_grad():
        scores = network(torch.from_numpy(whole).unsqueeze(0)).score[0, :-1].numpy()
    published = localize.settings(scores)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        models = made_models(Path(folder))
        finals = check_equal(models["float32"], made_features(200))
        for threads, dtype, model in cases(models, options.threads):
            released = lambda: localize.released_path(network, whole, published)  # noqa: E731
            rows.append(row(threads, dtype, measure(model, released, options.rounds)))
            print(" | ".join(rows[-1]), flush=True)
    note = f"float32: {finals} finals of the stream equal the whole's detections."
    publish(PAGE, "push", heading_and_table(note, HEADER, rows), write=options.docs)


if __name__ == "__main__":
    main()
