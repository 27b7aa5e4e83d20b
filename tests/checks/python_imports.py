"""Which module imports which, in the packages that are shipped: read from the sources."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from checks.sources import REPOSITORY, files

Graph = Mapping[str, set[str]]


def modules() -> dict[str, Path]:
    """Every Python module by its dotted name, the compiled core by its stub."""
    found = {}
    for folder in ("python", "training"):
        for path in files(folder, {".py", ".pyi"}):
            parts = path.relative_to(REPOSITORY / folder).with_suffix("").parts
            found[".".join(parts).removesuffix(".__init__")] = path
    return found


def imports(text: str, module: str, package: bool, known: Mapping[str, object]) -> set[str]:
    """Modules of `known` that a source imports anywhere: in functions and for types too.

    Args:
        module: its name; relative imports start there.
        package: it is the `__init__.py` of a package.
    """
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = module.split(".")
            base = parts[: len(parts) - node.level + package] if node.level else []
            source = ".".join([*base, *([node.module] if node.module else [])])
            inner = {f"{source}.{alias.name}" for alias in node.names}
            found |= {one if one in known else source for one in inner}
    return {one for one in found if one in known}


def graph() -> dict[str, set[str]]:
    """What each module imports."""
    known = modules()
    return {
        module: imports(path.read_text(), module, path.name == "__init__.py", known)
        for module, path in known.items()
    }


def circles(arrows: Graph) -> list[list[str]]:
    """Every group of nodes that reach each other; a node that imports itself is one too."""
    reach = {node: set(reached(arrows, node)) for node in arrows}
    groups = {
        tuple(sorted(one for one in reach[node] if node in reach.get(one, ())))
        for node in arrows
        if node in reach[node]
    }
    return sorted(list(group) for group in groups)


def reached(arrows: Graph, start: str) -> Iterator[str]:
    """What is imported by `start`, by that, and so on."""
    seen: set[str] = set()
    waiting = [*arrows.get(start, ())]
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            yield node
            waiting += arrows.get(node, ())


def table_of_rooms(page: str) -> tuple[dict[str, set[str]], set[str]]:
    """CONTRIBUTING.md's table of Python rooms: what each may import, and what all may."""
    start = page.index("| room | what is in it | may import |")
    rows = page[start:].split("\n\n")[0].splitlines()[2:]
    allowed, common = {}, set()
    for row in rows:
        names, _, may_import = (cell.strip() for cell in row.strip("|").split("|"))
        rooms = re.findall(r"`([\w.]+)`", names)
        allowed |= {room: set(re.findall(r"`([\w.]+)`", may_import)) for room in rooms}
        if "every room may" in may_import:
            common.update(rooms)
    return allowed, common
