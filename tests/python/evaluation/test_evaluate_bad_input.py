"""What `evaluate` refuses, and that the message names video and entry."""

from __future__ import annotations

import json

import numpy as np
import pytest
from evaluation_cases import found_in, truth_of

import basnet_rt
from basnet_rt import InvalidType, InvalidValue

TRUTH = truth_of({"v": [("A", 0, 10)], "w": [("Bowling", 0, 10)]})
GOOD = {"label": "A", "score": 0.5, "segment": [0, 1]}


def evaluate(truth=TRUTH, predictions=None, subset="test", **options):
    predictions = {"results": {}} if predictions is None else predictions
    return basnet_rt.evaluate(truth, predictions, subset=subset, **options)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"score": float("nan")}, "the score is nan"),
        ({"score": float("inf")}, "the score is inf"),
        ({"score": None}, "the score is"),
        ({"score": "high"}, "the score is 'high'"),
        ({"score": [1]}, "the score is"),
        ({"score": True}, "the score is True"),
        ({"score": int("9" * 400)}, r"the score is 9{30,60}\.\.\.9{20,30};"),
        ({"segment": [False, 2]}, r"the segment is \[False, 2\]"),
        ({"segment": [3, 2]}, r"the segment is \[3, 2\]"),
        ({"segment": [float("nan"), 2]}, r"the segment is \[nan, 2\]"),
        ({"segment": [0, float("inf")]}, r"the segment is \[0, inf\]"),
        ({"segment": [1]}, r"the segment is \[1\]"),
        ({"segment": [1, 2, 3]}, r"the segment is \[1, 2, 3\]"),
        ({"segment": "12"}, "the segment is '12'"),
        ({"segment": None}, "the segment is None"),
        ({"label": ["A"]}, "the label is"),
        ({"label": "Bowlign"}, "label 'Bowlign' is not in the ground truth.*'Bowling'"),
        ({"label": 0}, "label 0 is not in the ground truth"),
    ],
)
def test_a_wrong_detection_is_named(change, message):
    """The third of the second video; both forms of the message say so."""
    wrong = {"results": {"v": [GOOD], "w": [GOOD, GOOD, {**GOOD, **change}]}}
    with pytest.raises(InvalidValue, match=f"video 'w', detection 2: .*{message}"):
        evaluate(predictions=wrong)


def test_lengths_that_add_up_by_chance():
    """One number and three make two pairs, of which neither is a segment."""
    segments = [[0], [1, 2, 3]]
    wrong = {"results": {"v": [{**GOOD, "segment": one} for one in segments]}}
    with pytest.raises(InvalidValue, match=r"video 'v', detection 0: the segment is \[0\]"):
        evaluate(predictions=wrong)


@pytest.mark.parametrize("name", ["label", "score", "segment"])
def test_an_absent_field_is_named(name):
    wrong = {"results": {"v": [{k: x for k, x in GOOD.items() if k != name}]}}
    with pytest.raises(InvalidValue, match=f"video 'v', detection 0: '{name}' is absent"):
        evaluate(predictions=wrong)


@pytest.mark.parametrize("record", [None, 3, "A", [0, 1]])
def test_a_detection_that_is_none(record):
    with pytest.raises(InvalidValue, match="video 'v', detection 1: expected"):
        evaluate(predictions={"results": {"v": [GOOD, record]}})


def test_a_video_that_holds_no_list():
    with pytest.raises(InvalidValue, match="video 'v': expected a list"):
        evaluate(predictions={"results": {"v": {"label": "A"}}})


def test_numbers_as_text_are_read():
    """THUMOS'14's own file has them, and so have some predictions."""
    text = {"label": "A", "score": "0.5", "segment": ["0", 10.0]}
    report = evaluate(predictions={"results": {"v": [text]}})
    assert report.average_map == 0.5


def test_unknown_labels_can_be_ignored():
    predictions = found_in({"v": [("C", 0.9, 0, 10), ("A", 0.5, 0, 10)]})
    report = evaluate(predictions=predictions, unknown_labels="ignore")
    assert report.num_detections == 1
    assert report.average_map == 0.5


