"""The native engine against torch, on one machine, in turn: pushes, a pool's batch, a whole video.

    python -m bench.speed.engine [--threads 1 2] [--rounds 9] [--docs]

F = 2048, hidden 512 and 2048, 20 classes, one float32 bundle; `load(dtype=...)` makes the others.
Before anything is timed, the native activations must agree with torch's, and a stream of single
snippets and a pool of 64 streams must give the whole video's detections bit for bit.

- push: one snippet of one stream, against the time to read the weights of a push once;
- 64 streams: one snippet of each in one batch of a `StreamPool`;
- 750 snippets: `Localizer` on a whole video.
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
from bench.streaming.made_networks import CONFIG, made_features, made_file, made_network
from bench.tables import DOCS, heading_and_table, publish
from bench.timing import quartiles, seconds_per_call

STREAMS, SNIPPETS = 64, 750
ENGINES = (
    *(("native", "float32"), ("native", "bfloat16"), ("native", "int8")),
    *(("torch", "float32"), ("torch", "bfloat16")),
)
# Largest difference of activations from torch's in float32.
NEAR = {"float32": 1e-5, "bfloat16": 2e-2, "int8": 2e-2}
# Values of the filter's first layer and of both 3-tap layers.
FILTER, TAPS = 2048 * 512, 2 * 3 * 2048 * 2048
BYTES = {"float32": 4, "bfloat16": 2, "int8": 1}
HEADER = [
    *("work", "threads", "engine", "dtype", "ms", "times the reading of the weights"),
    *("torch float32 / this", "torch bfloat16 / this"),
]

Work = Callable[[], object]


def check_equal(models: dict[tuple[str, str], basnet_rt.Model]) -> None:
    """Native activations near torch's; streams and pools equal to the whole, in every dtype."""
    features = made_features(120)
    want = models["torch", "float32"].forward(features).activations
    for (engine, dtype), model in models.items():
        if engine != "native":
            continue
        error = float(np.abs(model.forward(features).activations - want).max())
        if error > NEAR[dtype]:
            raise SystemExit(f"native {dtype}: activations differ from torch's by {error:.1e}")
        whole = rows(basnet_rt.Localizer(model, CONFIG)(features))
        stream = basnet_rt.StreamingLocalizer(model, CONFIG)
        parts = [stream.push(features[i : i + 1]) for i in range(len(features))]
        if rows(*parts, stream.finish()) != whole:
            raise SystemExit(f"native {dtype}: a stream differs from the whole")
        with basnet_rt.StreamPool(model, CONFIG) as pool:
            ids = [pool.open() for _ in range(3)]
            for one in ids:
                pool.push(one, features)
            if any(rows(pool.close(one)) != whole for one in ids):
                raise SystemExit(f"native {dtype}: a pool's stream differs from the whole")
        print(f"native {dtype}: {len(whole)} detections equal, activations within {error:.1e}")


def rows(*parts: basnet_rt.Detections) -> list[tuple[object, ...]]:
    """Every bit of every detection, sorted."""
    return sorted(
        (int(label), score.tobytes(), segment.tobytes())
        for part in parts
        for label, score, segment in zip(part.labels, part.scores, part.segments, strict=True)
    )


def push_work(model: basnet_rt.Model, features: np.ndarray) -> Work:
    stream = basnet_rt.StreamingLocalizer(model, CONFIG)
    return lambda: stream.push(features[:1])


def pool_work(model: basnet_rt.Model, features: np.ndarray) -> Work:
    pool = basnet_rt.StreamPool(model, CONFIG, max_batch=STREAMS, threaded=False)
    ids = [pool.open() for _ in range(STREAMS)]

    def work() -> None:
        for one in ids:
            pool.push(one, features[:1])
        while pool.step():
            pass

    return work


def video_work(model: basnet_rt.Model, features: np.ndarray) -> Work:
    localizer = basnet_rt.Localizer(model, CONFIG)
    return lambda: localizer(features)


WORKS = {"push": push_work, f"{STREAMS} streams": pool_work, f"{SNIPPETS} snippets": video_work}


def floor_work(dtype: str) -> Work:
    """Reads as many bytes as a push reads of weights."""
    kind = "float32" if dtype == "int8" else dtype  # the filter of an int8 network
    size = FILTER * BYTES[kind] + TAPS * BYTES[dtype]
    weights = torch.ones(size // 4)
    return lambda: weights.sum()


def measure(works: dict[object, Work], rounds: int) -> dict[object, np.ndarray]:
    """Seconds per call of each in each round, in turn."""
    for work in works.values():
        work()
    found: dict[object, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            found[name].append(seconds_per_call(work, 0.05))
    return {name: np.array(values) for name, values in found.items()}


def table_rows(
    name: str, threads: int, models: dict[tuple[str, str], basnet_rt.Model], rounds: int
) -> list[list[str]]:
    """One line for each engine and dtype; ratios are of the same round."""
    features = made_features(SNIPPETS)
    works: dict[object, Work] = {key: WORKS[name](model, features) for key, model in models.items()}
    if name == "push":
        works |= {("floor", dtype): floor_work(dtype) for dtype in BYTES}
    times = measure(works, rounds)
    lines = []
    for engine, dtype in models:
        own = times[engine, dtype]
        floor = times[("floor", dtype)] if name == "push" else None
        lines.append(
            [
                *(name, str(threads), engine, dtype, quartiles(own, 1e3, 2)),
                "" if floor is None else quartiles(own / floor, digits=2),
                *(
                    quartiles(times["torch", one] / own, digits=2)
                    for one in ("float32", "bfloat16")
                ),
            ]
        )
        print(" | ".join(lines[-1]), flush=True)
    return lines


def loaded(path: Path, threads: int) -> dict[tuple[str, str], basnet_rt.Model]:
    torch.set_num_threads(threads)
    return {
        (engine, dtype): basnet_rt.load(path, engine=engine, dtype=dtype, num_threads=threads)
        for engine, dtype in ENGINES
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--works", nargs="+", choices=WORKS, default=list(WORKS))
    parser.add_argument("--docs", action="store_true", help="write the table into docs/engine.md")
    options = parser.parse_args()
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        path = made_file(made_network(), Path(folder), "float32")
        check_equal(loaded(path, 1))
        for threads in options.threads:
            models = loaded(path, threads)
            for name in options.works:
                lines += table_rows(name, threads, models, options.rounds)
    kernel = models["native", "float32"].kernel
    note = f"Native kernel {kernel}; detections of streams and pools equal the whole's bit for bit."
    publish(
        DOCS / "engine.md", "engine", heading_and_table(note, HEADER, lines), write=options.docs
    )


if __name__ == "__main__":
    started = time.monotonic()
    main()
    print(f"{time.monotonic() - started:.0f} s")
