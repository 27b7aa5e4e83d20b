"""The reference names everything that is public, and the pages' tables say what the code does."""

from __future__ import annotations

import re

import pytest

import basnet_rt
from basnet_rt import formats
from docs.blocks import REPOSITORY

REFERENCE = (REPOSITORY / "docs/reference/python.md").read_text()


def test_every_public_name_is_in_the_reference():
    """Catches a function that users cannot look up."""
    named = set(re.findall(r"^::: basnet_rt\.(\w+)$", REFERENCE, re.MULTILINE))
    public = {name for name in basnet_rt.__all__ if not name.startswith("__")}
    assert public - named == set()
    modules = {"annotations", "burning", "formats"}
    assert {name for name in named if not hasattr(basnet_rt, name)} <= modules


def test_the_formats_that_are_named_are_there():
    members = re.search(r"members: \[([^]]*)\]", REFERENCE)
    assert members is not None
    assert [name for name in members[1].split(", ") if not hasattr(formats, name)] == []


@pytest.mark.parametrize("name", formats.FORMATS)
def test_the_table_of_formats_says_what_the_registry_says(name):
    """Catches a table that nobody made again: python -m bench.accuracy.formats."""
    one = formats.FORMATS[name]
    page = (REPOSITORY / "docs/formats.md").read_text()
    files = "one" if one.many else "one a video"
    rate = "yes" if one.counts_frames else "no"
    assert f"| `{name}` | `{one.suffix}` | {files} | {rate} | {one.loses} |" in page
