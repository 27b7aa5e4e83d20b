"""Writes the bundles that the C++ tests of component torch load: make_bundles.py FOLDER."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import torch

from basnet_rt.model.bundle import BundleMetadata, Calibration
from basnet_training.export import export_bundle
from basnet_training.network import BaSNet

CLASSES = ("Jump", "Run", "Swim")
FEATURE_DIM = 8
STREAMED = {"normalisation": "fixed", "gate": "none", "cas_thresholds": [0.2, 0.3, 0.4, 0.5]}


def write(path: Path, seed: int = 1, hidden_cas: int = 12, **changes: Any) -> None:
    """A small random network whose activations open and close roots."""
    torch.manual_seed(seed)
    network = BaSNet(FEATURE_DIM, len(CLASSES), hidden_filter=6, hidden_cas=hidden_cas).eval()
    with torch.no_grad():
        network.state_dict()["cas_module.conv_3.0.weight"].mul_(12)
    fields = {"classes": CLASSES, "feature_dim": FEATURE_DIM, "activation": "softmax"}
    export_bundle(network, BundleMetadata(**{**fields, "postprocess": STREAMED, **changes}), path)


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    range_of_classes = Calibration(lo=(-1.0, 0.0, -2.0), hi=(2.0, 1.0, 3.0))
    write(folder / "model.pt")
    write(folder / "other_weights.pt", seed=2)
    write(folder / "other_shape.pt", hidden_cas=10)
    write(folder / "other_classes.pt", classes=("Jump", "Run", "Walk"))
    write(folder / "bfloat16.pt", dtype="bfloat16")
    write(folder / "raw.pt", activation="raw", postprocess={})
    write(folder / "calibrated.pt", activation="raw", postprocess={}, calibration=range_of_classes)
    published = {"mode": "published", "class_threshold": 0.0, "cas_thresholds": [0.2, 0.4]}
    write(folder / "published.pt", activation="raw", postprocess=published, num_segments=40)


if __name__ == "__main__":
    main()
