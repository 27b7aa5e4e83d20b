"""`basnet-rt evaluate`."""

from __future__ import annotations

import json

import pytest
import typer
from evaluation_cases import found_in, truth_of
from typer.testing import CliRunner

import basnet_rt
from basnet_rt.cli.app import app
from basnet_rt.cli.evaluate import parse_thresholds


@pytest.fixture
def files(tmp_path):
    """Ground truth and predictions with mAP 1, 0.5 at tIoU 0.5, 0.9."""
    truth, found = tmp_path / "gt.json", tmp_path / "r.json"
    truth.write_text(json.dumps(truth_of({"v": [("A", 0, 10), ("B", 0, 10)]})))
    found.write_text(json.dumps(found_in({"v": [("A", 1, 0, 10), ("B", 1, 0, 7)]})))
    return truth, found


def run(*arguments):
    return CliRunner().invoke(app, ["evaluate", *map(str, arguments)])


def test_table(files):
    done = run(*files, "--subset", "test", "--tiou", "0.5,0.9", "--per-class")
    assert done.exit_code == 0
    lines = [line.split() for line in done.stdout.splitlines()]
    assert lines[1:] == [
        ["tIoU", "0.50", "0.90", "mean"],
        ["mAP", "(%)", "100.00", "50.00", "75.00"],
        ["A", "100.00", "100.00", "100.00"],
        ["B", "100.00", "0.00", "50.00"],
    ]


def test_json(files):
    values = json.loads(run(*files, "-s", "test", "--tiou", "0.5,0.9", "--json").stdout)
    assert values["map"] == [1.0, 0.5]
    assert values["ap"]["B"] == [1.0, 0.0]
    assert values["simulated"] is False


def test_thumos14(shared):
    """Golden through the command line: the average to the two decimals that papers print."""
    predictions = shared / "golden" / "thumos14_detections_a.json"
    done = run(shared / "data" / "thumos14" / "gt.json", predictions, "-s", "test")
    want = json.loads(predictions.with_suffix(".expected.json").read_text())["average_mAP"]
    assert done.stdout.split()[-1] == f"{100 * want:.2f}"


@pytest.mark.parametrize("name", ["r.jsonl", "r.csv", "r.rttm"])
def test_every_form_of_results_is_read(files, name):
    basnet_rt.write_results(files[0].parent / name, basnet_rt.read_results(files[1]).detections)
    done = run(files[0], files[0].parent / name, "-s", "test", "--tiou", "0.5,0.9")
    assert done.exit_code == 0, done.output
    assert done.stdout.split()[-1] == "75.00"


def test_results_are_never_replaced_by_their_evaluation(files):
    before = files[1].read_bytes()
    done = run(*files, "-s", "test", "-o", files[1])
    assert done.exit_code == 1
    assert "r.json: is an input, which would be lost" in " ".join(done.output.split())
    assert files[1].read_bytes() == before


@pytest.mark.parametrize(
    ("segment", "label", "part"),
    [
        ([90, 250], "A", "1 of 2 marked segments lie outside of their videos, such as [90, 250]"),
        ([-9, 4], "A", "such as [-9, 4] of 'v' with 10 s: are segments and durations in seconds?"),
        ([0, 10.4], "a ", "annotated labels 'A' and 'a ' count as two classes"),
        ([0, 10.4], "B", None),
    ],
)
def test_annotations_that_contradict_themselves_are_told(files, segment, label, part):
    content = truth_of({"v": [("A", 0, 10)]})
    content["database"]["v"]["duration"] = 10
    content["database"]["v"]["annotations"].append({"label": label, "segment": segment})
    files[0].write_text(json.dumps(content))
    done = run(*files, "-s", "test", "--unknown-labels", "ignore")
    assert done.exit_code == 0
    said = " ".join(done.stderr.split())
    assert part in said if part else "warning" not in said


def test_faults_of_other_subsets_do_not_matter(files):
    content = json.loads(files[0].read_text())
    content["database"]["w"] = {"subset": "train", "annotations": [{"segment": [0, 1]}]}
    files[0].write_text(json.dumps(content))
    assert run(*files, "-s", "test").exit_code == 0


def test_simulated_results_say_so(files):
    truth, found = files
    found.write_text(json.dumps({**json.loads(found.read_text()), "basnet_rt": {"simulated": 1}}))
    assert "simulated" in run(truth, found, "-s", "test").stdout


def test_videos_outside_the_subset_are_mentioned(files):
    """The usual mistake: results of all videos, scored on one subset."""
    truth, found = files
    content = found_in({"v": [("A", 1, 0, 10)], "train_1": [("A", 1, 0, 10)]})
    found.write_text(json.dumps(content))
    assert "1 videos" in run(truth, found, "-s", "test").stderr
    assert run(truth, found, "-s", "test", "--other-videos", "error").exit_code == 1


