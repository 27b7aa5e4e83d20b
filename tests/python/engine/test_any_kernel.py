"""Every kernel that this processor has gives the same bits, whole and in a stream.

float32 and int8 across kernels; bfloat16 within each, whole against cut. Each kernel runs in a
process of its own, as BASNET_RT_FORCE_KERNEL is for a process.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from pathlib import Path

import engine_cases
import pytest

import basnet_rt

KERNELS = [one.name for one in basnet_rt.backends()[0].kernels if one.available]
WORKER = Path(__file__).with_name("kernel_worker.py")


@functools.cache
def digests(kernel: str, *paths: str) -> dict[str, dict[str, str]]:
    done = subprocess.run(
        [sys.executable, WORKER, *paths],
        capture_output=True,
        text=True,
        env={**os.environ, "BASNET_RT_FORCE_KERNEL": kernel},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def paths(bundle_of):
    return tuple(str(bundle_of(name)) for name in engine_cases.NETWORKS)


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_kernel_gives_the_bits_of_the_portable_one(kernel, paths):
    want, got = digests("portable", *paths), digests(kernel, *paths)
    assert got.keys() == want.keys()
    for case, found in got.items():
        assert found["kernel"] == kernel
        assert found["cut"] == found["whole"], case
        if "bfloat16" not in case:
            assert found["all"] == want[case]["all"], case


def test_there_is_more_than_one_kernel_to_compare():
    """Catches a build without kernels; every processor in use has AVX2 or NEON."""
    assert KERNELS[0] == "portable"
    assert len(KERNELS) > 1


def test_an_unknown_kernel_is_named(bundle_of, monkeypatch):
    monkeypatch.setenv("BASNET_RT_FORCE_KERNEL", "abacus")
    with pytest.raises(basnet_rt.BackendUnavailable, match=r"'abacus' cannot run here.*portable"):
        basnet_rt.load(bundle_of("full"))
