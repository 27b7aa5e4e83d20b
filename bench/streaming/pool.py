"""64 streams in one StreamPool against 64 single StreamingLocalizers, one snippet per push.

    OMP_NUM_THREADS=1 python bench/streaming/pool.py [--threads 1] [--streams 64] [--rounds 9]

F = 2048, hidden 512 and 2048, 20 classes. One round gives every stream one snippet: the rival
pushes them one after the other; the pool takes them from as many `push` calls and runs its batch,
once driven by hand and once by its own thread (timed until the last is computed). Before timing,
every stream's finals in the pool must equal those of its single localizer.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from timing import HEADER, compare, machine, row

import basnet_rt
from basnet_rt.bundle import BundleMetadata
from basnet_training import BaSNet
from basnet_training.export import export_bundle

FEATURE_DIM, NUM_CLASSES, CHECKED = 2048, 20, 24
CONFIG = basnet_rt.PostprocessConfig.continuous(
    normalisation="fixed", gate="none", max_duration=60.0, cas_thresholds=[0.045, 0.048, 0.051]
)


def made_bundle(folder: Path, dtype: str) -> basnet_rt.Model:
    torch.manual_seed(0)
    classes = tuple(f"class {i}" for i in range(NUM_CLASSES))
    metadata = BundleMetadata(
        classes=classes, feature_dim=FEATURE_DIM, dtype=dtype, activation="softmax"
    )
    path = folder / f"{dtype}.pt"
    export_bundle(BaSNet(FEATURE_DIM, NUM_CLASSES), metadata, path)
    return basnet_rt.load(path)


def made_features(streams: int) -> np.ndarray:
    """(streams, CHECKED, 2048) float32."""
    rng = np.random.default_rng(0)
    levels = rng.normal(size=(streams, CHECKED // 6, FEATURE_DIM)).repeat(6, axis=1)
    return np.abs(levels + rng.normal(size=levels.shape)).astype("f4")


def table(parts: list[basnet_rt.Detections]) -> np.ndarray:
    """Rows of label, start, end, score, in an order that rounding does not change."""
    rows = np.concatenate([np.c_[p.labels, p.segments, p.scores] for p in parts])
    return rows[np.lexsort((rows[:, 2].round(1), rows[:, 1].round(1), rows[:, 0]))]


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
        want = table([*(single.push(own[i : i + 1]) for i in range(CHECKED)), single.finish()])
        found = table(parts)
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
    parser.add_argument("--dtypes", nargs="+", default=["float32", "bfloat16"])
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(f"{machine()}, torch {torch.__version__}, {options.threads} threads\n\n{HEADER}")
    features = made_features(options.streams)
    checks = []
    with tempfile.TemporaryDirectory() as folder:
        for dtype in options.dtypes:
            model = made_bundle(Path(folder), dtype)
            if dtype == "float32":
                checks.append(f"{dtype}: {check_equal(model, features)} finals, equal")
            for threaded in (False, True):
                ours = pool_round(model, features, threaded=threaded)
                result = compare(singles_round(model, features), ours, rounds=options.rounds)
                how = "its own thread" if threaded else "driven by hand"
                print(row(f"{options.streams} streams, {dtype}, {how}", result), flush=True)
    print("\n" + "; ".join(checks))


if __name__ == "__main__":
    main()
