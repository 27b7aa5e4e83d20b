"""What the pool's tests share: a small bundle, a network made of arithmetic, features."""

from __future__ import annotations

import numpy as np
import pytest

import basnet_rt

pytest.importorskip("torch", reason="the runtime loads models with torch")

import pool_cases
import torch

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def bundle(tmp_path_factory):
    """Path of an exported bundle with probabilities; do not write to it."""
    return pool_cases.write_bundle(tmp_path_factory.mktemp("bundle") / "small.pt")


@pytest.fixture(scope="session")
def model(bundle):
    return basnet_rt.load(bundle)


@pytest.fixture
def make_pool(model):
    """A pool without a thread, over arithmetic; `network=None` takes the bundle's."""
    pools = []

    def make(network="arithmetic", config=None, **options):
        chosen = pool_cases.Arithmetic() if network == "arithmetic" else network
        options.setdefault("threaded", False)
        config = pool_cases.config() if config is None else config
        pools.append(basnet_rt.StreamPool(model, config, network=chosen, **options))
        return pools[-1]

    yield make
    for pool in pools:
        pool.shutdown(drain=False)


@pytest.fixture
def rng():
    return np.random.default_rng(7)
