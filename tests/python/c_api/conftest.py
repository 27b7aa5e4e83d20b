"""The shared library of the C API, built where it is not."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from ctypes import byref
from pathlib import Path

import pytest
from c_cases import LIVE, good_arguments
from c_library import CApi, Stream, config_of

from basnet_rt import PostprocessConfig

TESTS = Path(__file__).resolve().parents[1]
REPOSITORY = TESTS.parents[1]
# Made videos, and the ways to feed a stream, are those of the other tests.
sys.path[1:1] = [str(TESTS / "postprocess"), str(TESTS / "streaming")]


def build() -> Path:
    """In the build folder of the C++ tests, with their settings: after them nothing compiles."""
    folder = REPOSITORY / "build/cpp"
    folder.mkdir(parents=True, exist_ok=True)
    settings = ["-DCMAKE_BUILD_TYPE=Release", "-DBASNET_RT_TESTS=ON", "-DBASNET_RT_WERROR=ON"]
    configure = ["cmake", "-S", str(REPOSITORY), "-B", str(folder), "-G", "Ninja", *settings]
    with (folder / ".c_api_lock").open("w") as lock:  # test processes run side by side
        fcntl.flock(lock, fcntl.LOCK_EX)
        for command in (configure, ["cmake", "--build", str(folder), "--target", "basnet_rt_c"]):
            done = subprocess.run(command, capture_output=True, text=True)
            assert done.returncode == 0, done.stdout + done.stderr
    return folder / "libbasnet_rt_c.so"


@pytest.fixture(scope="session")
def library() -> Path:
    """The shared library; BASNET_RT_C_LIBRARY names one that is built already."""
    given = os.environ.get("BASNET_RT_C_LIBRARY")
    return Path(given) if given else build()


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