@pytest.mark.parametrize(
    ("annotation", "message"),
    [
        ({"label": "A", "segment": ["x", 1]}, "expected finite seconds"),
        ({"label": "A", "segment": [2, 1]}, "ends before it starts"),
        ({"label": "A", "segment": [0, "nan"]}, "expected finite seconds"),
        ({"segment": [0, 1]}, '"label"'),
        ({"label": "A"}, "without a segment"),
    ],
)
def test_a_wrong_annotation_names_its_video(annotation, message):
    truth = {"database": {"odd": {"subset": "test", "annotations": [annotation]}}}
    with pytest.raises(InvalidValue, match=f"video 'odd'.*{message}"):
        evaluate(truth)


def test_another_subset_may_be_wrong():
    """It is not looked at."""
    content = {"database": {**TRUTH["database"], "x": {"subset": "train", "annotations": 3}}}
    evaluate(content)


def test_missing_subset_lists_those_there_are():
    with pytest.raises(InvalidValue, match=r"subset 'validation': no video.*test"):
        evaluate(subset="validation")


def test_a_subset_without_segments():
    with pytest.raises(InvalidValue, match="no segments"):
        evaluate(truth_of({"v": []}))


@pytest.mark.parametrize("which", ["truth", "predictions"])
@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "cannot be read"), ("{", "not JSON"), ("[1]", "expected an object with")],
)
def test_files(tmp_path, which, content, message):
    """Absent, cut off, and of another form; the message names the file."""
    path = tmp_path / "file.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(InvalidValue, match=rf"file\.json: .*{message}"):
        evaluate(**{which: path})


@pytest.mark.parametrize("levels", [[], 0, [0.5, 1.5], float("nan"), [-1]])
def test_thresholds_out_of_range(levels):
    with pytest.raises(InvalidValue, match="tiou_thresholds"):
        evaluate(tiou_thresholds=levels)


@pytest.mark.parametrize("levels", ["0.5", [[0.5]], [None], None])
def test_thresholds_of_another_kind(levels):
    with pytest.raises(InvalidType, match="tiou_thresholds"):
        evaluate(tiou_thresholds=levels)


@pytest.mark.parametrize("option", ["unknown_labels", "other_videos"])
def test_unknown_choices(option):
    with pytest.raises(InvalidValue, match=f"{option} is 'maybe'"):
        evaluate(**{option: "maybe"})


def test_arguments_of_another_kind():
    with pytest.raises(InvalidType, match="ground_truth is a int"):
        evaluate(3)
    with pytest.raises(InvalidType, match="predictions is a list"):
        evaluate(predictions=[1])


def test_detections_without_names():
    import numpy as np

    nameless = basnet_rt.Detections(np.array([0]), np.ones(1, np.float32), np.array([[0.0, 1.0]]))
    with pytest.raises(InvalidValue, match="'v': these Detections have no class names"):
        evaluate(predictions={"v": nameless})


def test_number_of_threads():
    with pytest.raises(InvalidValue, match="num_threads is -1"):
        evaluate(num_threads=-1)


def test_report_is_fit_for_json():
    predictions = found_in({"v": [("A", 0.5, 0, 10)]})
    values = json.loads(json.dumps(evaluate(predictions=predictions).to_dict()))
    assert values["ap"]["A"] == [1.0] * 9
    assert values["average_map"] == 0.5


def test_a_subset_that_is_no_text_is_refused_beside_good_ones():
    """Else the video would be left out, and nothing would say so."""
    listed = {"database": {**TRUTH["database"], "x": {"subset": ["test"], "annotations": []}}}
    with pytest.raises(InvalidValue, match=r"video 'x': subset is \['test'\]; it must be a text"):
        evaluate(listed)


@pytest.mark.parametrize("label", [-1, 2])
def test_a_label_that_is_no_class_is_named(label):
    """Once -1 counted as the last class."""
    found = basnet_rt.Detections(
        np.array([label]), np.array([0.5], np.float32), np.array([[0.0, 1.0]]), classes=("A", "B")
    )
    with pytest.raises(InvalidValue, match=rf"video 'v', detection 0: the label {label} is no"):
        evaluate(predictions={"v": found})


def test_true_is_no_threshold():
    with pytest.raises(InvalidType, match="tiou_thresholds is True"):
        evaluate(tiou_thresholds=True)
