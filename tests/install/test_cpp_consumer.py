"""A C++ project finds the installed library by `find_package`, links it and runs."""

from __future__ import annotations

import subprocess
from importlib import metadata
from pathlib import Path

import pytest

from install.environments import REPOSITORY, run

CONSUMER = Path(__file__).parent / "consumer"


@pytest.fixture(scope="module")
def prefix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the library was installed; the build folder is gone."""
    build = tmp_path_factory.mktemp("library")
    installed = tmp_path_factory.mktemp("prefix")
    run("cmake", "-S", REPOSITORY, "-B", build, "-G", "Ninja")
    run("cmake", "--build", build, "-j", "2")
    run("cmake", "--install", build, "--prefix", installed)
    build.rename(build.with_name("moved-away"))
    return installed


def configure(prefix: Path, build: Path, version: str) -> subprocess.CompletedProcess[str]:
    command = ["cmake", "-S", CONSUMER, "-B", build, "-G", "Ninja", "--log-level=ERROR"]
    command += [f"-DCMAKE_PREFIX_PATH={prefix}", f"-DWANTED_VERSION={version}"]
    return subprocess.run([str(part) for part in command], capture_output=True, text=True)


def test_consumer_builds_and_runs(prefix: Path, tmp_path: Path):
    version = metadata.version("basnet-rt")
    configured = configure(prefix, tmp_path, version)
    assert configured.returncode == 0, configured.stderr
    run("cmake", "--build", tmp_path)
    assert run(tmp_path / "consumer").splitlines() == ["1 2", version]


def test_a_version_that_does_not_exist_is_not_found(prefix: Path, tmp_path: Path):
    """Catches a package file that answers to every version."""
    configured = configure(prefix, tmp_path, "99.0")
    assert configured.returncode != 0
    assert "99.0" in configured.stderr


def test_only_public_headers_are_installed(prefix: Path):
    there = {p.name for p in (prefix / "include").rglob("*") if p.is_file()}
    assert there == {p.name for p in (REPOSITORY / "csrc/include/basnet_rt").iterdir()}
