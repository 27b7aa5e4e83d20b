"""`basnet-rt convert` loses no input and no correction, and makes no truth of predictions."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from basnet_rt.cli.app import app
from basnet_rt.formats import read_marks

DETECTIONS = [
    {"label": "A", "score": 0.9, "segment": [0.0, 5.0]},
    {"label": "A", "score": 0.2, "segment": [1.0, 2.0]},
]
TABLE = "video,label,score,start,end,mode,source\nv,A,0.9,0,5,continuous,m\n"


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """A folder with results, a list, a table and a tier."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "r.json").write_text(json.dumps({"results": {"v": DETECTIONS}}))
    (tmp_path / "list.json").write_text('{"database": {"v": {"duration": 9.0, "annotations": []}}}')
    (tmp_path / "g.csv").write_text("video,label,start,end\nv,A,0,5\n")
    (tmp_path / "table.csv").write_text(TABLE)
    assert convert("r.json tiers --to elan").exit_code == 0
    return tmp_path


def convert(words):
    return CliRunner().invoke(app, ["convert", *words.split()], catch_exceptions=False)


@pytest.mark.parametrize(
    "words",
    [
        "r.json r.json --to activitynet",
        "g.csv list.json --to ground-truth --video-list list.json",
        "tiers tiers --to elan --min-score 5",
        "tiers tiers --to elan --force",
        "tiers/v.eaf tiers --to elan --force",
    ],
)
def test_an_input_is_never_replaced(place, words):
    before = {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}
    done = convert(words)
    assert (done.exit_code, "is an input, which would be lost" in done.stderr) == (1, True)
    assert {path: path.read_bytes() for path in place.rglob("*") if path.is_file()} == before


def test_corrections_in_a_file_of_an_editor_are_kept(place):
    (place / "tiers/v.eaf").write_text("corrected")
    done = convert("r.json tiers --to elan")
    assert done.exit_code == 1
    assert "tiers/v.eaf: exists with another content, as 1 of the 1 files" in done.stderr
    assert (place / "tiers/v.eaf").read_text() == "corrected"
    assert convert("r.json tiers --to elan --force").exit_code == 0
    assert read_marks("tiers").num_marks == 1
    assert convert("r.json tiers --to elan").exit_code == 0  # unchanged, it is written again
    assert convert("r.json again.csv").exit_code == convert("r.json again.csv").exit_code == 0


def test_no_file_is_called_like_standard_output(place):
    for form in ("csv", "elan"):
        done = convert(f"r.json - --to {form}")
        assert (done.exit_code, "give the name of a file" in done.stderr) == (1, True)
    assert not (place / "-").exists()


@pytest.mark.parametrize("reviewed", ["", " --reviewed"])
@pytest.mark.parametrize("name", ["table.csv", "r.jsonl", "r.rttm"])
def test_a_table_of_results_never_becomes_truth(place, name, reviewed):
    assert name == "table.csv" or convert(f"r.json {name}").exit_code == 0
    done = convert(f"{name} gt.json --to ground-truth{reviewed}")
    assert done.exit_code == 1
    assert f"{name}: it has scores or a mode, as results of a model have" in done.stderr
    assert not (place / "gt.json").exists()


def test_a_corrected_table_becomes_truth(place):
    (place / "c.csv").write_text("video,label,score,start,end,mode\nv,A,,0,5,\n")
    done = convert("c.csv gt.json --to ground-truth --reviewed")
    assert done.exit_code == 0, done.stderr


@pytest.mark.parametrize(
    ("text", "found"),
    [("video;label;start;end\nv;A;0;1\n", "['video;label;start;end']"), ("clip,start\n", "'clip'")],
)
def test_other_columns_are_named(place, text, found):
    (place / "o.csv").write_text(text)
    said = convert("o.csv x.jsonl").stderr
    assert found in said
    assert "must name video, label, start, end, with commas between" in said


def test_the_ending_may_be_in_capitals(place):
    (place / "r.json").rename(place / "R.JSON")
    (place / "list.json").rename(place / "LIST.JSON")
    done = convert("R.JSON out.csv --video-list LIST.JSON")
    assert done.exit_code == 0, done.stderr
