"""Folds of videos, and the search space."""

from __future__ import annotations

import numpy as np
import pytest

from basnet_rt import InvalidValue, PostprocessConfig
from basnet_rt.analysis.folds import divide
from basnet_rt.analysis.search_space import SearchSpace
from basnet_rt.annotations import AnnotationSet, Segment, VideoAnnotation


def annotated(counts):
    """Videos v0, v1 .. with so many segments each."""
    videos = {}
    for i, count in enumerate(counts):
        segments = tuple(Segment("A", 10 * k, 10 * k + 5) for k in range(count))
        videos[f"v{i}"] = VideoAnnotation(f"v{i}", ("A",) if count else (), segments)
    return AnnotationSet(videos)


@pytest.mark.parametrize("seed", range(3))
def test_folds_hold_every_video_once_and_are_alike(seed):
    videos = annotated([3, 1, 2, 0, 0, 1, 4, 0, 2, 0, 1, 0])
    folds = divide(videos, 3, seed=seed)
    assert sorted(name for fold in folds for name in fold) == sorted(videos.videos)
    segments = [sum(len(videos.videos[name].segments) for name in fold) for fold in folds]
    assert max(segments) - min(segments) <= 1
    assert sorted(map(len, folds)) == [4, 4, 4]


def test_videos_of_a_group_stay_together():
    """Catches the same scene on both sides: the gain would look better than it is."""
    videos = annotated([1] * 12)
    groups = {f"v{i}": f"scene {i % 4}" for i in range(11)}  # v11 is in no group
    folds = divide(videos, 2, groups=groups)
    for scene in set(groups.values()):
        names = {name for name, own in groups.items() if own == scene}
        assert sum(bool(names & set(fold)) for fold in folds) == 1


def test_groups_of_other_videos_are_refused():
    with pytest.raises(InvalidValue, match=r"name none of the videos: they have 'v0\.npy'"):
        divide(annotated([1] * 4), 2, groups={"v0.npy": "a"})


def test_a_video_may_be_called_like_a_group():
    folds = divide(annotated([1, 1, 1]), 3, groups={"v0": "v1"})
    assert sorted(map(len, folds)) == [1, 1, 1]


def test_a_seed_divides_the_same_way():
    videos = annotated([1] * 20)
    assert divide(videos, 4, seed=1) == divide(videos, 4, seed=1)
    assert divide(videos, 4, seed=1) != divide(videos, 4, seed=2)


@pytest.mark.parametrize(("counts", "folds"), [([1, 0, 0], 2), ([1, 1], 1)])
def test_folds_that_cannot_be_judged_are_refused(counts, folds):
    with pytest.raises(InvalidValue, match=f"folds is {folds}"):
        divide(annotated(counts), folds)


class Trial:
    """Draws at random, and checks that the first trial fits the ranges."""

    def __init__(self, seed, start):
        self.random, self.start = np.random.default_rng(seed), start
        self.seen = set()

    def suggest_float(self, name, low, high):
        self._check(name, low <= self.start[name] <= high)
        return float(self.random.uniform(low, high))

    def suggest_int(self, name, low, high):
        self._check(name, low <= self.start[name] <= high)
        return int(self.random.integers(low, high + 1))

    def suggest_categorical(self, name, choices):
        self._check(name, self.start[name] in choices)
        return choices[int(self.random.integers(len(choices)))]

    def _check(self, name, fits):
        assert fits, name
        self.seen.add(name)


BASES = [
    PostprocessConfig.continuous(),
    PostprocessConfig.continuous(cas_thresholds=[0.99, 2.0], merge_gap=100, nms_iou=1.0),
    PostprocessConfig.continuous(gate="none", cas_thresholds=[0.5]),
    PostprocessConfig.published(),
]


@pytest.mark.parametrize("base", BASES)
def test_every_setting_that_can_be_drawn_is_allowed(base):
    """Thresholds must rise, and mode "published" refuses what it does not know."""
    space = SearchSpace(base, frozenset(), snippet_seconds=0.64)
    for seed in range(200):
        trial = Trial(seed, space.start())
        drawn = space.suggest(trial)  # a wrong value raises
        assert trial.seen == set(space.start())
        assert (drawn.mode, drawn.gate) == (base.mode, base.gate)


def test_held_settings_do_not_change():
    base = PostprocessConfig.continuous(nms_iou=0.123)
    space = SearchSpace(base, frozenset({"nms_iou", "cas_thresholds"}), snippet_seconds=1.0)
    drawn = space.suggest(Trial(0, space.start()))
    assert (drawn.nms_iou, drawn.cas_thresholds) == (0.123, base.cas_thresholds)
    assert drawn.outer_ratio != base.outer_ratio


def test_gate_none_has_no_video_score_to_weigh():
    space = SearchSpace(BASES[2], frozenset(), snippet_seconds=1.0)
    assert {"score_weight", "class_threshold"} & set(space.names) == set()


def test_the_first_trial_is_the_start():
    """A grid of equal steps and plain numbers come back as they are."""
    base = PostprocessConfig.continuous(cas_thresholds=[0.1, 0.2, 0.3], nms="linear")
    space = SearchSpace(base, frozenset(), snippet_seconds=1.0)
    values = space.start()

    class Start(Trial):
        def suggest_float(self, name, *_):
            return values[name]

        suggest_int = suggest_categorical = suggest_float

    assert space.suggest(Start(0, values)) == base
