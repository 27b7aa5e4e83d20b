"""Files and modules that comments, docstrings and pages name are there.

Looked at: comments of C++, Python and shell, docstrings, and Markdown outside its code blocks. Not
looked at: strings of programs, which may name files that they make.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from checks.python_imports import modules
from checks.sources import CODE_FOLDERS, CPP_ENDINGS, REPOSITORY, files, name

SOURCE = re.compile(
    r"(?<![\w/.*{}<>$-])(?:[\w.-]+/)*[\w-]+\.(?:py|pyi|cpp|h|cu|cuh|sh|cmake|proto|js|md)\b(?![/({])"
)
DOTTED = re.compile(r"(?<![\w./\"-])basnet_(?:rt|demo|training)(?:\.\w+)+(?![\w/(])")
# Of other programs and projects.
ELSEWHERE = {
    "thumos_features.py",
}

PAGES = sorted(REPOSITORY.glob("*.md")) + files("docs", {".md"})
CODE = [
    path
    for folder in (*CODE_FOLDERS, "cmake")
    for path in files(folder, {".py", ".pyi", ".sh", ".cmake", *CPP_ENDINGS})
]
HISTORY = "CHANGELOG.md"  # names what was


def texts(path: Path) -> Iterator[str]:
    """What a file says to readers."""
    source = path.read_text()
    if path.suffix == ".md":
        yield re.sub(r"^```.*?^```", "", source, flags=re.MULTILINE | re.DOTALL)
    elif path.suffix in CPP_ENDINGS:
        yield from re.findall(r"//[^\n]*", source)
    elif path.suffix in (".sh", ".cmake"):
        yield from re.findall(r"^\s*#[^\n]*", source, re.MULTILINE)
    else:
        yield from python_texts(source)


def python_texts(source: str) -> Iterator[str]:
    """Comments and docstrings."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.string
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, kinds):
            yield ast.get_docstring(node) or ""


def all_files() -> list[str]:
    """Paths in the repository, without what is built."""
    skipped = {".git", ".venv", "build", "dist"}
    return [
        "/" + name(path)
        for top in REPOSITORY.iterdir()
        if top.name not in skipped
        for path in ([top] if top.is_file() else top.rglob("*"))
    ]


FILES = all_files()
MODULES = modules()


def stale(text: str) -> list[str]:
    """What the text names and the repository does not have."""
    wrong = [one for one in SOURCE.findall(text) if not file_exists(one)]
    return wrong + [one for one in DOTTED.findall(text) if not name_exists(one)]


def file_exists(wanted: str) -> bool:
    return wanted in ELSEWHERE or any(path.endswith(f"/{wanted}") for path in FILES)


def name_exists(dotted: str) -> bool:
    """A module, or a name that its last module binds."""
    parts = dotted.split(".")
    for count in range(len(parts), 0, -1):
        module = MODULES.get(".".join(parts[:count]))
        if module is not None:
            rest = parts[count : count + 1]
            return not rest or re.search(rf"\b{rest[0]}\b", module.read_text()) is not None
    return False


@pytest.mark.parametrize("path", [p for p in (*PAGES, *CODE) if p.name != HISTORY], ids=name)
def test_what_is_named_is_there(path: Path):
    """Catches a comment that still names a file after it was moved or renamed."""
    assert [one for text in texts(path) for one in stale(text)] == []
