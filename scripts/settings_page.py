"""Every training setting, as a page of the documentation, from the definition in config.py.

usage: settings_page.py    writes docs/reference/settings.md; a test compares it

The definition is read as text, so that neither torch nor pydantic is needed: a field's comment, on
its line or above it, is its description.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
DEFINITION = REPOSITORY / "training/basnet_training/config.py"
ALIASES = DEFINITION.with_name("network.py")  # kinds that the network defines
PAGE = REPOSITORY / "docs/reference/settings.md"
_KINDS = {
    "Count": "whole number, 1 or more",
    "Segments": "whole number from 1 to 20,000",
    "Frames": "whole number from 1 to 1,000,000",
    "FrameRate": "number from 0.00001 to 100,000",
    "Natural": "whole number, 0 or more",
    "Positive": "number above 0",
    "NonNegative": "number, 0 or more",
    "Path": "path",
    "bool": "true or false",
    "int": "whole number",
    "float": "number",
    "str": "text",
    "tuple[str, ...]": "list of texts",
    "tuple[float, float]": "two numbers",
    "dict[str, Any]": "settings",
    "Annotated[float, Field(ge=0, lt=1)]": "number from 0 to below 1",
    "Annotated[float, Field(gt=0, lt=1)]": "number between 0 and 1",
}
_VALUES = {"None": "null", "True": "true", "False": "false", "{}": "none"}
HEAD = """\
# Training settings

A file of settings has those that differ from these defaults; `--set SECTION.NAME=VALUE` changes one
on the command line. A file that sets nothing below `network`, `sampling`, `loss`, `optim` and
`postprocess` leaves all of these to the data (preset `auto`). A wrong name or value is an error
that says where it was given.

This page is made from the definition by `python scripts/settings_page.py`.
"""


@dataclass(frozen=True)
class Setting:
    """One field of a section."""

    name: str
    kind: str
    default: str
    meaning: str


def page() -> str:
    """The page's text."""
    text = DEFINITION.read_text()
    classes = {one.name: one for one in ast.parse(text).body if isinstance(one, ast.ClassDef)}
    sections = [
        (str(field.target.id), classes[field.annotation.id])
        for field in _fields(classes["Config"])
        if isinstance(field.annotation, ast.Name) and field.annotation.id in classes
    ]
    parts = [HEAD, _section("top level", classes["Config"], text, [name for name, _ in sections])]
    parts += [_section(f"`{name}`", one, text) for name, one in sections]
    return "\n".join(parts)


def _section(title: str, one: ast.ClassDef, text: str, leave_out: list[str] | None = None) -> str:
    settings = [
        _setting(field, text) for field in _fields(one) if field.target.id not in (leave_out or [])
    ]
    rows = [
        f"| `{s.name}` | {s.kind} | `{s.default}` | {s.meaning} |".replace("|  |", "| |")
        for s in settings
    ]
    head = ["| setting | kind | default | meaning |", "| --- | --- | --- | --- |"]
    table = "\n".join([*head, *rows])
    return f"## {title[0].upper() + title[1:]}\n\n{_said(one)}\n\n{table}\n"


def _said(one: ast.ClassDef) -> str:
    """The first line of the class's docstring, and its descriptions of single values."""
    lines = (ast.get_docstring(one) or "").splitlines()
    if len(lines) < 3:
        return lines[0] if lines else ""
    listed = [re.sub(r'^"(\w+)":', r"- `\1`:", line.strip()) for line in lines[2:]]
    first = next((i for i, line in enumerate(listed) if line.startswith("- ")), len(listed))
    return "\n".join([lines[0], "", *listed[:first], "", *listed[first:]]).strip()


def _fields(one: ast.ClassDef) -> list[ast.AnnAssign]:
    return [
        item
        for item in one.body
        if isinstance(item, ast.AnnAssign)
        and isinstance(item.target, ast.Name)
        and not item.target.id.startswith("model_")
    ]


def _setting(field: ast.AnnAssign, text: str) -> Setting:
    assert isinstance(field.target, ast.Name)
    assert field.value is not None, field.target.id
    default = ast.unparse(field.value).replace("'", "")
    return Setting(
        field.target.id,
        _kind(ast.unparse(field.annotation), text + ALIASES.read_text()),
        _VALUES.get(default, default),
        _comment(field, text.splitlines()).replace("|", "\\|"),
    )


def _kind(annotation: str, text: str) -> str:
    plain = annotation.removesuffix(" | None")
    alias = re.search(rf"^{re.escape(plain)} = (Literal\[[^\]]*\])", text, re.MULTILINE)
    listed = re.fullmatch(r"Literal\[(.*)\]", alias[1] if alias else plain)
    if listed:
        kind = "one of " + ", ".join(f"`{v.strip()[1:-1]}`" for v in listed[1].split(","))
    else:
        kind = _KINDS[plain]
    return f"{kind}, or null" if annotation != plain else kind


def _comment(field: ast.AnnAssign, lines: list[str]) -> str:
    """The comments on the lines above a field, and on the field's own lines."""
    above: list[str] = []
    at = field.lineno - 2
    while at >= 0 and lines[at].lstrip().startswith("#"):
        above.insert(0, lines[at].lstrip().removeprefix("#").strip())
        at -= 1
    own = [line.partition("  # ")[2] for line in lines[field.lineno - 1 : field.end_lineno]]
    said = " ".join([*above, *own]).strip()
    return re.sub(r"\bNone\b", "null", said)


if __name__ == "__main__":
    PAGE.write_text(page())
