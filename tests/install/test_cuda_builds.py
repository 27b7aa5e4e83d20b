"""`BASNET_RT_CUDA` at configuration: what it finds, what it says, what it refuses.

What the library then does without a GPU is tested where it is built: test_distributions.py and
test_cpp_consumer.py (OFF), test_cpp_shared.py (ON).
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from install.cpp_projects import HAS_NVCC, configure
from install.environments import REPOSITORY

needs_nvcc = pytest.mark.skipif(not HAS_NVCC, reason="no nvcc on this machine")


def settle(build: Path, **options: str) -> tuple[bool, str]:
    """Whether the configuration succeeded, and what it said."""
    done = configure(REPOSITORY, build, log_level="STATUS", **options)
    return done.returncode == 0, done.stdout + " ".join(done.stderr.split())


@pytest.fixture
def no_nvcc(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CUDACXX", "/nowhere/nvcc")  # goes before every place that CMake knows


@pytest.fixture
def broken_nvcc(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    path = tmp_path / "bin/nvcc"
    path.parent.mkdir()
    path.write_text("#!/bin/sh\necho no >&2\nexit 1\n")
    path.chmod(0o755)
    monkeypatch.setenv("CUDACXX", str(path))


@needs_nvcc
def test_auto_takes_nvcc_and_all_architectures(tmp_path: Path):
    fine, said = settle(tmp_path, BASNET_RT_CUDA="AUTO")
    assert fine, said
    assert "CUDA backend: 75-real;80-real;86-real;89-real;90\n" in said
    commands = (tmp_path / "build.ninja").read_text()
    for code in ("75,code=[sm_75]", "80,code=[sm_80]", "86,code=[sm_86]", "89,code=[sm_89]"):
        assert f"arch=compute_{code}" in commands
    assert "arch=compute_90,code=[compute_90,sm_90]" in commands


@needs_nvcc
@pytest.mark.parametrize("name", ["BASNET_RT_CUDA_ARCHITECTURES", "CMAKE_CUDA_ARCHITECTURES"])
def test_architectures_are_the_users(tmp_path: Path, name: str):
    fine, said = settle(tmp_path, BASNET_RT_CUDA="ON", **{name: "80-real"})
    assert fine, said
    assert "CUDA backend: 80-real\n" in said


@pytest.mark.parametrize("nvcc", ["no_nvcc", "broken_nvcc"])
def test_auto_goes_on_without_nvcc(tmp_path: Path, request: pytest.FixtureRequest, nvcc: str):
    request.getfixturevalue(nvcc)
    fine, said = settle(tmp_path / "build", BASNET_RT_CUDA="AUTO")
    assert fine, said
    assert "CUDA backend: none (nvcc was not found or compiles nothing" in said


@pytest.mark.parametrize("nvcc", ["no_nvcc", "broken_nvcc"])
def test_on_refuses_to_go_on_without_nvcc(
    tmp_path: Path, request: pytest.FixtureRequest, nvcc: str
):
    request.getfixturevalue(nvcc)
    fine, said = settle(tmp_path / "build", BASNET_RT_CUDA="ON")
    assert not fine
    assert "BASNET_RT_CUDA is ON, but nvcc was not found" in said
    assert "CMAKE_CUDA_COMPILER" in said


def test_unless_asked_it_does_not_look(tmp_path: Path):
    """Catches a build that enables a compiler nobody asked for."""
    fine, said = settle(tmp_path)
    assert fine, said
    assert "CUDA" not in said
    assert "CMAKE_CUDA_COMPILER" not in (tmp_path / "CMakeCache.txt").read_text()


def test_another_word_is_refused(tmp_path: Path):
    fine, said = settle(tmp_path, BASNET_RT_CUDA="MAYBE")
    assert not fine
    assert 'BASNET_RT_CUDA is "MAYBE"; it must be AUTO, ON or OFF' in said


@needs_nvcc
def test_it_is_looked_for_again_where_it_was_absent(tmp_path: Path, monkeypatch):
    """Catches a cache that remembers "none" after the toolkit was installed."""
    monkeypatch.setenv("CUDACXX", "/nowhere/nvcc")
    assert settle(tmp_path, BASNET_RT_CUDA="AUTO")[0]
    monkeypatch.setenv("CUDACXX", shutil.which("nvcc") or "")
    fine, said = settle(tmp_path, BASNET_RT_CUDA="AUTO")
    assert fine
    assert "CUDA backend: 75-real" in said


@pytest.mark.usefixtures("no_nvcc")
def test_pip_hands_on_what_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Catches a default of pyproject.toml that nobody can change."""
    monkeypatch.setenv("SKBUILD_BUILD_DIR", str(tmp_path / "build"))
    setting = "--config-setting=cmake.define.BASNET_RT_CUDA=ON"
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", setting]
    done = subprocess.run(
        [*command, "--outdir", str(tmp_path), str(REPOSITORY)], capture_output=True, text=True
    )
    assert done.returncode != 0
    assert "BASNET_RT_CUDA is ON, but nvcc was not found" in " ".join(
        (done.stdout + done.stderr).split()
    )
