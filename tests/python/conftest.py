"""What every Python test may use: the shared data, and how hard hypothesis searches."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

REPOSITORY = Path(__file__).resolve().parents[2]
IN_CI = os.environ.get("CI") == "true"

# `ci` gives the same examples every time; `thorough` is for a night or a release.
# Choose with BASNET_RT_HYPOTHESIS; the default is `ci` in CI and `dev` elsewhere.
_common = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("ci", max_examples=60, derandomize=True, database=None, **_common)
settings.register_profile("dev", max_examples=60, **_common)
settings.register_profile("thorough", max_examples=3000, print_blob=True, **_common)
settings.load_profile(os.environ.get("BASNET_RT_HYPOTHESIS", "ci" if IN_CI else "dev"))


def shared_folder() -> Path:
    """Where the shared data should be: BASNET_RT_SHARED, or `shared` beside the repository."""
    return Path(os.environ.get("BASNET_RT_SHARED", REPOSITORY.parent / "shared"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of shared data. Where it is absent the test is skipped; in CI it fails."""
    folder = shared_folder()
    if not (folder / "golden").is_dir():
        message = f"no shared data at {folder}: set BASNET_RT_SHARED to where it is"
        if IN_CI:
            pytest.fail(message)
        pytest.skip(message)
    return folder


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Ctrl-C interrupts, here and in child processes, also where a background job ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="module")
def own_code():
    """For tests whose networks are code of their own, which `load` would refuse."""
    from basnet_rt import _core

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_core, "check_bundle_code", lambda path: None)
        yield
