"""The header, the library and the table of c_library.py name the same functions."""

from __future__ import annotations

import re
import subprocess

import pytest
from c_library import (
    CHECKED,
    COLUMNS,
    FREED,
    MODEL_CHECKED,
    MODEL_FACTS,
    MODEL_FREED,
    OTHER,
    OUTPUTS,
    POOL_CHECKED,
    POOL_FREED,
)

from checks.sources import REPOSITORY

HEADERS = REPOSITORY / "csrc/include"
C_HEADERS = ["basnet_rt/c_api.h", "basnet_rt/c_pool.h", "basnet_rt/c_model.h"]


def declared() -> set[str]:
    text = "".join((HEADERS / name).read_text() for name in C_HEADERS)
    code = re.sub(r"//[^\n]*", "", text)
    return set(re.findall(r"\b(basnet_rt_\w+)\s*\(", code))


def test_the_library_shows_what_the_header_declares_and_nothing_else(library):
    """Catches a function without its export mark, and C++ symbols that others could bind to."""
    listed = subprocess.run(
        ["nm", "-D", "--defined-only", str(library)], capture_output=True, text=True, check=True
    )
    shown = {line.split()[-1] for line in listed.stdout.splitlines()}
    assert shown == declared()


def test_the_table_is_whole():
    """Catches a function that no test calls."""
    sizes = {"detections_size", "proposals_size", "onsets_size", "bytes_size"}
    tested = {*CHECKED, *COLUMNS, *OTHER, *POOL_CHECKED, *OUTPUTS, "pool_output_set_error", *sizes}
    tested |= {*MODEL_CHECKED, *MODEL_FACTS, "model_class_name"}
    tested |= {f"{name}_free" for name in (*FREED, *POOL_FREED, *MODEL_FREED)}
    assert {f"basnet_rt_{name}" for name in tested} == declared()


@pytest.mark.parametrize("header", C_HEADERS)
@pytest.mark.parametrize("standard", ["c99", "c11", "c++17"])
def test_plain_c(header, standard, tmp_path):
    """Alone and twice, by a strict compiler: catches C++ that slips in."""
    source = tmp_path / ("alone.cpp" if "+" in standard else "alone.c")
    source.write_text(f'#include "{header}"\n' * 2 + "int main(void) { return 0; }\n")
    flags = [f"-std={standard}", "-pedantic", "-Wall", "-Wextra", "-Werror", "-fsyntax-only"]
    command = ["gcc", *flags, f"-I{HEADERS}", str(source)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
