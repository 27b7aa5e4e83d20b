"""The shared libraries: they run, show the public names alone, and carry their version."""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path

import pytest

from install.bundles import Video, streamed
from install.cpp_projects import (
    CONSUMER,
    EXAMPLES,
    HAS_NVCC,
    LIBTORCH,
    build_project,
    install_library,
    lines,
    without_gpu,
)
from install.device_code import device_code
from install.environments import run

MINOR = ".".join(metadata.version("basnet-rt").split(".")[:2])


@pytest.fixture(scope="module")
def shared_prefix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Without optimisation and symbols, which takes half the time to compile and may not change a
    bit; device code as PTX alone, which any GPU compiles when it meets it."""
    options = {"BUILD_SHARED_LIBS": "ON", "CMAKE_CXX_FLAGS_RELEASE": "-O0"}
    options |= {"BASNET_RT_CUDA": "ON" if HAS_NVCC else "OFF"}
    options |= {"BASNET_RT_CUDA_ARCHITECTURES": "75-virtual"}
    return install_library(tmp_path_factory.mktemp("installed"), **options)


def library(prefix: Path, name: str) -> Path:
    return prefix / f"lib/libbasnet_rt_{name}.so"


def test_examples_run_on_it_and_find_the_same(shared_prefix: Path, video: Video, tmp_path: Path):
    for component in ("engine", "torch"):
        with_torch = "ON" if component == "torch" else "OFF"
        folder = tmp_path / component
        build_project(EXAMPLES, folder, shared_prefix, LIBTORCH, WITH_TORCH=with_torch)
        assert f"libbasnet_rt_{component}.so.{MINOR}" in run("ldd", folder / "streaming")
        found = lines(folder / "streaming", video.bundle, video.npy, "5")
        assert found == streamed(video, 5, "native" if component == "engine" else "torch")


@pytest.mark.parametrize("name", ["core", "engine", "torch"])
def test_only_public_names_are_shown(shared_prefix: Path, name: str):
    """Catches visibility left at its default; instances of standard templates show all the same."""
    shown = run("nm", "--dynamic", "--defined-only", "--demangle", library(shared_prefix, name))
    symbols = [line.split(maxsplit=2)[1:] for line in shown.splitlines()]
    linkers = {"__bss_start", "_edata", "_end"}
    strong = [symbol for kind, symbol in symbols if kind in "TDBR" and symbol not in linkers]
    assert len(strong) > 5
    assert [symbol for symbol in strong if not symbol.startswith("basnet_rt::")] == []
    private = re.compile(r"basnet_rt::(cpu|archive|formulas|zip|Script|NetworkStream)\b")
    assert [symbol for _, symbol in symbols if private.match(symbol)] == []


def test_cuda_is_inside_and_can_do_without_a_driver(shared_prefix: Path, tmp_path: Path):
    """Catches a library that cannot be loaded where there is no GPU, or no toolkit."""
    needed = run("readelf", "--dynamic", "--wide", library(shared_prefix, "core"))
    assert "cuda" not in needed.lower()
    build_project(CONSUMER, tmp_path, shared_prefix)
    assert without_gpu(tmp_path / "cuda_consumer") == ("built" if HAS_NVCC else "not built")


@pytest.mark.skipif(not HAS_NVCC, reason="no nvcc on this machine: there is no device code")
def test_it_has_the_device_code_that_was_asked_for(shared_prefix: Path):
    """Catches a library without PTX, which GPUs that come later compile themselves."""
    assert device_code(library(shared_prefix, "core").read_bytes()) == {("ptx", 75)}


@pytest.mark.parametrize("name", ["core", "engine", "torch"])
def test_the_version_is_in_the_name(shared_prefix: Path, name: str):
    """Before 1.0 a minor version may change the interface: programs ask for it by name."""
    dynamic = run("readelf", "--dynamic", "--wide", library(shared_prefix, name))
    assert f"[libbasnet_rt_{name}.so.{MINOR}]" in dynamic


def test_it_links_by_pkg_config(shared_prefix: Path, video: Video, tmp_path: Path):
    flags = run(
        "env",
        f"PKG_CONFIG_PATH={shared_prefix / 'lib/pkgconfig'}",
        "pkg-config",
        "--cflags",
        "--libs",
        "basnet_rt_torch",
    ).split()
    program = tmp_path / "streaming"
    run("g++", "-std=c++17", "-DWITH_TORCH", EXAMPLES / "streaming.cpp", "-o", program, *flags)
    found = lines(program, video.bundle, video.npy, LD_LIBRARY_PATH=str(shared_prefix / "lib"))
    assert found == streamed(video, 1, "torch")
