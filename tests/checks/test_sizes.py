"""Files are about 200 lines and functions about 15; where these limits fail, split.

Lines of a Python function are counted without its docstring, signature included. C++ functions
are found by the indentation that clang-format gives them.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from checks.sources import CODE_FOLDERS, CPP_ENDINGS, bare_code, files, name

FILE_LIMIT = 400
FUNCTION_LIMIT = 45

PYTHON = [p for folder in CODE_FOLDERS for p in files(folder, {".py", ".pyi"})]
CPP = [p for folder in CODE_FOLDERS for p in files(folder, CPP_ENDINGS)]
OPENING = re.compile(
    r"^(?P<indent> *)(?!.*\b(namespace|struct|class|enum|if|for|while|switch)\b).*\)"
)


def python_functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            length = node.end_lineno - node.lineno + 1
            first = node.body[0]
            if ast.get_docstring(node) is not None and first.end_lineno is not None:
                length -= first.end_lineno - first.lineno + 1
            yield f"{name(path)}:{node.lineno}: {node.name}", length


def cpp_functions(path: Path) -> Iterator[tuple[str, int]]:
    """Blocks at namespace or class level whose opening line ends a parameter list."""
    start, indent = None, ""
    for i, line in enumerate(bare_code(path).splitlines(), start=1):
        opening = OPENING.match(line) if line.rstrip().endswith("{") else None
        if start is None and opening and len(opening["indent"]) <= 4:
            # A constructor's list of members stands four deeper than the brace that closes it.
            start, indent = (
                i,
                opening["indent"].removesuffix("    " if ":" in opening[0][:6] else ""),
            )
        elif start is not None and line.startswith(indent + "}"):
            yield f"{name(path)}:{start}", i - start + 1
            start = None


def test_every_file_is_short():
    everything = [*PYTHON, *CPP, *(p for f in CODE_FOLDERS for p in files(f, {".sh", ".cmake"}))]
    lengths = {name(path): len(path.read_text().splitlines()) for path in everything}
    assert len(lengths) > 50
    assert {path: lines for path, lines in lengths.items() if lines > FILE_LIMIT} == {}


@pytest.mark.parametrize(
    ("find", "paths"), [(python_functions, PYTHON), (cpp_functions, CPP)], ids=["python", "cpp"]
)
def test_every_function_is_short(find, paths: list[Path]):
    lengths = {where: lines for path in paths for where, lines in find(path)}
    assert len(lengths) > 100
    assert {where: lines for where, lines in lengths.items() if lines > FUNCTION_LIMIT} == {}
