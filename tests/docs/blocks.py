"""The fenced code blocks of a page, and which of them are to run.

A block of `sh`, `bash`, `console` or `python` runs, unless the line before it is

    <!-- not run: the reason -->

Other languages (`cpp`, `yaml`, `json`, `text` ...) are for reading.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
SHELL = ("sh", "bash", "console", "shell")
PYTHON = ("python", "py")
_FENCE = re.compile(r"^(?P<indent> *)(?P<ticks>```+|~~~+)\s*(?P<language>[\w+-]*)(?P<rest>.*)$")
_OPT_OUT = re.compile(r"^ *<!-- *not run: *(?P<reason>.*?) *-->\s*$")


@dataclass(frozen=True)
class Block:
    """One block; `line` is that of its first line of code, `reason` says why it is not run."""

    page: str
    line: int
    language: str
    code: str
    reason: str | None = None

    @property
    def runs(self) -> bool:
        return self.language in (*SHELL, *PYTHON) and self.reason is None

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> list[Path]:
    """README.md and everything below docs/."""
    return [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]


def name_of(page: Path) -> str:
    return page.relative_to(REPOSITORY).as_posix()


def blocks_of(text: str, page: str) -> list[Block]:
    """In the order of the page.

    Raises:
        ValueError: a block is not closed, or an opt-out stands before no block.
    """
    found: list[Block] = []
    lines = text.splitlines()
    opening: re.Match[str] | None = None
    reason, first = None, 0
    for number, line in enumerate(lines, start=1):
        fence = _FENCE.match(line)
        if opening is None and fence:
            opening, first = fence, number
        elif opening is not None and fence and closes(fence, opening):
            code = dedented(lines[first : number - 1], opening["indent"])
            found.append(Block(page, first + 1, opening["language"].lower(), code, reason))
            opening, reason = None, None
        elif opening is None:
            reason = next_reason(line, reason, f"{page}:{number}")
    if opening is not None or reason is not None:
        raise ValueError(f"{page}: a block that is not closed, or an opt-out without a block")
    return found


def next_reason(line: str, pending: str | None, place: str) -> str | None:
    """The reason that holds for the next line; blank lines keep it."""
    opt_out = _OPT_OUT.match(line)
    if opt_out:
        return opt_out["reason"]
    if pending is not None and line.strip():
        raise ValueError(f"{place}: an opt-out stands right before its block")
    return pending


def closes(fence: re.Match[str], opening: re.Match[str]) -> bool:
    return fence["ticks"].startswith(opening["ticks"]) and not fence["language"]


def dedented(lines: list[str], indent: str) -> str:
    return "\n".join(line.removeprefix(indent) for line in lines) + "\n"
