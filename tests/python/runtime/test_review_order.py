"""Which videos to correct next: by hand-made results whose doubts are known."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from basnet_rt import InvalidValue, write_results
from basnet_rt.cli.app import app
from basnet_rt.results import Detections
from basnet_rt.reviewing import review_order

CLASSES = ("Jump", "Run")


def found(*rows, suggested=(0.5, 0.5)) -> Detections:
    """Rows of (label, confidence, start, end); the score is the confidence."""
    ordered = sorted(rows, key=lambda row: -row[1])
    sure = np.array([row[1] for row in ordered], np.float64)
    return Detections(
        np.array([CLASSES.index(row[0]) for row in ordered], np.int64),
        sure.astype(np.float32),
        np.array([row[2:] for row in ordered], np.float64).reshape(-1, 2),
        classes=CLASSES,
        confidence=sure,
        suggested=np.array(suggested),
    )


SURE = found(("Run", 0.99, 1, 5))
DOUBTFUL = found(("Run", 0.52, 1, 5), ("Run", 0.45, 10, 12))


def test_events_near_the_threshold_come_before_sure_ones():
    order = review_order({"sure": SURE, "doubtful": DOUBTFUL})
    assert order[0].video == "doubtful"
    assert order[0].need > 0.5 > max([one.need for one in order[1:]], default=0)
    (near,) = [one for one in order[0].doubts if one.kind == "near threshold"]
    assert "2 events near the threshold, such as Run 0.52 at 1.0 to 5.0 s" in near.text


def test_the_class_s_own_threshold_counts():
    high = found(("Run", 0.52, 1, 5), suggested=(0.5, 0.9))
    kinds = {one.kind for one in review_order({"v": high})[0].doubts}
    assert "near threshold" not in kinds


def test_results_that_contradict_the_tags():
    tags = {"missed": {"Jump"}, "untagged": set(), "right": {"Run"}}
    results = {"right": SURE, "missed": found(("Jump", 0.05, 1, 2)), "untagged": SURE}
    order = {one.video: one for one in review_order(results, tags=tags)}
    assert order["missed"].reason.text == "tagged Jump, and the highest confidence of it is 0.05"
    assert order["untagged"].reason.text == "Run 0.99 at 1.0 to 5.0 s, and not tagged"
    assert order["right"].need < 0.1


def test_models_that_disagree_about_the_place():
    other = {"a": found(("Run", 0.99, 1, 5)), "b": found(("Run", 0.99, 4, 8)), "c": found()}
    order = review_order({"a": SURE, "b": SURE, "c": SURE}, against=[other])
    assert [one.video for one in order[:2]] == ["c", "b"]
    assert order[0].reason.text.endswith("is nothing for another (tIoU 0.00)")
    assert order[1].reason.strength == pytest.approx(1 - 1 / 7)


def test_the_first_videos_are_of_several_classes():
    """Three alike, and a less doubtful one of another class comes second."""
    results = {f"run{i}": DOUBTFUL for i in range(3)} | {"jump": found(("Jump", 0.55, 1, 5))}
    assert [one.video for one in review_order(results)][:2] == ["run0", "jump"]


def test_reviewed_videos_are_left_out():
    order = review_order({"a": DOUBTFUL, "b": DOUBTFUL}, leave_out=["a"])
    assert [one.video for one in order] == ["b"]


def test_without_confidence_it_says_what_to_do():
    plain = Detections(
        np.zeros(1, np.int64), np.ones(1, np.float32), np.array([[0.0, 1.0]]), classes=CLASSES
    )
    with pytest.raises(InvalidValue, match=r"no confidence.*--against"):
        review_order({"a": plain})
    order = review_order({"a": plain}, against=[{"a": found()}])
    assert order[0].reason.kind == "disagreement"


def call(*arguments, code=0):
    done = CliRunner().invoke(app, ["review", *map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done


def test_the_command_lists_videos_with_reasons_and_as_json(tmp_path):
    results = tmp_path / "results.json"
    write_results(results, {"sure": SURE, "doubtful": DOUBTFUL, "third": DOUBTFUL})
    done = call(results, "-n", 2)
    assert done.stdout.splitlines()[0].split()[1] == "doubtful"
    assert "near the threshold" in done.stdout
    assert "1 more videos" in done.stderr
    reviewed = tmp_path / "c.json"
    reviewed.write_text(json.dumps({"database": {"doubtful": {"reviewed": True}}}))
    answer = json.loads(call(results, "--reviewed", reviewed, "--json").stdout)
    assert [one["video"] for one in answer["videos"]] == ["third", "sure"]
    assert answer["videos"][0]["doubts"][0]["strength"] > 0


def test_tags_of_other_videos_are_refused(tmp_path):
    results = tmp_path / "results.json"
    write_results(results, {"a": SURE})
    (tmp_path / "tags.csv").write_text("other.mp4,Run\n")
    done = call(results, "--tags", tmp_path / "tags.csv", code=1)
    assert "'other.mp4'" in done.stderr
    assert "none of the names is the same" in done.stderr


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("tags.csv", "label;clip\nRun;films/Right.mp4\nJump;films/missed.mp4\n"),
        ("tags.tsv", "Right.mp4\tRun\nmissed.mp4\tJump\n"),
        ("tags.json", '{"v_right": ["Run"], "v_missed": "Jump"}'),
    ],
)
def test_tags_are_read_as_for_training(tmp_path, name, text):
    """Catches a reader other than that of `basnet-train run`: columns by place, exact names."""
    results = tmp_path / "results.json"
    write_results(results, {"right": SURE, "missed": SURE, "untagged": SURE})
    (tmp_path / name).write_text(text)
    done = call(results, "--tags", tmp_path / name, "--json")
    first = json.loads(done.stdout)["videos"][0]
    assert first["video"] == "missed"
    assert first["doubts"][0]["text"] == "tagged Jump, and the highest confidence of it is 0.00"
    assert "note: 1 results have no tags, such as 'untagged'" in done.stderr
    assert f"note: {name}: " in done.stderr
