"""Hooks of mkdocs: put the help of the programs on their page."""

from __future__ import annotations

import importlib
import os
import re
from typing import Any

os.environ["COLUMNS"] = "98"  # of the help texts; before rich looks at the terminal
os.environ["TERM"] = "dumb"

_PROGRAM = re.compile(r"^<!-- program: (\S+) (\S+) -->$", re.MULTILINE)


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Called by mkdocs with the text of each page."""
    return _PROGRAM.sub(lambda match: program_help(match[1], match[2]), markdown)


def program_help(module: str, program: str) -> str:
    """A section for each command of the Typer app of that module."""
    from typer.main import get_command
    from typer.testing import CliRunner

    app = importlib.import_module(module).app
    sections = []
    for name in get_command(app).commands:
        help_text = CliRunner().invoke(app, [name, "--help"], prog_name=program).stdout
        lines = [line.rstrip() for line in help_text.strip("\n").splitlines()]
        sections.append(f"### {program} {name}\n\n```text\n" + "\n".join(lines) + "\n```")
    return "\n\n".join(sections)
