"""Damage of any kind ends in our error or in a reading, never in another exception or a hang."""

from __future__ import annotations

import json
import random

import pytest
from comparing import at_rate

from basnet_rt import Error
from basnet_rt.formats import FORMATS, read_marks, write_marks
from damage import damaged, shaken

ROUNDS = 150


@pytest.mark.parametrize("name", FORMATS)
def test_damaged_text(tmp_path, marked, name):
    small = at_rate(marked, "29.97df")
    some = dict(list(small.videos.items())[1:2])
    path = tmp_path / f"v{FORMATS[name].suffix}"
    write_marks(path, type(small)(some, small.provenance), format=name)
    text, dice = path.read_text(), random.Random(name)
    outcomes = set()
    for _ in range(ROUNDS):
        path.write_text(damaged(text, dice), encoding="utf-8")
        outcomes.add(outcome(path, name))
    assert outcomes == {"read", "refused"}


@pytest.mark.parametrize("name", ["activitynet", "ground-truth", "label-studio", "otio"])
def test_json_of_another_shape(tmp_path, marked, name):
    some = dict(list(marked.videos.items())[1:2])
    path = tmp_path / f"v{FORMATS[name].suffix}"
    write_marks(path, type(marked)(some, marked.provenance), format=name)
    content, dice = json.loads(path.read_text()), random.Random(name)
    outcomes = set()
    for _ in range(ROUNDS):
        path.write_text(json.dumps(shaken(content, dice)))
        outcomes.add(outcome(path, name))
    assert outcomes == {"read", "refused"}


def outcome(path, name) -> str:
    try:
        read_marks(path, format=name, fps="29.97")
    except Error as error:
        return "refused" if str(path) in str(error) else f"does not name the file: {error}"
    return "read"
