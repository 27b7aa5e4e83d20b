"""Values that messages quote are readable: long ones are cut, and numbers have no limit of ours."""

from __future__ import annotations

import json

import pytest

from basnet_rt import InvalidValue
from basnet_rt._system.json_file import parse_json
from basnet_rt._system.shown import MOST, shown, shown_all
from basnet_rt.annotations import read_annotations


def test_short_values_are_shown_whole():
    assert shown("a") == "'a'"
    assert shown([1, "b"]) == "[1, 'b']"
    assert shown_all(["a", "b", "c", "d"]) == "['a', 'b', 'c']"


@pytest.mark.parametrize("value", ["n" * 100_000, 10**400, [0] * 10_000, {"a": "b" * 300}])
def test_long_values_lose_their_middle(value):
    assert "..." in shown(value)
    assert len(shown(value)) == MOST


def test_a_number_that_python_does_not_write():
    assert shown(10**10_000) == "<int>"


@pytest.mark.parametrize("text", ['{"a":\n %s}', "[1, -%s]"])
def test_a_number_of_thousands_of_digits_is_named(text):
    with pytest.raises(InvalidValue) as error:
        parse_json(text % ("9" * 5000), "x.json")
    said = str(error.value)
    assert said.startswith("x.json: line ")
    assert "has 5000 digits; write numbers of at most 4300 digits" in said
    assert len(said) < 200
    assert "sys." not in said


def test_deep_lists_are_told_in_plain_words():
    with pytest.raises(InvalidValue, match="nested too deep"):
        parse_json("[" * 100_000, "x.json")


def test_long_names_are_cut_in_messages(tmp_path):
    path = tmp_path / "gt.json"
    name = "n" * 100_000
    path.write_text(json.dumps({"database": {name: {"duration": "x"}}}))
    with pytest.raises(InvalidValue, match=r"video 'nn.*\.\.\..*nn': duration") as error:
        read_annotations(path)
    assert len(str(error.value)) < 400
    path.write_text(f'{{"{name}": 1, "{name}": 2}}')
    with pytest.raises(InvalidValue, match="appears twice") as error:
        read_annotations(path)
    assert len(str(error.value)) < 400
