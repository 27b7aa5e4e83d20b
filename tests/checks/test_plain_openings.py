"""A docstring or comment begins with its subject: "The rows that ...", not "What rows ..."."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from checks.sources import CPP_ENDINGS, files, name

FOLDERS = ("python", "training", "csrc", "service", "bench", "scripts")
SOURCES = [path for folder in FOLDERS for path in files(folder, {".py", *CPP_ENDINGS})]
INVERTED = re.compile(
    r'(?:"""|^\s*(?:#|///?) )(?:What|Whatever|Which|Where|Who|Why|When|How) (?![^\n]*[?,])',
    re.MULTILINE,
)


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_an_opening_names_its_subject(path: Path):
    text = path.read_text()
    found = [text[one.start() :].lstrip().splitlines()[0] for one in INVERTED.finditer(text)]
    assert found == []


@pytest.mark.parametrize(
    "line", ['"""What a row has."""', "# What is left.", "  /// How many rows there are."]
)
def test_an_inverted_opening_is_found(line: str):
    assert INVERTED.search(f"x\n{line}\n")
    assert not INVERTED.search('"""The rows that are left."""\n# What is it?\n')
