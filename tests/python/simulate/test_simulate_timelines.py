"""Timelines: real ones as the field's files have them, made ones as documented."""

from __future__ import annotations

import json

import numpy as np
import pytest

from basnet_rt import InvalidValue
from basnet_rt.annotations import Segment
from basnet_training.simulate import MadeTimelines, Simulation, Timeline, read_timelines
from basnet_training.simulate.timelines import first_of_each_subset


def test_thumos14_is_read_whole(shared):
    """Catches lost videos, string times, and the few instances beyond their video's end."""
    folder = shared / "data" / "thumos14"
    timelines = read_timelines(folder / "gt.json", folder / "durations.json")
    assert len(timelines) == 410
    assert sum(t.subset == "train" for t in timelines) == 200
    simulation = Simulation(timelines, seed=0)
    assert len(simulation.classes) == 20
    assert sum(len(video) for video in simulation) == pytest.approx(136_400, rel=0.001)
    assert any(one.end > t.duration for t in timelines for one in t.instances)


def test_durations_file_wins_and_a_missing_duration_is_named(tmp_path):
    """Catches a video of invented length."""
    path = tmp_path / "gt.json"
    entry = {"subset": "train", "annotations": [{"label": "A", "segment": ["1", "2.5"]}]}
    path.write_text(json.dumps({"database": {"v1": {**entry, "duration": 9}, "v2": entry}}))
    with pytest.raises(InvalidValue, match="v2"):
        read_timelines(path)
    lengths = tmp_path / "durations.json"
    lengths.write_text('{"v1": 20, "v2": 30}')
    assert [t.duration for t in read_timelines(path, lengths)] == [20.0, 30.0]


@pytest.mark.parametrize("content", ["[]", "{", '{"v": "long"}'])
def test_malformed_durations_name_the_file(tmp_path, content):
    """Catches a bare KeyError or TypeError that names no file."""
    (tmp_path / "gt.json").write_text('{"database": {}}')
    (tmp_path / "d.json").write_text(content)
    with pytest.raises(InvalidValue, match=r"d\.json"):
        read_timelines(tmp_path / "gt.json", tmp_path / "d.json")


def test_contradictions_are_errors():
    """Catches each before it becomes an empty or wrong video."""
    with pytest.raises(InvalidValue, match="duration"):
        Timeline("v", "train", 0.0)
    with pytest.raises(InvalidValue, match="start < end"):
        Timeline("v", "train", 9.0, (Segment("A", 2.0, 2.0),))
    one = Timeline("v", "train", 9.0, (Segment("A", 1.0, 2.0),))
    with pytest.raises(InvalidValue, match="twice"):
        Simulation([one, one], seed=0)
    with pytest.raises(InvalidValue, match="no video holds an action"):
        Simulation([Timeline("v", "train", 9.0)], seed=0)
    with pytest.raises(InvalidValue, match="not listed"):
        Simulation([one], seed=0, classes=["B"])


def test_made_timelines_follow_their_dials():
    """Catches a distribution that is not the documented one."""
    made = MadeTimelines(train_videos=400, test_videos=0, empty_share=0.25, second_class_share=0.4)
    timelines = made.timelines(seed=0)
    with_action = [t for t in timelines if t.instances]
    assert np.mean([not t.instances for t in timelines]) == pytest.approx(0.25, abs=0.06)
    assert np.mean([len(t.labels) == 2 for t in with_action]) == pytest.approx(0.4, abs=0.08)
    assert np.median([t.duration for t in timelines]) == pytest.approx(160, rel=0.15)
    lengths = [one.end - one.start for t in with_action for one in t.instances]
    assert np.median(lengths) == pytest.approx(3.2, rel=0.1)
    assert all(one.end <= t.duration for t in with_action for one in t.instances)


def test_a_made_video_does_not_depend_on_how_many_there_are():
    """Catches a shared generator: more videos would then change the first ones."""
    few = MadeTimelines(train_videos=3, test_videos=2).timelines(seed=4)
    many = MadeTimelines(train_videos=30, test_videos=2).timelines(seed=4)
    assert few[:3] == many[:3]
    assert few[3:] == many[30:]


def test_a_video_without_action_has_features():
    """Catches a division by its zero instances; issue 2 wants such videos."""
    empty = Timeline("empty", "train", 30.0)
    full = Timeline("full", "train", 30.0, (Segment("A", 3.0, 9.0),))
    video = Simulation([empty, full], seed=0).video(empty)
    assert np.isfinite(video.read()).all()
    assert not video.weights().phases.any()


def test_a_video_shorter_than_a_snippet_has_one():
    """Catches T = 0."""
    blink = Timeline("blink", "train", 0.2, (Segment("A", 0.0, 0.2),))
    assert Simulation([blink], seed=0).video(blink).read().shape == (1, 2048)


def test_first_of_each_subset(videos):
    """Catches a cut that drops a subset."""
    timelines = MadeTimelines(train_videos=5, test_videos=3).timelines(seed=0)
    kept = first_of_each_subset(timelines, 2)
    assert [t.subset for t in kept] == ["train", "train", "test", "test"]
