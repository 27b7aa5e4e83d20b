"""Bundles of small networks of every kind, made once."""

from __future__ import annotations

import functools

import engine_cases
import pytest

pytest.importorskip("basnet_training.export", reason="bundles come from the exporter")


@pytest.fixture(scope="session")
def bundle_of(tmp_path_factory):
    """Path of the bundle of a network of `engine_cases.NETWORKS`; do not write to it."""
    folder = tmp_path_factory.mktemp("engine")
    return functools.cache(lambda name: engine_cases.write(folder / f"{name}.pt", name))


@pytest.fixture(scope="session")
def model_of(bundle_of):
    """That bundle, loaded: `model_of(name, dtype="int8", num_threads=2)`."""
    import basnet_rt

    @functools.cache
    def load(name, dtype="float32", num_threads=1):
        return basnet_rt.load(
            bundle_of(name), engine="native", dtype=dtype, num_threads=num_threads
        )

    return load
