"""Which files the house rules are about, and C++ text without its comments and strings."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
CODE_FOLDERS = (
    *("csrc", "service", "python", "training"),
    *("tests", "bench", "examples", "scripts", ".ci"),
)
CPP_ENDINGS = {".h", ".cpp", ".cu", ".cuh"}

_COMMENTS_AND_STRINGS = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"\((?:.|\n)*?\)"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\'', re.DOTALL
)


def files(folder: str, endings: set[str]) -> list[Path]:
    """Files below `folder` of the repository that end so, sorted; empty where it is absent."""
    found = (REPOSITORY / folder).rglob("*")
    return sorted(p for p in found if p.suffix in endings and "__pycache__" not in p.parts)


def name(path: Path) -> str:
    """The path as messages and test ids show it."""
    return path.relative_to(REPOSITORY).as_posix()


@cache
def includes(path: Path) -> list[str]:
    """What a C++ file includes, with its brackets or quotes."""
    return re.findall(r'^\s*#\s*include\s*(<[^>]+>|"[^"]+")', path.read_text(), re.MULTILINE)


@cache
def bare_code(path: Path) -> str:
    """C++ text with comments dropped, strings emptied, and lines kept where they are."""

    def blank(match: re.Match[str]) -> str:
        text = match.group()
        kept = "\n" * text.count("\n")
        return kept if text.startswith("/") else '""' + kept

    return _COMMENTS_AND_STRINGS.sub(blank, path.read_text())


def places(path: Path, pattern: re.Pattern[str]) -> list[str]:
    """`file:line: text` of every line of bare code that holds the pattern."""
    lines = enumerate(bare_code(path).splitlines(), start=1)
    return [f"{name(path)}:{i}: {line.strip()}" for i, line in lines if pattern.search(line)]
