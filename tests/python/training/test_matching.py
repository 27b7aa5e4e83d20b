"""Names of tags and of features: what is the same video, and what must not be taken for it."""

from __future__ import annotations

import pytest

from basnet_rt import InvalidValue
from basnet_rt.tags.matching import match_names


@pytest.mark.parametrize(
    ("tagged", "features"),
    [
        (["a", "b"], ["a", "b"]),
        (["a.mp4", "b.MP4"], ["a", "b"]),
        (["videos/a.mp4", "C:\\clips\\b.avi"], ["a", "b"]),
        (["A", "B"], ["a", "b"]),
        (["one", "two"], ["v_one", "v_two"]),
        (["v_one.mp4", "v_two.mp4"], ["one", "two"]),
        (["1", "11", "111"], ["video_1", "video_11", "video_111"]),
        (["one", "two"], ["one_i3d", "two_i3d"]),
        (["a.b.mp4", "a.c.mp4"], ["a.b", "a.c"]),
    ],
)
def test_names_that_mean_the_same(tagged, features):
    match = match_names(tagged, features)
    assert [match.found[name] for name in tagged] == features
    assert match.absent == match.untagged == ()


@pytest.mark.parametrize(
    ("tagged", "features"),
    [
        (["b"], ["abc"]),  # a letter within a word
        (["1"], ["11"]),  # a digit within a number
        (["dance", "walk"], ["dance2", "parkwalk", "x"]),  # no common affix of whole words
    ],
)
def test_names_that_only_look_alike_stay_apart(tagged, features):
    match = match_names(tagged, features)
    assert match.absent == tuple(tagged)
    assert match.untagged == tuple(sorted(features))


def test_what_was_done_is_told_and_what_is_left_is_listed():
    match = match_names(["a.mp4", "b", "gone"], ["b", "a", "spare"])
    assert match.found == {"b": "b", "a.mp4": "a"}
    assert (match.absent, match.untagged) == (("gone",), ("spare",))
    assert match.remarks == ("without folder and ending: 1 names match",)


def test_a_tag_that_may_mean_either_of_two_recordings_is_an_error():
    cameras = [f"cam{camera}_{name}" for camera in (1, 2) for name in ("x1", "x2", "x3")]
    with pytest.raises(InvalidValue, match=r"'cam1_\.\.\.' and as many as 'cam2_\.\.\.'"):
        match_names(["x1", "x2", "x3"], cameras)


def test_two_tagged_names_of_the_same_features_are_an_error():
    with pytest.raises(InvalidValue, match=r"'x/a\.mp4' and 'y/a\.mp4' both mean"):
        match_names(["x/a.mp4", "y/a.mp4"], ["a"])
