"""What the runtime's tests share: a tiny bundle, features for it, and the command line."""

from __future__ import annotations

import numpy as np
import pytest

import basnet_rt

pytest.importorskip("torch", reason="the runtime loads models with torch")

import tiny_bundle
import torch

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def bundle(tmp_path_factory):
    """Path of a bundle; do not write to it."""
    return tiny_bundle.write(tmp_path_factory.mktemp("bundle") / "tiny.pt")


@pytest.fixture(scope="session")
def model(bundle):
    return basnet_rt.load(bundle)


@pytest.fixture
def make_features():
    """(T, F) float32 that rise and fall, so that something is found."""

    def make(num_snippets: int, seed: int = 0) -> np.ndarray:
        noise = np.random.default_rng(seed).standard_normal((num_snippets, tiny_bundle.FEATURE_DIM))
        smooth = np.cumsum(noise, axis=0) / np.sqrt(1 + np.arange(num_snippets))[:, None]
        return np.ascontiguousarray(3 * smooth, np.float32)

    return make


@pytest.fixture
def run_cli():
    """Call `basnet-rt` in this process: the result has exit_code, stdout and stderr."""
    from typer.testing import CliRunner

    from basnet_rt.cli.app import app

    def run(*arguments):
        return CliRunner().invoke(app, [str(one) for one in arguments], catch_exceptions=False)

    return run
