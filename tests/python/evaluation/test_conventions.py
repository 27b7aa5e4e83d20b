"""Conventions of counting: protocols, ignored labels, video lists, names that never match.

The numbers of published detections are those that their authors print, or that were measured with
their own evaluator. Would catch: a protocol that leaves out the wrong videos, rounding of another
kind, an ignored class that still counts on one side.
"""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from evaluation_cases import found_in, truth_of
from typer.testing import CliRunner

import basnet_rt
from basnet_rt.cli.app import app

TENTHS_TO_07 = [k / 10 for k in range(1, 8)]


@pytest.fixture(scope="module")
def published(shared):
    return shared / "data" / "thumos14" / "published"


@pytest.fixture(scope="module")
def faults(shared):
    return shared / "faults" / "data"


def run(*arguments):
    return CliRunner().invoke(app, ["evaluate", *map(str, arguments)])


def test_stpn_comes_out_as_its_reproduction_prints_it(shared, published):
    """Printed: 52.1 44.2 34.7 26.1 17.7 10.1 4.9 1.3 0.1. The seventh is 4.988, which they cut."""
    truth = shared / "data" / "thumos14" / "gt.json"
    report = basnet_rt.evaluate(
        truth, published / "stpn_thumos14.json", subset="test", protocol="thumos14"
    )
    percent = 100 * report.map
    assert percent.round(1).tolist() == [52.1, 44.2, 34.7, 26.1, 17.7, 10.1, 5.0, 1.3, 0.1]
    assert np.floor(percent[6] * 10) / 10 == 4.9
    assert round(100 * report.average_map, 1) == 21.3


@pytest.mark.parametrize(
    ("protocol", "truth", "expected"),
    [
        ("thumos14", "gt.json", 42.96),
        ("thumos14", "published/gt212.json", 42.96),
        ("thumos14-212", "published/gt212.json", 42.43),
        ("thumos14-snippets", "published/gt212.json", 43.06),
    ],
)
def test_one_set_of_detections_has_three_numbers(shared, published, protocol, truth, expected):
    report = basnet_rt.evaluate(
        shared / "data" / "thumos14" / truth,
        published / "pmil_base_test.json",
        subset="test",
        protocol=protocol,
        tiou_thresholds=TENTHS_TO_07,
    )
    assert round(100 * report.average_map, 2) == expected


def test_212_videos_cannot_be_counted_with_210_annotated(shared, published):
    with pytest.raises(ValueError, match=r"video_test_0000270 .* use protocol 'thumos14'"):
        basnet_rt.evaluate(
            shared / "data" / "thumos14" / "gt.json",
            published / "pmil_base_test.json",
            subset="test",
            protocol="thumos14-212",
        )


def test_the_protocol_brings_its_thresholds():
    case = truth_of({"v": [("A", 0, 10)]}), found_in({"v": [("A", 1, 0, 7)]})
    report = basnet_rt.evaluate(*case, subset="test", protocol="activitynet")
    assert report.tiou_thresholds.tolist() == [k / 20 for k in range(10, 20)]
    assert report.averages["0.5:0.95"] == 0.5
    with pytest.raises(ValueError, match="protocol is 'coco'; it must be one of thumos14, "):
        basnet_rt.evaluate(*case, subset="test", protocol="coco")


def test_an_ignored_label_counts_on_neither_side(faults):
    case = faults / "gt_ambig.json", faults / "ambig_pred.json"
    options = {"subset": "test", "tiou_thresholds": 0.5}
    assert basnet_rt.evaluate(*case, **options).average_map == 0.25
    report = basnet_rt.evaluate(*case, **options, ignore_labels=["Ambiguous"])
    assert (report.average_map, report.labels, report.num_detections) == (0.5, ["X"], 1)
    done = run(*case, "-s", "test", "--tiou", "0.5", "--ignore-label", "Ambiguous", "--json")
    assert json.loads(done.stdout)["average_map"] == 0.5


def test_an_ignored_label_that_nobody_has_is_an_error():
    case = truth_of({"v": [("A", 0, 10)]}), found_in({"v": [("A", 1, 0, 7)]})
    with pytest.raises(ValueError, match="names 'Ambigous', which neither"):
        basnet_rt.evaluate(*case, subset="test", ignore_labels=["Ambigous"])
    with pytest.raises(TypeError, match="must be a list of labels"):
        basnet_rt.evaluate(*case, subset="test", ignore_labels="A")


