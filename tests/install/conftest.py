"""Builds the wheel and the sdist once, as a user does, and installs the wheel."""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path

import numpy as np
import pytest
import torch

from install.bundles import Video
from install.cpp_projects import EXAMPLES, LIBTORCH, build_project, install_library
from install.environments import REPOSITORY, Demo, Distributions, new_environment, pip, run


@pytest.fixture(scope="session")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Distributions:
    """`python -m build`: isolated, without torch; the wheel comes from the unpacked sdist, and is
    for many machines. It is unpacked where ccache knows the files: see the Makefile."""
    folder = tmp_path_factory.mktemp("dist")
    (REPOSITORY / "build").mkdir(exist_ok=True)
    setting = "SKBUILD_CMAKE_DEFINE=BASNET_RT_WERROR=ON;BASNET_RT_OLD_GLIBC=ON"
    unpacked = f"TMPDIR={REPOSITORY / 'build'}"
    run("env", setting, unpacked, sys.executable, "-m", "build", "--outdir", folder, REPOSITORY)
    (sdist,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
    return Distributions(sdist, wheel)


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


@pytest.fixture(scope="session")
def demo(torch_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """What examples/feature_files.sh leaves, run by the installed wheel: a bundle trained on
    simulated features, and videos that it has not seen."""
    folder = tmp_path_factory.mktemp("demo")
    script = REPOSITORY / "examples/feature_files.sh"
    printed = run("bash", script, "demo", cwd=folder, path=torch_python.parent)
    return Demo(folder / "demo", printed)


@pytest.fixture(scope="session")
def video(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Video:
    """The longest of the demo's videos; torch computes on one thread from here on."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("video")
    files = sorted((demo.folder / "data/features/test").glob("*.npy"))
    features = max((np.load(file).astype(np.float32) for file in files), key=len)
    np.save(folder / "video.npy", features)
    features.tofile(folder / "video.f32")
    return Video(demo.folder / "model.pt", features, folder / "video.npy", folder / "video.f32")


@pytest.fixture(scope="session")
def prefix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where every component was installed, static."""
    return install_library(tmp_path_factory.mktemp("installed"), BASNET_RT_CUDA="OFF")


@pytest.fixture(scope="session")
def examples(prefix: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """examples/cpp on component torch, built against the installed library."""
    folder = tmp_path_factory.mktemp("examples")
    return build_project(EXAMPLES, folder, prefix, LIBTORCH, WITH_TORCH="ON")
