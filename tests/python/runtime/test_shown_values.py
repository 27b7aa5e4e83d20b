"""Values that messages quote are readable: long ones are cut, and numbers have no limit of ours."""

from __future__ import annotations

import json

import pytest

from basnet_rt import InvalidValue
from basnet_rt._system.json_file import parse_json
from basnet_rt._system.shown import MOST, shown, shown_all
from basnet_rt.annotations import read_annotations
from basnet_rt.formats import read_marks


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


LONG = "9" * 400
TASK = (
    '[{{"id": 1, "data": {{"video": "a.mp4", "fps": {}}}, "annotations": [{{"result": '
    '[{{"type": "timelinelabels", "value": {{"ranges": [{{"start": 1, "end": {}}}], '
    '"timelinelabels": ["A"]}}}}]}}]}}]'
)
ROW = '{{"video": "v", "label": "A", "start": {}, "end": 1}}\n'
CUE = "00:00:01.000 --> 00:00:02.000\nFight\n"


@pytest.mark.parametrize(
    ("name", "text", "part"),
    [
        ("a.json", TASK.format(LONG, 9), "task 1: a frame rate of 999"),
        ("a.json", TASK.format(25, LONG), "region 0: the range {'start': 1, 'end': 999"),
        ("a.jsonl", ROW.format(LONG), "start is 999"),
        ("a.vtt", f'WEBVTT\n\nNOTE basnet_rt {{"duration": {LONG}}}\n\n{CUE}', "duration is 999"),
        ("a.vtt", f'WEBVTT\n\nNOTE basnet_rt {{"fps": {"9" * 5000}}}\n\n{CUE}', "5000 digits"),
    ],
)
def test_numbers_in_formats_are_cut(tmp_path, name, text, part):
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(InvalidValue) as error:
        read_marks(path, format="label-studio" if name == "a.json" else None)
    said = str(error.value)
    assert part in said
    assert "..." in said
    assert "sys." not in said
    assert len(said.split(name)[1]) < 250
