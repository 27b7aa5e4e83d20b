"""A C++ project finds the installed core and engine, links them and runs, without libtorch."""

from __future__ import annotations

import os
import re
import subprocess
from importlib import metadata
from pathlib import Path

import pytest

import basnet_rt
from install.bundles import in_words, stored_bundle, streamed
from install.cpp_projects import (
    CONSUMER,
    EXAMPLES,
    build_project,
    configure,
    lines,
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


def check_engine(program: Path, folder: Path) -> None:
    """Offline, a stream that is saved in the middle, and a pool find Python's bits."""
    video = stored_bundle(folder)
    model = basnet_rt.load(video.bundle, engine="native")
    printed = lines(program, video.bundle, video.raw)
    offline = in_words(basnet_rt.Localizer(model)(video.features))
    first, second = printed.index("stream"), printed.index("pool")
    assert printed[:first] == offline
    assert sorted(printed[first + 1 : second]) == sorted(printed[second + 1 :]) == sorted(offline)
    assert len(offline) > 5
    assert "torch" not in run("ldd", program)


def test_the_engine_runs_a_bundle_without_libtorch(prefix: Path, tmp_path: Path):
    build_project(CONSUMER, tmp_path, prefix)
    check_engine(tmp_path / "engine_consumer", tmp_path)


def test_the_examples_run_on_the_engine(prefix: Path, tmp_path: Path):
    programs, video = build_project(EXAMPLES, tmp_path, prefix), stored_bundle(tmp_path)
    model = basnet_rt.load(video.bundle, engine="native")
    offline = in_words(basnet_rt.Localizer(model)(video.features))
    assert lines(programs / "offline", video.bundle, video.npy) == offline
    for chunk in (1, 7):
        found = lines(programs / "streaming", video.bundle, video.npy, str(chunk))
        assert found == streamed(video, chunk)
        assert len(found) > 5


def test_component_torch_says_what_it_lacks(prefix: Path, tmp_path: Path):
    configured = configure(EXAMPLES, tmp_path, prefix, WITH_TORCH="ON")
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


@pytest.mark.parametrize("component", ["core", "engine"])
def test_it_is_found_by_pkg_config(prefix: Path, tmp_path: Path, component: str):
    variables = {**os.environ, "PKG_CONFIG_PATH": str(prefix / "lib/pkgconfig")}
    asked = ["pkg-config", "--cflags", "--libs", f"basnet_rt_{component}"]
    flags = subprocess.run(asked, capture_output=True, text=True, env=variables, check=True)
    program = tmp_path / "consumer"
    source = CONSUMER / ("main.cpp" if component == "core" else "engine.cpp")
    run("g++", "-std=c++17", source, "-o", program, *flags.stdout.split())
    if component == "engine":
        check_engine(program, tmp_path)
    else:
        assert run(program).splitlines() == ["1 2", VERSION]


def test_plain_c_is_found_by_pkg_config_and_runs(prefix: Path, tmp_path: Path):
    """The page's program, by a C compiler; the library is found when it runs, by each way."""
    page = (REPOSITORY / "docs/c_api.md").read_text()
    (text,) = [one for one in re.findall(r"```c\n(.*?)```", page, re.DOTALL) if "int t = 0" in one]
    (tmp_path / "program.c").write_text(text)
    variables = {**os.environ, "PKG_CONFIG_PATH": str(prefix / "lib/pkgconfig")}
    link = "gcc -std=c99 program.c -o program $(pkg-config --cflags --libs basnet_rt_c)"
    ways = {"": f"LD_LIBRARY_PATH={prefix}/lib ", f" -Wl,-rpath,{prefix}/lib": ""}
    for flags, before in ways.items():
        command = ["bash", "-c", f"{link}{flags} && {before}./program"]
        done = subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True)
        assert (done.stdout, done.stderr) == ("5.000 10.000 0.740\n", "")
    assert "[libbasnet_rt_c.so.1]" in run("readelf", "--dynamic", tmp_path / "program")


def test_only_public_headers_are_installed(prefix: Path):
    there = {p.name for p in (prefix / "include").rglob("*") if p.is_file()}
    assert there == {p.name for p in (REPOSITORY / "csrc/include/basnet_rt").iterdir()}


def test_the_wheel_brings_core_and_engine(numpy_python: Path, tmp_path: Path):
    """In an environment without torch: headers, libraries and a package that finds them."""
    code = "import basnet_rt; print(basnet_rt.cmake_prefix())"
    found = run(numpy_python, "-c", code, cwd=tmp_path).strip()
    assert found.startswith(str(numpy_python.parents[1]))
    build_project(CONSUMER, tmp_path, found)
    assert run(tmp_path / "consumer").splitlines() == ["1 2", VERSION]
    check_engine(tmp_path / "engine_consumer", tmp_path)
    assert without_gpu(tmp_path / "cuda_consumer") == "not built"
    assert "cuda" not in run("readelf", "--dynamic", "--wide", tmp_path / "consumer").lower()