@pytest.mark.parametrize("other", ["b.mp4", "B", "b_clip", "videos/b.mkv", "b "])
def test_names_that_match_in_part_are_shown_from_both_sides(tmp_path, other):
    truth, found = tmp_path / "gt.json", tmp_path / "r.json"
    marked = {"a": [("A", 0, 10)], "x": [("A", 0, 10)], "b": [("A", 0, 10)]}
    truth.write_text(json.dumps(truth_of(marked)))
    found.write_text(json.dumps(found_in({"a": [("A", 1, 0, 10)], other: [("A", 1, 0, 10)]})))
    said = run(truth, found, "-s", "test").stderr
    assert f"not in 'test' (false_positive), such as {other!r}" in said
    assert "2 of 3 videos of 'test' have no entry in the predictions, such as 'b';" in said


@pytest.mark.parametrize("score", ["NaN", "true", "9" * 400, '"high"'])
def test_a_wrong_score_is_named_with_its_file(files, score):
    truth, found = files
    found.write_text(found.read_text().replace('"score": 1', f'"score": {score}', 1))
    done = run(truth, found, "-s", "test")
    assert done.exit_code == 1
    assert f"error: {found}: video 'v', detection 0: " in " ".join(done.stderr.split())


def test_a_class_to_ignore_in_another_case_is_suggested_once(files):
    done = run(*files, "-s", "test", "--ignore-label", "b")
    assert done.exit_code == 1
    assert "did you mean 'B'?" in done.stderr
    done = run(*files, "-s", "test", "--ignore-label", "nothing")
    assert "they have labels such as ['A', 'B']" in done.stderr


@pytest.mark.parametrize(
    "text", ["0.1:1e-9:0.9", "0.1:1e-30:0.9", "0.5:0.0004:0.9004", ",".join(["0.5"] * 1001)]
)
def test_too_many_thresholds_are_refused_at_once(text):
    with pytest.raises(typer.BadParameter, match=r"\d thresholds; give at most 1000") as error:
        parse_thresholds(text)
    assert len(str(error.value)) < 200


def test_a_thousand_thresholds_are_allowed():
    assert len(parse_thresholds("0.001:0.001:1")) == 1000


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("0.1:0.1:0.7", [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]),
        ("0.5:0.05:0.95", [0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95]),
        ("0.3", [0.3]),
        ("0.3, 0.5", [0.3, 0.5]),
    ],
)
def test_thresholds(text, levels):
    """0.1 * 3 is not 0.3: a tIoU of exactly 0.3 must reach it."""
    assert parse_thresholds(text) == levels


@pytest.mark.parametrize(
    "options",
    [("--tiou", "a"), ("--tiou", "0.5,0.5"), ("--tiou", "0.1:0:0.5"), ("--tiou", "0.1:0.2"),
     ("--other-videos", "x"), ("--unknown-labels", "x"), ("--nope",)],
)  # fmt: skip
def test_wrong_usage_is_2(files, options):
    assert run(*files, "-s", "test", *options).exit_code == 2


def test_failures_are_1(files, tmp_path):
    truth, found = files
    for arguments in (
        (truth, found, "-s", "nosuch"),
        (truth, tmp_path / "none.json", "-s", "test"),
    ):
        done = run(*arguments)
        assert done.exit_code == 1
        assert done.stderr.startswith("error: ")


@pytest.mark.parametrize("scale", [1, 25])
def test_annotations_in_frames_are_told(tmp_path, scale):
    """All detections lie in the first 25th of each video, and mAP is 0 without a word."""
    truth, found = tmp_path / "gt.json", tmp_path / "r.json"
    content = truth_of({f"v{i}": [("A", 0, 10 * scale)] for i in range(4)})
    for entry in content["database"].values():
        entry["duration"] = 10 * scale
    truth.write_text(json.dumps(content))
    found.write_text(json.dumps(found_in({f"v{i}": [("A", 1, 0, 10)] for i in range(4)})))
    said = " ".join(run(truth, found, "-s", "test").stderr.split())
    early = "the detections of all 4 videos end in the first half of the video"
    assert (early in said) == (scale == 25)
    assert ("its annotated duration is 25 times their end" in said) == (scale == 25)


@pytest.mark.parametrize(
    ("text", "meant"),
    [("0.1:0.1:0.95", "0.1:0.1:0.9"), ("0.5:0.95:0.05", "0.5:0.05:0.95"), ("0.1:0.95:0.1", "")],
)
def test_thresholds_that_do_not_end_at_the_last_are_refused(text, meant):
    """The advice was an order that the command took for one threshold."""
    with pytest.raises(typer.BadParameter, match="have to reach") as error:
        parse_thresholds(text)
    assert str(error.value).endswith(f"did you mean {meant}?") == bool(meant)


def test_the_subset_may_be_left_out_where_there_is_none(tmp_path, files):
    truth, found = files
    said = run(truth, found)
    assert said.exit_code == 2
    assert "has subsets: give one of test as --subset" in " ".join(
        said.stderr.replace("│", "").split()
    )
    truth.write_text(json.dumps(truth_of({"v": [("A", 0, 10), ("B", 0, 10)]}, subset=None)))
    assert run(truth, found).stdout.startswith("all videos: 1 videos, 2 segments")
    for wrong in ("test", ""):
        done = run(truth, found, "-s", wrong)
        assert "leave the subset out, and all videos count" in " ".join(done.stderr.split())
    assert run(truth, found, "--json").exit_code == 0
