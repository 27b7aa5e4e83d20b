"""Annotation files in their several forms; what is wrong with one is named."""

from __future__ import annotations

import json

import pytest

from basnet_rt import InvalidValue
from basnet_rt.annotations import Segment, read_annotations, read_split


def write(tmp_path, content) -> object:
    path = tmp_path / "gt.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_activitynet_with_string_segments_and_without_durations(tmp_path):
    entry = {"subset": "test", "annotations": [{"segment": ["18.6", "24.8"], "label": "B"}]}
    entry["annotations"].append({"segment": [1, 2], "label": "A"})
    entry["annotations"].append({"label": "B"})
    path = write(tmp_path, {"database": {"v": entry, "w": {"subset": "train", "duration": "9"}}})
    found = read_annotations(path)
    video = found.videos["v"]
    assert video.tags == ("A", "B")
    assert video.segments == (Segment("B", 18.6, 24.8), Segment("A", 1.0, 2.0))
    assert (video.subset, video.duration) == ("test", None)
    assert found.videos["w"].tags == ()
    assert found.videos["w"].duration == 9.0
    assert found.classes == ("A", "B")
    assert list(found.subset("train").videos) == ["w"]
    assert list(found.select(["w", "v"]).videos) == ["w", "v"]


def test_simulated_files_say_so(tmp_path):
    assert read_annotations(write(tmp_path, {"database": {}, "simulated": True})).simulated
    assert not read_annotations(write(tmp_path, {"database": {}})).simulated


@pytest.mark.parametrize(
    ("name", "videos", "classes"), [("thumos14", 410, 20), ("activitynet13", 19228, 200)]
)
def test_the_field_s_own_files(shared, name, videos, classes):
    found = read_annotations(shared / "data" / name / "gt.json")
    assert (len(found.videos), len(found.classes)) == (videos, classes)


def test_half_of_the_fight_videos_hold_none(shared):
    found = read_annotations(shared / "data" / "cctv_fights" / "annotations.json")
    train = found.subset("train").videos.values()
    assert len(train) == 64
    assert sum(not video.tags for video in train) == 32


@pytest.mark.parametrize(
    ("content", "part"),
    [
        ("{", "not JSON"),
        ([], 'object with "database"'),
        ({"database": {"v": []}}, "video 'v'"),
        ({"database": {"v": {"annotations": [{}]}}}, '"label"'),
        ({"database": {"v": {"annotations": [{"label": "A", "segment": [1]}]}}}, "start, end"),
        ({"database": {"v": {"annotations": [{"label": "A", "segment": [2, 1]}]}}}, "ends before"),
        ({"database": {"v": {"annotations": [{"label": "A", "segment": ["x", 1]}]}}}, "finite"),
        ({"database": {"v": {"duration": "nan"}}}, "duration"),
        ({"database": {"v": {"duration": int("9" * 400)}}}, "duration: expected finite seconds"),
        ({"database": {"v": {"duration": -4}}}, "duration is -4; it must be 0 or more"),
        ({"database": {"v": {"duration": True}}}, "duration: expected finite seconds, got True"),
        ({"database": {"v": {"subset": ["test"]}}}, "subset is ['test']; it must be a text"),
        (
            {"database": {"v": {"annotations": [{"label": "A", "segment": [0, int("9" * 400)]}]}}},
            "segment: expected finite seconds, got 999",
        ),
        (
            {"database": {"v": {"annotations": [{"label": "A", "segment": [False, 1]}]}}},
            "segment: expected finite seconds, got False",
        ),
    ],
)
def test_wrong_activitynet_files_are_named(tmp_path, content, part):
    with pytest.raises(InvalidValue) as error:
        read_annotations(write(tmp_path, content))
    said = str(error.value)
    assert part in said
    assert "gt.json" in said
    assert len(said.split("gt.json")[1]) < 250  # long values are cut


@pytest.mark.parametrize("heading", ["video,tags", "Video,tag", "file_name,label"])
def test_two_columns_of_video_and_tags(tmp_path, heading):
    path = tmp_path / "tags.csv"
    path.write_text(f"{heading}\na,Run; Long jump\nb,\n\nc,Jump|Run\nd\n", encoding="utf-8-sig")
    found = read_annotations(path)
    assert {name: video.tags for name, video in found.videos.items()} == {
        "a": ("Long jump", "Run"),
        "b": (),
        "c": ("Jump", "Run"),
        "d": (),
    }


@pytest.mark.parametrize(("text", "part"), [("a,x,y", "line 1"), ("a,x\na,y", "line 2: video 'a'")])
def test_wrong_tables_are_named(tmp_path, text, part):
    path = tmp_path / "tags.csv"
    path.write_text(text)
    with pytest.raises(InvalidValue, match=part):
        read_annotations(path)


def test_split_lists(tmp_path):
    path = tmp_path / "split.txt"
    path.write_text("# train\nb\n\n a  # first\n")
    assert read_split(path) == ("b", "a")
    path.write_text("a\na\n")
    with pytest.raises(InvalidValue, match="named twice"):
        read_split(path)
    path.write_text("#\n")
    with pytest.raises(InvalidValue, match="no video"):
        read_split(path)


def test_absent_files_subsets_and_videos(tmp_path):
    with pytest.raises(InvalidValue, match="cannot be read"):
        read_annotations(tmp_path / "absent.json")
    with pytest.raises(InvalidValue, match=r"\.json or \.csv"):
        read_annotations(tmp_path / "x.txt")
    found = read_annotations(write(tmp_path, {"database": {"v": {"subset": "train"}}}))
    with pytest.raises(InvalidValue, match="the file has train"):
        found.subset("test")
    with pytest.raises(InvalidValue, match="not annotated"):
        found.select(["w"])


def test_a_subset_of_a_file_without_subsets_says_so(tmp_path):
    path = tmp_path / "tags.csv"
    path.write_text("a,Fight\nb,\n")
    with pytest.raises(InvalidValue, match="names no subsets"):
        read_annotations(path).subset("train")
