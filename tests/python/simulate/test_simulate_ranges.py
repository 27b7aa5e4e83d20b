"""The bytes of a simulation depend on seed, dials and timeline, and on nothing else."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from basnet_rt import InvalidValue
from basnet_rt.annotations import Segment
from basnet_training.simulate import Simulation, SimulationConfig, Timeline
from basnet_training.simulate.features import BLOCK


def test_same_seed_same_bytes(simulate):
    """Catches hidden state: a global generator, a set's order, uninitialised memory."""
    first, second = simulate(), simulate()
    for one, other in zip(first, second, strict=True):
        assert one.read().tobytes() == other.read().tobytes()


def test_another_seed_other_vocabulary_and_videos(videos, simulate):
    """Catches a seed that does not reach the vocabulary, or the noise."""
    dials = SimulationConfig(feature_dim=128)
    other = Simulation(videos, dials, seed=2)
    one = simulate()
    assert not np.allclose(one.vocabulary.phases, other.vocabulary.phases)
    assert not np.allclose(next(iter(one)).read(), next(iter(other)).read())


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_split_gives_the_same_bytes(simulate, data):
    """Catches a chunk that shows: products of another height, noise drawn per chunk."""
    video = simulate().video(simulate().timelines[0])
    cuts = data.draw(st.lists(st.integers(0, len(video)), max_size=8).map(sorted))
    edges = [0, *cuts, len(video)]
    pieces = [video.read(a, b) for a, b in itertools.pairwise(edges)]
    assert np.concatenate(pieces).tobytes() == video.read().tobytes()


@pytest.mark.parametrize("size", [1, BLOCK - 1, BLOCK, BLOCK + 1, 10**6])
def test_chunks_of_any_size(simulate, size):
    """Catches a last chunk that is lost or padded."""
    video = max(simulate(), key=len)
    assert len(video) > 2 * BLOCK
    assert np.concatenate(list(video.chunks(size))).tobytes() == video.read().tobytes()


def test_a_stretch_late_in_a_day_needs_nothing_before_it():
    """Catches noise that must be drawn from the start, and float positions that lose precision."""
    timeline = Timeline("day", "test", 86400.0, (Segment("Fall", 86390.0, 86395.0),))
    day = Simulation([timeline], SimulationConfig(feature_dim=32), seed=3).video(timeline)
    late = day.read(len(day) - 100)
    assert late.shape == (100, 32)
    assert np.array_equal(late[60:], day.read(len(day) - 40))


def test_a_video_does_not_depend_on_its_neighbours(simulate):
    """Catches draws shared by videos: a subset or another order would change the data."""
    whole = simulate()
    few = Simulation(whole.timelines[7:3:-1], whole.config, seed=1, classes=whole.classes)
    timeline = whole.timelines[5]
    assert whole.video(timeline).read().tobytes() == few.video(timeline).read().tobytes()


@pytest.mark.parametrize("span", [(-1, 3), (3, 2), (0, 10**9)])
def test_a_range_outside_the_video_is_an_error(simulate, span):
    """Catches a silent clip, which would misplace every snippet after it."""
    with pytest.raises(InvalidValue, match="0 <= start <= stop"):
        next(iter(simulate())).read(*span)


def test_noise_does_not_repeat(silent):
    """Catches a counter that stands still: every block, or every video, with the same noise."""
    simulation = silent(white_noise=1.0)
    first, second = (video.read() for video in sorted(simulation, key=len)[-2:])
    blocks = [first[:BLOCK], first[BLOCK : 2 * BLOCK], second[:BLOCK]]
    rows = np.stack([block.ravel() for block in blocks])
    assert np.abs(np.corrcoef(rows) - np.eye(3)).max() < 0.05