@pytest.mark.parametrize(("name", "theirs"), [("vprefix.json", "v_a"), ("mp4.json", "a.mp4")])
def test_names_that_never_match_are_an_error_that_quotes_both_sides(faults, name, theirs):
    expected = re.escape(f"the predictions name {theirs!r}, the annotations 'a'")
    with pytest.raises(ValueError, match=expected):
        basnet_rt.evaluate(faults / "gt.json", faults / name, subset="test")
    done = run(faults / "gt.json", faults / name, "-s", "test")
    assert done.exit_code == 1
    assert "give both the same names" in done.stderr


def test_a_list_of_videos_is_all_that_counts(tmp_path):
    truth = truth_of({"v": [("A", 0, 10)], "w": [("A", 0, 10)], "x": [("A", 0, 10)]})
    found = found_in({"v": [("A", 1, 0, 10)], "w": [("A", 2, 50, 60)], "y": [("A", 3, 0, 10)]})
    options = {"subset": "test", "tiou_thresholds": 0.5}
    report = basnet_rt.evaluate(truth, found, **options, videos=["v", "x"])
    # w is left out on both sides; y, which nobody annotated, stays a false positive.
    assert (report.num_videos, report.num_outside, report.num_absent) == (2, 1, 1)
    assert report.average_map == pytest.approx(0.25)
    names = tmp_path / "list.txt"
    names.write_text("v\n")
    assert basnet_rt.evaluate(truth, found, **options, videos=names).num_videos == 1
    with pytest.raises(ValueError, match="1 videos are not annotated, such as"):
        basnet_rt.evaluate(truth, found, **options, videos=["u"])


def test_videos_without_an_entry_are_counted_in_a_note(tmp_path):
    (tmp_path / "gt.json").write_text(
        json.dumps(truth_of({"v": [("A", 0, 10)], "w": [("A", 0, 10)]}))
    )
    (tmp_path / "r.json").write_text(json.dumps(found_in({"v": [("A", 1, 0, 10)]})))
    done = run(tmp_path / "gt.json", tmp_path / "r.json", "-s", "test")
    assert done.exit_code == 0
    assert "note: 1 of 2 videos of 'test' have no entry in the predictions" in done.stderr


@pytest.mark.parametrize("text", ["0.5:0.95:0.05", "0.1:0.9:0.1", "0.5:0.3:0.9", "0.9:0.1:0.1"])
def test_thresholds_in_another_order_are_refused(tmp_path, text):
    for name in ("gt.json", "r.json"):
        (tmp_path / name).write_text("{}")
    done = run(tmp_path / "gt.json", tmp_path / "r.json", "-s", "test", "--tiou", text)
    assert done.exit_code == 2
    plain = " ".join(done.stderr.split())
    assert "first:step:last" in plain
    if text == "0.5:0.95:0.05":
        assert "0.5:0.05:0.95" in plain


def test_a_key_twice_is_refused_everywhere(faults, tmp_path):
    twice = faults / "dup_key.json"
    with pytest.raises(ValueError, match="the key 'a' appears twice"):
        basnet_rt.evaluate(faults / "gt.json", twice, subset="test")
    with pytest.raises(ValueError, match="the key 'a' appears twice"):
        basnet_rt.read_results(twice)
    truth = tmp_path / "gt.json"
    truth.write_text('{"database": {"a": {"annotations": []}, "a": {"annotations": []}}}')
    with pytest.raises(ValueError, match="the key 'a' appears twice"):
        basnet_rt.evaluate(truth, found_in({"a": []}), subset=None)


@pytest.mark.parametrize(("end", "said"), [(9.0, False), (11.9, False), (20.0, True)])
def test_detections_that_end_after_their_video_are_a_warning(tmp_path, end, said):
    """Else times of another frame rate are a poor mAP without a reason."""
    entry = {"subset": "test", "duration": 10, "annotations": [{"label": "X", "segment": [1, 9]}]}
    (tmp_path / "gt.json").write_text(json.dumps({"database": {"a": entry}}))
    found = {"a": [{"label": "X", "score": 0.5, "segment": [1, end]}]}
    (tmp_path / "r.json").write_text(json.dumps({"results": found}))
    done = run(tmp_path / "gt.json", tmp_path / "r.json", "--subset", "test")
    assert done.exit_code == 0, done.stderr
    assert ("end after the video does, up to 2 times" in " ".join(done.stderr.split())) == said
