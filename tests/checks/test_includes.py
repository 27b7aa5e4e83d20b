"""Who may include whom in C++ (DESIGN section 3). A wrong arrow ties users to what they lack."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from checks.sources import CPP_ENDINGS, files, includes, name, places

PUBLIC = files("csrc/include", {".h"})
CORE = [p for p in files("csrc/src", CPP_ENDINGS) if "torch" not in p.parts]
BINDINGS = files("csrc/bindings", CPP_ENDINGS)
FOREIGN = re.compile(r"torch/|ATen|c10/|pybind11|Python\.h|cuda|cub/|thrust/")


def test_the_lists_below_are_not_empty():
    assert PUBLIC
    assert CORE
    assert BINDINGS


@pytest.mark.parametrize("header", PUBLIC, ids=name)
def test_public_headers_include_only_the_standard_library_and_each_other(header: Path):
    allowed = re.compile(r'<[a-z_]+>|"basnet_rt/[a-z_]+\.h"')
    assert [text for text in includes(header) if not allowed.fullmatch(text)] == []


@pytest.mark.parametrize("header", PUBLIC, ids=name)
def test_public_headers_name_no_type_of_torch_cuda_or_pybind11(header: Path):
    foreign = re.compile(r"\b(torch|at|c10|pybind11|py|cub|thrust)::|\bcuda[A-Z_]|__device__")
    assert places(header, foreign) == []


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
    allowed = re.compile(r'<.*>|"(basnet_rt/[a-z_]+|arrays|bindings)\.h"')
    assert [text for text in includes(path) if not allowed.fullmatch(text)] == []
