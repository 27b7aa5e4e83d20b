"""The stand-in's shared library, built where it is not."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from cpp_build import built

TESTS = Path(__file__).resolve().parents[1]
# Made videos and the C API's types are those of the other tests.
sys.path[1:1] = [str(TESTS / "postprocess"), str(TESTS / "c_api")]

from standin_library import Standin  # noqa: E402


@pytest.fixture(scope="session")
def standin() -> Standin:
    return Standin(built("basnet_rt_standin"))


@pytest.fixture(scope="session")
def golden(shared):
    """Arrays by `<case>/<name>`."""
    with np.load(shared / "golden" / "postprocess.npz") as file:
        return {name: file[name] for name in file.files}
