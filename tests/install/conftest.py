"""Builds the wheel and the sdist once, as a user does, and installs the wheel."""

from __future__ import annotations

import resource
import sys
import sysconfig
from pathlib import Path

import pytest

from install.environments import REPOSITORY, Distributions, new_environment, pip, run


@pytest.fixture(scope="session")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Distributions:
    """`python -m build`: isolated, without torch; the wheel comes from the unpacked sdist."""
    folder = tmp_path_factory.mktemp("dist")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run(sys.executable, "-m", "build", "--outdir", folder, REPOSITORY)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    (sdist,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
    spent = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return Distributions(sdist, wheel, spent)


@pytest.fixture(scope="session")
def numpy_python(distributions: Distributions, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter that has the wheel and what it asks for itself: NumPy, and no torch."""
    python = new_environment(tmp_path_factory.mktemp("numpy-alone"))
    pip(python, "install", "-q", distributions.wheel)
    return python


@pytest.fixture(scope="session")
def torch_python(distributions: Distributions, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter that has the wheel, and sees torch and the rest where they are installed.

    A path in a .pth file is searched after the environment's own packages, and .pth files there
    are not followed: of basnet_rt it finds the wheel only.
    """
    folder = tmp_path_factory.mktemp("with-torch")
    python = new_environment(folder)
    pip(python, "install", "-q", "--no-deps", distributions.wheel)
    (site_packages,) = folder.glob("lib/python*/site-packages")
    (site_packages / "installed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python
