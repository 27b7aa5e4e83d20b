"""The shared library of the C API, built where it is not."""

from __future__ import annotations

import os
import sys
from ctypes import byref
from pathlib import Path

import pytest
from c_cases import LIVE, good_arguments
from c_library import CApi, Stream, config_of

from basnet_rt import PostprocessConfig
from cpp_build import built

TESTS = Path(__file__).resolve().parents[1]
# Made videos, and the ways to feed a stream, are those of the other tests.
sys.path[1:1] = [str(TESTS / "postprocess"), str(TESTS / "streaming")]


@pytest.fixture(scope="session")
def library() -> Path:
    """The shared library; BASNET_RT_C_LIBRARY names one that is built already."""
    given = os.environ.get("BASNET_RT_C_LIBRARY")
    return Path(given) if given else built("basnet_rt_c")


@pytest.fixture(scope="session")
def api(library):
    return CApi(library)


@pytest.fixture
def config(api):
    handle = config_of(api, PostprocessConfig.continuous())
    yield handle
    api.config_free(byref(handle))


@pytest.fixture
def stream(api):
    return Stream(api, LIVE, num_classes=2, snippet_seconds=0.5)


@pytest.fixture
def good(api, config, stream):
    """Arguments of each function with which it succeeds."""
    yield from good_arguments(api, config, stream)
