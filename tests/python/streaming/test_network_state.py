"""The saved context of a network: which weights tell one network from another.

An engine that does not run TorchScript must come to the same digest from the file alone, or it and
torch would refuse each other's saved streams.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import basnet_rt
from basnet_rt import _core

pytest.importorskip("torch")

BUNDLES = sorted((Path(__file__).resolve().parents[2] / "data/bundles_0_1").glob("*.pt"))
# What docs/bundle.md has of a network; one that lacks a part counts empty arrays.
NAMES = [
    "classifier",
    *("filter_bias", "filter_out_bias", "filter_out_weight", "filter_weight"),
    *("first.bias", "first.taps"),
    *("projection_bias", "projection_weight"),
    *("second.bias", "second.taps"),
]


def float32(dtype: str, content: bytes) -> np.ndarray:
    if dtype == "float32":
        return np.frombuffer(content, np.float32)
    return (np.frombuffer(content, np.uint16).astype(np.uint32) << 16).view(np.float32)


@pytest.mark.parametrize("path", BUNDLES, ids=lambda path: path.stem)
def test_the_digest_is_that_of_the_files_weights(path: Path):
    from basnet_rt.stream.network_state import weights_digests

    weights = _core.read_weights(str(path))
    nothing = ("float32", (), b"")
    stored = {name: weights.get(name, nothing) for name in NAMES}
    arrays = [(name, float32(dtype, content)) for name, (dtype, _, content) in stored.items()]
    model = basnet_rt.load(path, engine="torch")
    now, before = weights_digests(model)
    assert now == _core.weights_digests(arrays)[0]
    assert now != before  # these networks are small: 0.1 took what is derived, too


def test_there_are_bundles_of_every_kind():
    assert len(BUNDLES) >= 4
