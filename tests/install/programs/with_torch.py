"""Run by an interpreter that has the wheel and torch: both engines, and bundles of other torches.

usage: with_torch.py FOLDER

Writes a bundle of this torch into the folder, and runs every bundle there and of tests/data; the
warnings of everything but torch's own import are errors.
"""

import sys
import warnings
from pathlib import Path

import torch

warnings.simplefilter("error")

import numpy as np  # noqa: E402

import basnet_rt  # noqa: E402
from basnet_rt.model.bundle import BundleMetadata  # noqa: E402
from basnet_training import BaSNet  # noqa: E402
from basnet_training.export import export_bundle  # noqa: E402

STORED = Path(__file__).parents[2] / "data/bundles_0_1"


def written(folder):
    torch.manual_seed(0)
    about = BundleMetadata(classes=("a", "b"), feature_dim=8, feature_extractor="made-up")
    export_bundle(BaSNet(8, 2), about, folder / f"torch_{torch.__version__}.pt")


def agreement(path):
    """The largest difference of the two engines' activations."""
    steps = np.random.default_rng(5).normal(size=(90, 8))
    features = np.cumsum(steps, 0).astype(np.float32) / 3
    native, other = (basnet_rt.load(path, engine=engine) for engine in ("native", "torch"))
    return np.abs(native.forward(features).activations - other.forward(features).activations).max()


def main(folder):
    written(Path(folder))
    paths = [STORED / "base_only.pt", STORED / "full.pt", *sorted(Path(folder).glob("*.pt"))]
    for path in paths:
        difference = agreement(path)
        assert difference < 1e-4, f"{path}: {difference}"
    print(f"torch {torch.__version__}: {len(paths)} bundles, no warning")


if __name__ == "__main__":
    main(*sys.argv[1:])
