"""What must compile against the public headers, and what must not.

A file of tests/compile holds two programs: without its lines `// bad: ...` it must compile, without
its lines `// good` it must not, and the compiler must say what stands behind `bad:`. The two differ
by one line, so nothing but that line can be what is refused.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from checks.sources import REPOSITORY, name

PAIRS = sorted((REPOSITORY / "tests/compile").iterdir())
FLAGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-Wno-unused-variable"]


def pair(path: Path) -> tuple[str, str, str]:
    """The good program, the bad one, and what the compiler must say of the bad one."""
    lines = path.read_text().splitlines(keepends=True)
    bad = [line for line in lines if "// bad: " in line]
    good = [line for line in lines if line.rstrip().endswith("// good")]
    assert (len(bad), len(good)) == (1, 1), path
    programs = ("".join(line for line in lines if line not in other) for other in (bad, good))
    return *programs, bad[0].split("// bad: ")[1].strip()


def compiled(program: str, ending: str, folder: Path) -> subprocess.CompletedProcess[str]:
    source = folder / f"program{ending}"
    source.write_text(program)
    if ending == ".c":  # gcc finds dropped results of C when it makes code
        start = [os.environ.get("CC", "gcc"), "-std=c99", "-c", "-o", os.devnull]
    else:
        start = [os.environ.get("CXX", "g++"), "-std=c++17", "-fsyntax-only"]
    command = [*start, *FLAGS, f"-I{REPOSITORY / 'csrc/include'}", str(source)]
    environment = {**os.environ, "LC_ALL": "C"}
    return subprocess.run(command, capture_output=True, text=True, env=environment)


@pytest.mark.parametrize("path", PAIRS, ids=name)
def test_pair(path: Path, tmp_path: Path):
    good, bad, reason = pair(path)
    done = compiled(good, path.suffix, tmp_path)
    assert done.returncode == 0, done.stderr
    refused = compiled(bad, path.suffix, tmp_path)
    assert refused.returncode != 0
    assert reason in refused.stderr


def test_there_are_pairs_in_both_languages():
    assert {path.suffix for path in PAIRS} == {".c", ".cpp"}
    assert len(PAIRS) > 15
