"""Who may include whom in C++ (DESIGN section 3). A wrong arrow ties users to what they lack."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from checks.sources import CPP_ENDINGS, bare_code, files, includes, name, places

PUBLIC = files("csrc/include", {".h"})
CORE = [p for p in files("csrc/src", CPP_ENDINGS) if "torch" not in p.parts]
BINDINGS = files("csrc/bindings", CPP_ENDINGS)
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


def test_backends_do_not_see_each_other():
    for backend, other in (("cpu", "cuda/"), ("cuda", "cpu/")):
        for path in files(f"csrc/src/{backend}", CPP_ENDINGS):
            assert [t for t in includes(path) if t.startswith(f'"{other}')] == [], name(path)


@pytest.mark.parametrize("path", BINDINGS, ids=name)
def test_bindings_see_public_headers_only(path: Path):
    """Catches Python reaching into the core's insides past the checked interface."""
    allowed = re.compile(
        r'<.*>|"(basnet_rt/[a-z_]+|arrays|bindings|dlpack|locked|python_network)\.h"'
    )
    assert [text for text in includes(path) if not allowed.fullmatch(text)] == []
