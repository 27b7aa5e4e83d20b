"""Who may include whom in C++. A wrong arrow ties users to what they lack."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from checks.sources import CPP_ENDINGS, REPOSITORY, bare_code, files, includes, name, places

PUBLIC = files("csrc/include", {".h"})
CORE = [p for p in files("csrc/src", CPP_ENDINGS) if "torch" not in p.parts]
BINDINGS = files("csrc/bindings", CPP_ENDINGS)
SRC = REPOSITORY / "csrc/src"
FOREIGN = re.compile(r"torch/|ATen|c10/|pybind11|Python\.h|cuda|cub/|thrust/")


def test_the_lists_below_are_not_empty():
    assert PUBLIC
    assert CORE
    assert BINDINGS


def not_allowed(header: Path) -> list[str]:
    """What a public header includes or names, and its users may not have."""
    allowed = re.compile(r'<[a-z_]+>|<std(def|int)\.h>|"basnet_rt/[a-z_]+\.h"')
    foreign = re.compile(r"\b(torch|at|c10|pybind11|py|cub|thrust)::|\bcuda[A-Z]|__device__")
    wrong = [text for text in includes(header) if not allowed.fullmatch(text)]
    return wrong + places(header, foreign)


@pytest.mark.parametrize("header", PUBLIC, ids=name)
def test_public_headers_know_only_the_standard_library_and_each_other(header: Path):
    assert not_allowed(header) == []


PLANTED = [
    "#include <torch/script.h>",
    "#  include <cuda_runtime.h>",
    "#include <pybind11/pybind11.h>",
    "#include <Python.h>",
    '#include "cpu/root.h"',
    "torch::Tensor forward();",
    "void run(cudaStream_t stream);",
    "std::vector<at::Tensor> all();",
    "pybind11::object answer();",
]


@pytest.mark.parametrize("line", PLANTED)
def test_a_planted_line_is_found(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Catches a check that has stopped checking: each line is put into a real public header."""
    monkeypatch.setattr("checks.sources.REPOSITORY", tmp_path)
    header = tmp_path / "planted.h"
    header.write_text(PUBLIC[0].read_text() + f"\n{line}\n")
    assert not_allowed(header) != []
    header.write_text(PUBLIC[0].read_text() + f"\n// {line}\n")
    includes.cache_clear()
    bare_code.cache_clear()
    assert not_allowed(header) == []


@pytest.mark.parametrize("header", PUBLIC, ids=name)
def test_public_headers_compile_alone_and_twice(header: Path, tmp_path: Path):
    """Catches a missing include or include guard: a user includes them in any order."""
    source = tmp_path / "alone.cpp"
    source.write_text(f'#include "{header}"\n' * 2 + "int main() {}\n")
    flags = ["-std=c++17", "-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
    compiler = os.environ.get("CXX", "g++")
    include_folder = header.parents[1]
    done = subprocess.run(
        [compiler, *flags, f"-I{include_folder}", str(source)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", [p for p in CORE if "cuda" not in p.parts], ids=name)
def test_the_core_needs_neither_torch_python_nor_cuda(path: Path):
    assert [text for text in includes(path) if FOREIGN.search(text)] == []


# Room of csrc/src -> rooms whose private headers it may include. Public headers all may include.
ROOMS = {
    "formulas": set(),
    "json": set(),
    "settings": {"formulas"},
    "saved": {"formulas", "settings", "json"},
    "nms": {"formulas", "settings"},
    "evaluate": {"formulas", "settings"},
    "cpu": {"formulas", "settings", "saved", "nms"},
    "stream": {"formulas", "settings", "saved", "cpu"},
    "pool": {"formulas", "settings", "saved", "cpu"},
    "cuda": {"formulas", "settings", "saved"},
    "engine": {"json", "settings", "saved"},
    "c_api": set(),
    "torch": set(),
}
# The same inside the CUDA backend.
CUDA_ROOMS = {
    "device": set(),
    "passes": {"device"},
    "launch": {"device", "passes"},
    "batch": {"device", "passes", "launch"},
    "stream": {"device", "passes", "launch", "batch"},
}


def wrong_arrows(path: Path, base: Path, rooms: dict[str, set[str]]) -> list[str]:
    """Private headers that a file of a room below `base` includes, and may not."""
    room = path.relative_to(base).parts[0]
    prefix = base.relative_to(SRC).as_posix().removeprefix(".")
    private = [text[1:-1] for text in includes(path) if text.startswith('"')]
    inside = [text.removeprefix(f"{prefix}/") for text in private if text.startswith(prefix)]
    targets = {text.split("/")[0]: text for text in inside if "/" in text}
    return [text for to, text in targets.items() if to in rooms and to not in {room, *rooms[room]}]


@pytest.mark.parametrize(
    ("base", "rooms"), [(SRC, ROOMS), (SRC / "cuda", CUDA_ROOMS)], ids=["core", "cuda"]
)
def test_arrows_between_rooms_go_one_way(base: Path, rooms: dict[str, set[str]]):
    """Catches a backend that sees the other, and a circle of rooms."""
    there = {path.name for path in base.iterdir() if path.is_dir()}
    assert there == set(rooms)
    order = list(rooms)
    assert all(order.index(to) < order.index(room) for room in rooms for to in rooms[room])
    paths = [path for room in rooms for path in files(f"{name(base)}/{room}", CPP_ENDINGS)]
    assert {name(p): wrong for p in paths if (wrong := wrong_arrows(p, base, rooms))} == {}


def test_a_wrong_arrow_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(f"{__name__}.SRC", tmp_path)
    planted = tmp_path / "cuda/passes/planted.h"
    planted.parent.mkdir(parents=True)
    planted.write_text('#include "cpu/root.h"\n#include "cuda/stream/step.h"\n')
    assert wrong_arrows(planted, tmp_path, ROOMS) == ["cpu/root.h"]
    assert wrong_arrows(planted, tmp_path / "cuda", CUDA_ROOMS) == ["stream/step.h"]


@pytest.mark.parametrize("path", BINDINGS, ids=name)
def test_bindings_see_public_headers_only(path: Path):
    """Catches Python reaching into the core's insides past the checked interface."""
    headers = {path.stem for path in BINDINGS if path.suffix == ".h"}
    allowed = re.compile(rf'<.*>|"(basnet_rt/[a-z_]+|{"|".join(sorted(headers))})\.h"')
    assert [text for text in includes(path) if not allowed.fullmatch(text)] == []
