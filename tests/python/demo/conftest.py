"""What the demo's tests share: scripts of the size that users get, and the command line."""

from __future__ import annotations

import pytest

pytest.importorskip("cv2", reason="the demo draws with OpenCV")
pytest.importorskip("av", reason="the demo encodes with PyAV")

from basnet_demo.settings import DemoSettings


@pytest.fixture(scope="session")
def scripts():
    """Of both subsets, full size."""
    return DemoSettings(seed=0).scripts()


@pytest.fixture(scope="session")
def short_scripts():
    """Of both subsets, quick size."""
    return DemoSettings(seed=3, quick=True).scripts()


@pytest.fixture
def run_cli():
    """Call `basnet-rt` in this process: the result has exit_code, stdout and stderr."""
    from typer.testing import CliRunner

    from basnet_rt.cli.app import app

    def run(*arguments):
        return CliRunner().invoke(app, [str(one) for one in arguments], catch_exceptions=False)

    return run
