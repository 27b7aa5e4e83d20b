"""A C++ project finds the installed core by `find_package` or pkg-config, links it and runs."""

from __future__ import annotations

import os
import subprocess
from importlib import metadata
from pathlib import Path

from install.cpp_projects import (
    CONSUMER,
    EXAMPLES,
    build_project,
    configure,
    without_gpu,
)
from install.environments import REPOSITORY, run

VERSION = metadata.version("basnet-rt")


def test_the_core_is_found_and_runs_without_libtorch(prefix: Path, tmp_path: Path):
    """Catches a package file that asks for libtorch though nobody wants that component."""
    configured = configure(CONSUMER, tmp_path, prefix, WANTED_VERSION=VERSION)
    assert configured.returncode == 0, configured.stderr
    run("cmake", "--build", tmp_path)
    assert run(tmp_path / "consumer").splitlines() == ["1 2", VERSION]
    assert "torch" not in run("ldd", tmp_path / "consumer")


def test_component_torch_says_what_it_lacks(prefix: Path, tmp_path: Path):
    configured = configure(EXAMPLES, tmp_path, prefix)
    assert configured.returncode != 0
    assert "component torch needs libtorch" in configured.stderr
    assert "cmake_prefix_path" in configured.stderr


def test_a_build_without_cuda_is_complete_and_says_so(prefix: Path, tmp_path: Path):
    build_project(CONSUMER, tmp_path, prefix)
    assert without_gpu(tmp_path / "cuda_consumer") == "not built"


def test_a_version_that_does_not_exist_is_not_found(prefix: Path, tmp_path: Path):
    """Catches a package file that answers to every version."""
    configured = configure(CONSUMER, tmp_path, prefix, WANTED_VERSION="99.0")
    assert configured.returncode != 0
    assert "99.0" in configured.stderr


def test_a_component_that_does_not_exist_is_not_found(prefix: Path, tmp_path: Path):
    text = (CONSUMER / "CMakeLists.txt").read_text()
    (tmp_path / "CMakeLists.txt").write_text(text.replace("COMPONENTS core", "COMPONENTS onnx"))
    configured = configure(tmp_path, tmp_path / "build", prefix)
    assert configured.returncode != 0
    assert "onnx" in configured.stderr


def test_the_core_is_found_by_pkg_config(prefix: Path, tmp_path: Path):
    variables = {**os.environ, "PKG_CONFIG_PATH": str(prefix / "lib/pkgconfig")}
    asked = ["pkg-config", "--cflags", "--libs", "basnet_rt_core"]
    flags = subprocess.run(asked, capture_output=True, text=True, env=variables, check=True)
    program = tmp_path / "consumer"
    run("g++", "-std=c++17", CONSUMER / "main.cpp", "-o", program, *flags.stdout.split())
    assert run(program).splitlines() == ["1 2", VERSION]


def test_only_public_headers_are_installed(prefix: Path):
    there = {p.name for p in (prefix / "include").rglob("*") if p.is_file()}
    assert there == {p.name for p in (REPOSITORY / "csrc/include/basnet_rt").iterdir()}


def test_the_wheel_brings_the_core(numpy_python: Path, tmp_path: Path):
    """In an environment without torch: headers, a library and a package that finds them."""
    code = "import basnet_rt; print(basnet_rt.cmake_prefix())"
    found = run(numpy_python, "-c", code, cwd=tmp_path).strip()
    assert found.startswith(str(numpy_python.parents[1]))
    build_project(CONSUMER, tmp_path, found)
    assert run(tmp_path / "consumer").splitlines() == ["1 2", VERSION]
    assert without_gpu(tmp_path / "cuda_consumer") == "not built"
    assert "cuda" not in run("readelf", "--dynamic", "--wide", tmp_path / "consumer").lower()
