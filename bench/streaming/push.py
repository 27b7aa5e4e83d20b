"""One stream, one snippet per push, against re-running the last 750 snippets at each push.

    python bench/streaming/push.py [--threads 2] [--pushes 300]

F = 2048, hidden 512 and 2048, 20 classes, float32 and bfloat16. The rival is what users of offline
code do today: keep a window of 750 snippets, localize it whole at each new one. Before timing, the
stream's finals must equal what the localizer finds in the whole. The floor is the time to read the
weights once, measured as a sum over them.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from timing import machine

import basnet_rt
from basnet_rt.bundle import BundleMetadata
from basnet_training import BaSNet
from basnet_training.export import export_bundle

WINDOW, FEATURE_DIM, NUM_CLASSES = 750, 2048, 20
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


def made_features(num_snippets: int) -> np.ndarray:
    """(T, 2048) float32: noise around a level that changes every few snippets."""
    rng = np.random.default_rng(0)
    levels = rng.normal(size=(num_snippets // 12 + 1, FEATURE_DIM)).repeat(12, axis=0)
    return np.abs(levels[:num_snippets] + rng.normal(size=(num_snippets, FEATURE_DIM))).astype("f4")


def check_equal(model: basnet_rt.Model, features: np.ndarray) -> int:
    """Finals of the stream against the whole; returns how many there were."""
    stream = basnet_rt.StreamingLocalizer(model, CONFIG)
    parts = [stream.push(features[i : i + 1]) for i in range(len(features))] + [stream.finish()]
    found = np.concatenate([np.c_[p.labels, p.segments, p.scores] for p in parts])
    whole = basnet_rt.Localizer(model, CONFIG)(features)
    want = np.c_[whole.labels, whole.segments, whole.scores]
    if found.shape != want.shape:
        raise SystemExit(f"stream: {len(found)} finals, whole: {len(want)} detections")
    for table in (found, want):
        table[:] = table[np.lexsort((table[:, 2].round(2), table[:, 1].round(2), table[:, 0]))]
    if np.abs(found - want)[:, 1:3].max() > 0.02:
        raise SystemExit("finals of the stream differ from the whole's detections")
    return len(want)


def seconds_of_pushes(model: basnet_rt.Model, features: np.ndarray) -> np.ndarray:
    stream = basnet_rt.StreamingLocalizer(model, CONFIG)
    times = []
    for i in range(len(features)):
        begin = time.perf_counter()
        stream.push(features[i : i + 1])
        times.append(time.perf_counter() - begin)
    return np.array(times[10:])


def seconds_of_windows(model: basnet_rt.Model, features: np.ndarray, rounds: int) -> np.ndarray:
    localizer = basnet_rt.Localizer(model, CONFIG)
    times = []
    for i in range(rounds + 1):
        begin = time.perf_counter()
        localizer(features[i : i + WINDOW])
        times.append(time.perf_counter() - begin)
    return np.array(times[1:])


def seconds_to_read_weights(model: basnet_rt.Model) -> float:
    """Median time of one sum over the weights that a push must read."""
    state = model.module.state_dict()
    weights = [value.view(-1) for value in state.values() if value.numel() > 1000]
    # A file holds each matrix once; the module adds products of them that a push does not read.
    size = (
        sum(parameter.numel() for parameter in BaSNet(FEATURE_DIM, NUM_CLASSES).parameters())
        * weights[0].element_size()
    )
    flat = torch.zeros(size // 4)
    times = []
    for _ in range(20):
        begin = time.perf_counter()
        flat.sum()
        times.append(time.perf_counter() - begin)
    return float(np.median(times))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--pushes", type=int, default=300)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(f"{machine()}, torch {torch.__version__}, {options.threads} threads\n")
    features = made_features(WINDOW + options.pushes)
    print("| dtype | push p50 | push p99 | window of 750 | window / push | weights read once |")
    print("| --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        for dtype in ("float32", "bfloat16"):
            model = made_bundle(Path(folder), dtype)
            if dtype == "float32":
                finals = check_equal(model, features[:200])
            pushes = seconds_of_pushes(model, features[: options.pushes])
            windows = seconds_of_windows(model, features, rounds=5)
            p50, p99 = np.quantile(pushes, [0.5, 0.99])
            print(
                f"| {dtype} | {1e3 * p50:.2f} ms | {1e3 * p99:.2f} ms | "
                f"{1e3 * np.median(windows):.0f} ms | {np.median(windows) / p50:.0f}x | "
                f"{1e3 * seconds_to_read_weights(model):.2f} ms |"
            )
    print(f"\nfloat32: {finals} finals of the stream equal the whole's detections")


if __name__ == "__main__":
    main()
