"""Run by an interpreter that has a wheel and NumPy: a bundle from features to detections.

usage: whole_way.py [BUNDLE FEATURES.npy]; without them, one of tests/data and made features

Prints what the whole video holds. A stream in chunks, one saved in the middle, and a pool must
find the same; the warnings of everything are errors.
"""

import importlib.util
import sys
import warnings
from pathlib import Path

warnings.simplefilter("error")

import numpy as np  # noqa: E402

import basnet_rt  # noqa: E402


def in_order(found):
    return sorted((one.start, one.end, one.name, float(one.score)) for one in found)


def streamed(model, features, chunk):
    first, second = basnet_rt.StreamingLocalizer(model), basnet_rt.StreamingLocalizer(model)
    found, half = [], len(features) // 2
    for start in range(0, half, chunk):
        found += first.push(features[start : min(start + chunk, half)])
    second.load(first.save())
    for start in range(half, len(features), chunk):
        found += second.push(features[start : start + chunk])
    return found + list(second.finish())


def pooled(model, features):
    with basnet_rt.StreamPool(model) as pool:
        stream = pool.open()
        pool.push(stream, features)
        return list(pool.close(stream))


def made():
    steps = np.random.default_rng(5).normal(size=(90, 8))
    features = np.cumsum(steps, 0).astype(np.float32) / 3
    return Path(__file__).parents[2] / "data/bundles_0_1/base_only.pt", features


def main(*given):
    assert importlib.util.find_spec("torch") is None, "this environment was to have no torch"
    bundle, features = (given[0], np.load(given[1])) if given else made()
    model = basnet_rt.load(bundle)
    found = in_order(basnet_rt.Localizer(model)(features))
    assert len(found) > 5
    assert in_order(streamed(model, features, 7)) == found
    assert in_order(pooled(model, features)) == found
    for start, end, name, score in found:
        print(f"{name} {start:.17g} {end:.17g} {np.float32(score):.9g}")


if __name__ == "__main__":
    main(*sys.argv[1:])
