"""The settings' fields are named once, in basnet_rt/config_fields.h; a list that lacks one must not
compile. Bindings, archive, C interface and JSON all go through that list."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from checks.sources import REPOSITORY, bare_code, files, name

SETTINGS = REPOSITORY / "csrc/src/settings/config.cpp"
VISIT = re.compile(r"^ *visit\(ConfigField<.*;\n", re.MULTILINE)
MEMBER = "  double merge_gap = 0.0;\n"
NAMES = re.compile(r"\bsoft_min_score\b|\bmax_lookahead\b")  # of two fields that few have to know


def compiled(headers: Path) -> subprocess.CompletedProcess[str]:
    command = [os.environ.get("CXX", "g++"), "-std=c++17", "-fsyntax-only", f"-I{headers}"]
    command += [f"-I{REPOSITORY / 'csrc/src'}", str(SETTINGS)]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.fixture
def headers(tmp_path: Path) -> Path:
    """A copy of the public headers, to be changed."""
    return Path(shutil.copytree(REPOSITORY / "csrc/include", tmp_path / "include"))


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert text.count(old) == 1, old
    file.write_text(text.replace(old, new))


def test_the_headers_as_they_are_compile(headers: Path):
    done = compiled(headers)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("at", [0, 9, -1])
def test_a_list_without_a_field_does_not_compile(headers: Path, at: int):
    fields = headers / "basnet_rt/config_fields.h"
    visits = VISIT.findall(fields.read_text())
    assert len(visits) > 20
    change(fields, visits[at], "")
    done = compiled(headers)
    assert done.returncode != 0
    assert "must name every member" in done.stderr


def test_a_new_member_that_is_not_listed_does_not_compile(headers: Path):
    change(headers / "basnet_rt/config.h", MEMBER, MEMBER + "  double new_setting = 0.0;\n")
    done = compiled(headers)
    assert done.returncode != 0
    assert "must name every member" in done.stderr


def test_nobody_else_lists_the_fields():
    """Catches a second list: a file that names fields which only a list has to name."""
    allowed = {
        "csrc/include/basnet_rt/config.h",
        "csrc/include/basnet_rt/config_fields.h",
        "csrc/src/settings/config.cpp",  # what each may hold
    }
    doors = [
        path
        for folder in ("csrc/bindings", "csrc/src/c_api", "csrc/src/saved", "csrc/src/torch")
        for path in files(folder, {".h", ".cpp"})
    ]
    found = {name(path) for path in doors if NAMES.search(bare_code(path))}
    assert found <= allowed
