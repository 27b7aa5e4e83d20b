"""docs/robustness.md says what happens: each row is run again, and must come out as it stands."""

from __future__ import annotations

import re

import kinds
import pytest

pytest.importorskip("av")
pytest.importorskip("h5py")
pytest.importorskip("torch")


@pytest.fixture(scope="module")
def rows() -> dict[tuple[str, str], str]:
    """Outcome by kind and input, as the page has them."""
    lines = [line.strip("| ").split(" | ") for line in kinds.page_table().splitlines()[2:]]
    return {(cells[0], cells[1]): " | ".join(cells[2:]) for cells in lines if len(cells) > 2}


def test_the_page_has_every_kind_and_no_other(rows):
    assert set(rows) == {(one.what, one.shown_by) for one in kinds.KINDS}


@pytest.mark.parametrize("one", kinds.KINDS, ids=lambda one: one.what)
def test_it_happens_as_the_page_says(rows, shared, one):
    """To write the page anew: `python tests/python/robustness/kinds.py`."""
    assert rows[one.what, one.shown_by] == kinds.outcome(one, shared / "faults")


def test_the_tests_of_the_service_that_the_page_names_are_there():
    named = re.findall(r"`(test_service_\w+\.py)::(\w+)`", kinds.PAGE.read_text(encoding="utf-8"))
    assert len(named) > 10
    folder = kinds.REPOSITORY / "tests" / "service"
    for file, name in named:
        assert f"def {name}(" in (folder / file).read_text(encoding="utf-8"), f"{file}::{name}"
