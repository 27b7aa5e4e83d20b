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
    r"(?<![\w/*{}<>$-])(?:[\w.-]+/)*[\w-]+\.(?:py|pyi|cpp|h|cu|cuh|sh|cmake|proto|js|md)\b(?![/({])"
)
DOTTED = re.compile(r"(?<![\w./\"-])basnet_(?:rt|demo|training)(?:\.\w+)+(?![\w/(])")
ELSEWHERE = {"Lib/pickletools.py", "thumos_features.py"}  # of other projects

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
    """In the repository, by its name or the end of its path; or in the shared data beside it."""
    if wanted in ELSEWHERE or wanted.removeprefix("../").startswith("shared/"):
        return True
    return any(path.endswith(f"/{wanted}") for path in FILES)


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


PLANTED = [
    ("see `batch_video.py`", "batch_video.py"),
    ("# as in python/basnet_rt/localizer.py", "python/basnet_rt/localizer.py"),
    ("// basnet_rt.bundle reads it", "basnet_rt.bundle"),
    ("`basnet_rt.evaluation.evaluated`", "basnet_rt.evaluation.evaluated"),
]


@pytest.mark.parametrize(("text", "wrong"), PLANTED)
def test_a_planted_name_is_found(text: str, wrong: str):
    """Catches a check that has stopped checking."""
    assert stale(text) == [wrong]


def test_what_is_there_passes():
    text = "`localizer.py`, csrc/include/basnet_rt/nms.h, basnet_rt.evaluate, basnet_rt.video.live"
    assert stale(text) == []


def test_each_kind_of_text_is_looked_at(tmp_path: Path):
    """Catches a kind of file whose comments are no longer read."""
    wanted = {
        "a.md": ["in `gone.py`", "```sh\npython made.py\n```\nin `gone.py`"],
        "a.cpp": ["int i;  // gone.py"],
        "a.py": ["x = 'made.py'  # gone.py", '"""See gone.py."""', 'def f():\n    "gone.py"'],
        "a.sh": ["python made.py\n# gone.py"],
    }
    for file, sources in wanted.items():
        for source in sources:
            path = tmp_path / file
            path.write_text(source)
            assert [one for text in texts(path) for one in stale(text)] == ["gone.py"], source
