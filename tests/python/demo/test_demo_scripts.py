"""What happens in the videos: fit to learn from, true, and the same for the same seed."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from basnet_demo.dataset import write_annotations, write_tags
from basnet_demo.script import CLASSES, write_scripts
from basnet_demo.settings import FULL, DemoSettings
from basnet_rt.annotations import read_annotations

REPOSITORY = Path(__file__).resolve().parents[3]


def test_some_videos_have_no_action_some_several(scripts):
    for subset in ("train", "test"):
        counts = Counter(len(one.tags) for one in scripts if one.subset == subset)
        assert set(counts) == {0, 1, 2}
        assert min(counts.values()) >= 4


def test_every_class_can_be_learned_and_judged(scripts):
    """Catches a class that is rare by chance of a seed."""
    for subset, least in (("train", 9), ("test", 3)):
        tags = Counter(tag for one in scripts if one.subset == subset for tag in one.tags)
        assert set(tags) == set(CLASSES)
        assert min(tags.values()) >= least


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_parts_fill_a_video_and_actions_end_in_it(seed):
    for script in DemoSettings(seed=seed).scripts():
        assert script.parts[0].start == 0
        assert script.parts[-1].end >= script.duration
        for before, after in zip(script.parts, script.parts[1:], strict=False):
            assert before.end == after.start, script.name
            assert not (before.is_action and after.is_action), script.name
        for one in script.segments:
            assert 2.5 < one.end - one.start <= 6.0
            assert one.end < script.duration


def test_another_seed_or_subset_is_another_story():
    """Catches a test video that is a training video under another name."""

    def stories(subset, seed):
        found = write_scripts(subset, 5, seed, (16, 26))
        return [(one.duration, one.parts) for one in found]

    assert stories("train", 7) == stories("train", 7)
    every = [*stories("train", 7), *stories("test", 7), *stories("train", 8)]
    assert len({duration for duration, _ in every}) > 12
    assert all(a != b for i, (_, a) in enumerate(every) for _, b in every[:i])


def test_the_number_of_videos_changes_none_of_them():
    longer = list(write_scripts("train", 9, 0, (16, 26)))
    assert list(write_scripts("train", 4, 0, (16, 26))) == longer[:4]


def test_annotations_hold_the_truth_and_tags_no_time(scripts, tmp_path):
    """Catches training that could see where actions are, and a truth that rounding moved."""
    write_annotations(tmp_path, scripts)
    write_tags(tmp_path, scripts)
    truth = read_annotations(tmp_path / "annotations.json")
    assert list(truth.videos) == [one.name for one in scripts]
    for script in scripts:
        video = truth.videos[script.name]
        assert (video.subset, video.tags) == (script.subset, script.tags)
        assert video.duration == pytest.approx(script.duration, abs=1e-9)
        for told, one in zip(video.segments, script.segments, strict=True):
            assert told.label == one.label
            assert (told.start, told.end) == pytest.approx((one.start, one.end), abs=1e-3)
    tags = read_annotations(tmp_path / "tags.csv")
    train = [one for one in scripts if one.subset == "train"]
    assert {name: one.tags for name, one in tags.videos.items()} == {s.name: s.tags for s in train}
    assert "." not in (tmp_path / "tags.csv").read_text()


def test_the_pages_say_how_many_videos_there_are():
    """Catches a page that was not changed with the settings."""
    tutorial, readme = (
        " ".join((REPOSITORY / page).read_text().split())
        for page in ("docs/tutorial.md", "README.md")
    )
    shortest, longest = (round(seconds) for seconds in FULL.seconds)
    assert f"draws {FULL.train} videos to train on and {FULL.test} others" in tutorial
    assert f"{shortest} to {longest} seconds each" in tutorial
    assert f"draws {FULL.train + FULL.test} untrimmed videos" in readme
