"""64 streams in one StreamPool against 64 single StreamingLocalizers, one snippet per push.

    python -m bench.streaming.pool [--threads 1] [--streams 64] [--rounds 9] [--docs]

F = 2048, hidden 512 and 2048, 20 classes. One round gives every stream one snippet: the rival
pushes them one after the other; the pool takes them from as many `push` calls and runs its batch,
once driven by hand and once by its own thread (timed until the last is computed). Before timing,
every stream's finals in the pool must equal those of its single localizer.
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
from bench.streaming import PAGE
from bench.streaming.made_networks import CONFIG, made_bundle, made_features, made_network, rows_of
from bench.tables import machine, publish
from bench.timing import HEADER, compare, row

CHECKED = 24


def streams_features(streams: int) -> np.ndarray:
    """(streams, CHECKED, 2048) float32."""
    return np.stack([made_features(CHECKED, seed=seed) for seed in range(streams)])


def check_equal(model: basnet_rt.Model, features: np.ndarray) -> int:
    """Every stream's finals, pooled against single; returns how many there were."""
    with basnet_rt.StreamPool(model, CONFIG, max_batch=len(features)) as pool:
        ids = [pool.open() for _ in features]
        pooled = [
            [pool.push(ids[s], own[i : i + 1]) for i in range(CHECKED)]
            for s, own in enumerate(features)
        ]
        for stream in ids:
            pool.end(stream)
        for parts, stream in zip(pooled, ids, strict=True):
            parts.append(pool.close(stream))
    total = 0
    for own, parts in zip(features, pooled, strict=True):
        single = basnet_rt.StreamingLocalizer(model, CONFIG)
        want = rows_of([*(single.push(own[i : i + 1]) for i in range(CHECKED)), single.finish()], 1)
        found = rows_of(parts, 1)
        if found.shape != want.shape or np.abs(found - want).max(initial=0.0) > 0.02:
            raise SystemExit("a stream's finals in the pool differ from its single localizer's")
        total += len(want)
    return total


def singles_round(model: basnet_rt.Model, features: np.ndarray) -> Callable[[], None]:
    streams = [basnet_rt.StreamingLocalizer(model, CONFIG) for _ in features]

    def work() -> None:
        for stream, own in zip(streams, features, strict=True):
            stream.push(own[:1])

    return work


def pool_round(
    model: basnet_rt.Model, features: np.ndarray, *, threaded: bool
) -> Callable[[], None]:
    pool = basnet_rt.StreamPool(model, CONFIG, max_batch=len(features), threaded=threaded)
    ids = [pool.open() for _ in features]

    def work() -> None:
        wanted = pool.totals.snippets + len(features)
        for stream, own in zip(ids, features, strict=True):
            pool.push(stream, own[:1])
        while not threaded and pool.step():
            pass
        while pool.totals.snippets < wanted:
            time.sleep(0.001)

    return work


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--streams", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--docs", action="store_true", help="write the table into docs/")
    parser.add_argument("--dtypes", nargs="+", default=["float32", "bfloat16"])
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    lines = [HEADER]
    print(HEADER)
    features = streams_features(options.streams)
    checks, network = [], made_network()
    with tempfile.TemporaryDirectory() as folder:
        for dtype in options.dtypes:
            model = made_bundle(network, Path(folder), dtype)
            if dtype == "float32":
                checks.append(
                    f"{dtype}: {check_equal(model, features)} finals, equal to the single streams'"
                )
            for threaded in (False, True):
                ours = pool_round(model, features, threaded=threaded)
                result = compare(singles_round(model, features), ours, rounds=options.rounds)
                how = "its own thread" if threaded else "driven by hand"
                lines.append(row(f"{options.streams} streams, {dtype}, {how}", result))
                print(lines[-1], flush=True)
    text = f"{machine()}. {'; '.join(checks)}.\n\n" + "\n".join(lines)
    publish(PAGE, "pool", text, write=options.docs)


if __name__ == "__main__":
    main()
