"""Arrivals of pictures that were read while a source was opened; all times are made up."""

from __future__ import annotations

import numpy as np
import pytest

from basnet_rt.video.live.arrival import Opening, spread_out


def arrivals(times, opening):
    found = list(spread_out([(i, float(t)) for i, t in enumerate(times)], opening))
    assert [i for i, _ in found] == list(range(len(times)))
    return np.array([time for _, time in found])


@pytest.mark.parametrize("fps", [5, 10, 25, 50])
@pytest.mark.parametrize("seconds", [0.5, 1.0, 2.5])
def test_pictures_that_were_kept_are_spread_over_the_opening(fps, seconds):
    kept = min(60, int(fps * seconds))
    opening = Opening(100.0, 100.0 + kept / fps)
    at_once = opening.done + 0.002 * np.arange(kept)
    later = opening.done + np.arange(1, 40) / fps
    true = 100.0 + np.arange(1, kept + 40) / fps
    got = arrivals([*at_once, *later], opening)
    assert np.abs(got - true).max() < 1.5 / fps


def test_pictures_that_come_as_they_are_taken_are_left_alone():
    """Opening took two seconds for a server that was slow to begin, and nothing was kept."""
    opening = Opening(100.0, 102.0)
    times = opening.done + np.arange(1, 200) / 25
    assert np.array_equal(arrivals(times, opening), times)


def test_few_pictures_and_the_end_of_a_source():
    opening = Opening(0.0, 1.0)
    assert arrivals([], opening).size == 0
    assert arrivals([1.0, 1.0], opening).tolist() == [1.0, 1.0]
    assert arrivals([0.0, 0.04], Opening(0.0, 0.0)).tolist() == [0.0, 0.04]


def test_no_more_than_some_are_held():
    taken = []

    def source():
        for i in range(1000):
            taken.append(i)
            yield i, 1.0 + i * 1e-6

    next(spread_out(source(), Opening(0.0, 1.0)))
    assert len(taken) <= 64
