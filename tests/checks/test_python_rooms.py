"""Which Python package may import which: the table in CONTRIBUTING.md is what is checked."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from checks.python_imports import circles, graph, imports, modules, reached, table_of_rooms
from checks.sources import REPOSITORY

MOST_AT_THE_ROOT = 12

KNOWN = modules()
GRAPH = graph()
ALLOWED, COMMON = table_of_rooms((REPOSITORY / "CONTRIBUTING.md").read_text())


def room_of(module: str) -> str:
    """The row of the table that a module belongs to."""
    inner = module.removeprefix("basnet_rt.")
    parts = inner.split(".")
    names = [".".join(parts[:count]) for count in range(len(parts), 0, -1)]
    return next((name for name in names if name in ALLOWED), inner)


def is_face(module: str) -> bool:
    """Whether it is an `__init__.py`: one hands on whatever lies below it."""
    return module in KNOWN and KNOWN[module].name == "__init__.py"


def wrong_imports(module: str, imported: set[str]) -> list[str]:
    """Imports that the table does not allow."""
    room = room_of(module)
    may = {room, *COMMON, *ALLOWED.get(room, ())}
    foreign = {one for one in imported if room_of(one) not in may}
    if is_face(module):
        foreign = {one for one in foreign if not one.startswith(f"{module}.")}
    return sorted(foreign)


@pytest.mark.parametrize("module", GRAPH)
def test_a_module_imports_what_its_room_may(module: str):
    assert wrong_imports(module, GRAPH[module]) == []


def test_every_room_has_a_row_and_every_row_a_room():
    there = {room_of(module) for module in GRAPH if not is_face(module)}
    assert there == set(ALLOWED)
    assert {name for row in ALLOWED.values() for name in row} - {"basnet_rt"} <= set(ALLOWED)


def test_there_is_no_circle():
    """Of modules, and of rooms as the table has them."""
    assert circles(GRAPH) == []
    assert circles(ALLOWED) == []


def test_the_runtime_never_reaches_training():
    starts = [one for one in GRAPH if one.startswith("basnet_rt")]  # commands are imported by name
    assert [one for start in starts for one in reached(GRAPH, start) if "training" in one] == []


PLANTED = [
    "from basnet_rt.evaluation.report import Report",
    "import basnet_rt.evaluation",
    "from .evaluation import Report",
    "from . import evaluation",
    "def work():\n    from basnet_rt.evaluation import Report",
    "if TYPE_CHECKING:\n    from basnet_rt.evaluation import Report",
]


@pytest.mark.parametrize("text", PLANTED)
def test_a_planted_import_is_found(text: str):
    """Catches a check that has stopped checking: `results` may not know `evaluation`."""
    module = "basnet_rt.results"
    found = imports(text, module, False, KNOWN)
    assert wrong_imports(module, found) != []
    grown = {**GRAPH, module: GRAPH[module] | {"basnet_rt.evaluation.report"}}
    (circle,) = circles(grown)
    assert {module, "basnet_rt.evaluation.report"} <= set(circle)


def test_a_planted_circle_within_a_room_is_found():
    grown = {**GRAPH, "basnet_rt.tables.predictions": {"basnet_rt.tables.truth"}}
    assert circles(grown) == [["basnet_rt.tables.predictions", "basnet_rt.tables.truth"]]


def test_a_face_that_imports_another_package_is_found():
    assert wrong_imports("basnet_rt.show", {"basnet_rt.results"}) == ["basnet_rt.results"]


def classes_twice(sources: dict[str, str]) -> list[str]:
    """Public names of classes that several modules define; sources by module."""
    names = [
        found
        for text in sources.values()
        for found in set(re.findall(r"^class ([A-Z]\w*)", text, re.MULTILINE))
    ]
    return sorted(name for name, count in Counter(names).items() if count > 1)


def test_a_class_has_a_name_of_its_own():
    """Catches two classes `Session` or `Progress`, which a reader confuses."""
    sources = {name: path.read_text() for name, path in KNOWN.items() if path.suffix == ".py"}
    assert classes_twice(sources) == []
    assert classes_twice({**sources, "planted": "class Session:"}) == ["Session"]


def loose_modules(names: set[str]) -> set[str]:
    """Modules that lie in no package."""
    return {name for name in names if name.count(".") == 1 and not is_face(name)}


def test_few_modules_lie_at_the_root():
    """Catches a package that becomes a drawer: give a new module the room of its subject."""
    inside = {name for name in KNOWN if name.startswith("basnet_rt.")}
    assert len(loose_modules(inside)) <= MOST_AT_THE_ROOT
    planted = inside | {f"basnet_rt.planted{i}" for i in range(MOST_AT_THE_ROOT)}
    assert len(loose_modules(planted)) > MOST_AT_THE_ROOT
