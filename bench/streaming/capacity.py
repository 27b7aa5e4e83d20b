"""The number of streams in real time on one machine, at a p99 compute latency under 100 ms.

    python -m bench.streaming.capacity [--threads 1 2] [--seconds 5] [--docs]

Each stream gives a snippet every 0.64 s (25 fps, 16 frames) with its own phase; F = 2048, hidden
512 and 2048, 20 classes. The latency of a snippet is the time from the moment when it is due, not
when it is pushed, until the network has computed it. The main thread of the same process pushes the
snippets and so uses a part of the cores. The number of streams is bisected to 5 %; a number that
fails is tried once more.

For comparison: the number of streams in a loop over single `StreamingLocalizer`s, which is 0.64 s
divided by the median time of a push, without a reserve for latency.
"""

from __future__ import annotations

import argparse
import collections
import heapq
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import basnet_rt
from basnet_rt.stream.pool_network import ModelNetwork
from bench.streaming import PAGE
from bench.streaming.made_networks import CONFIG, cases, made_features, made_models
from bench.tables import heading_and_table, publish

PERIOD, LIMIT, MAX_BATCH, MAX_DELAY = 16 / 25, 0.1, 64, 0.01
HEADER = [
    *("threads", "dtype", "streams", "snippets a second", "p50, ms", "p99, ms"),
    *("mean batch", "single streams, one after the other"),
]


class Watched(ModelNetwork):
    """Records when each snippet was due, and how late its output was."""

    def __init__(self, model: basnet_rt.Model) -> None:
        super().__init__(model, with_cas=False)
        # Streams of a fresh pool have slots 0, 1, .. in the order of opening.
        self.due: dict[int, collections.deque[float]] = collections.defaultdict(collections.deque)
        self.late: list[tuple[float, float]] = []  # when it was due, seconds until the answer
        self.calls = 0

    def step(self, slots: Any, fresh: Any, features: Any) -> Any:
        answer = super().step(slots, fresh, features)
        now = time.perf_counter()
        for slot in slots.tolist():
            for _ in range(features.shape[1]):
                due = self.due[slot].popleft()
                self.late.append((due, now - due))
        self.calls += 1
        return answer


@dataclass
class Trial:
    """Latencies of one number of streams, the first second left out."""

    streams: int
    late: np.ndarray
    kept_up: bool
    mean_batch: float

    @property
    def held(self) -> bool:
        return self.kept_up and float(np.quantile(self.late, 0.99)) < LIMIT


def generate(pool: basnet_rt.StreamPool, network: Watched, streams: int, seconds: float) -> bool:
    """Push snippets when they are due; returns whether every queue had room."""
    rows = [made_features(1, seed=seed) for seed in range(32)]
    ids = [pool.open() for _ in range(streams)]
    begin = time.perf_counter() + 0.05
    phases = np.random.default_rng(streams).uniform(0, PERIOD, streams)
    heap = [(begin + phase, slot) for slot, phase in enumerate(phases.tolist())]
    heapq.heapify(heap)
    while heap[0][0] < begin + seconds:
        due, slot = heapq.heappop(heap)
        if (wait := due - time.perf_counter()) > 0:
            time.sleep(wait)
        network.due[slot].append(due)
        try:
            pool.push(ids[slot], rows[slot % len(rows)], timeout=0)
        except basnet_rt.StreamFull:
            return False
        heapq.heappush(heap, (due + PERIOD, slot))
        if time.perf_counter() - due > 10 * LIMIT:
            return False
    return True


def attempt(model: basnet_rt.Model, streams: int, seconds: float) -> Trial:
    network = Watched(model)
    options = {"max_batch": MAX_BATCH, "max_delay": MAX_DELAY, "max_streams": streams}
    pool = basnet_rt.StreamPool(model, CONFIG, network=network, **options)
    begin = time.perf_counter()
    kept_up = generate(pool, network, streams, seconds)
    time.sleep(2 * LIMIT)
    late = list(network.late)
    unanswered = sum(len(due) for due in network.due.values())
    pool.shutdown(drain=False)
    settled = np.array([one for due, one in late if due > begin + 1.0])
    enough = len(settled) > 0.8 * streams * (seconds - 1.0) / PERIOD
    kept_up = kept_up and enough and unanswered < streams * LIMIT / PERIOD
    return Trial(
        streams, settled if enough else np.array([np.inf]), kept_up, len(late) / network.calls
    )


def capacity(model: basnet_rt.Model, seconds: float) -> Trial:
    """The largest number of streams within the limit."""

    def held(streams: int) -> Trial | None:
        for _ in range(2):
            trial = attempt(model, streams, seconds)
            if trial.held:
                return trial
        return None

    best, low, high = None, 0, 32
    while (trial := held(high)) is not None:
        best, low, high = trial, high, 2 * high
    while high - low > max(1, high // 20):
        middle = (low + high) // 2
        trial = held(middle)
        if trial is None:
            high = middle
        else:
            best, low = trial, middle
    if best is None:
        raise SystemExit("not one stream was held in real time")
    return best


def single_streams(model: basnet_rt.Model) -> int:
    """Streams that single localizers, pushed one after the other, could serve."""
    features, times = made_features(60), []
    stream = basnet_rt.StreamingLocalizer(model, CONFIG)
    for i in range(len(features)):
        begin = time.perf_counter()
        stream.push(features[i : i + 1])
        times.append(time.perf_counter() - begin)
    return int(PERIOD / np.median(times[10:]))


def row(threads: int, dtype: str, trial: Trial, single: int) -> list[str]:
    p50, p99 = 1e3 * np.quantile(trial.late, [0.5, 0.99])
    return [
        *(str(threads), dtype, str(trial.streams), f"{trial.streams / PERIOD:.0f}"),
        *(f"{p50:.0f}", f"{p99:.0f}", f"{trial.mean_batch:.1f}", str(single)),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--docs", action="store_true", help="write the table into docs/")
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for threads, dtype, model in cases(made_models(Path(folder)), options.threads):
            best = capacity(model, options.seconds)
            rows.append(row(threads, dtype, best, single_streams(model)))
            print(" | ".join(rows[-1]), flush=True)
    note = f"Batches of at most {MAX_BATCH} snippets, `max_delay` {1e3 * MAX_DELAY:.0f} ms."
    publish(PAGE, "capacity", heading_and_table(note, HEADER, rows), write=options.docs)


if __name__ == "__main__":
    main()
