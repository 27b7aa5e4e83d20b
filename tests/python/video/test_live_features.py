"""Snippets past gaps: which frames each row is of, and what is said to be missing."""

from __future__ import annotations

import numpy as np
import pytest
from brightness import SNIPPET_FRAMES, Brightness

from basnet_rt.stream.live_features import Missing, live_features
from basnet_rt.video import Frame, Gap

FPS = 25.0


def frames(first: int, end: int) -> list[Frame]:
    """Each as bright as its index."""
    return [Frame(k, k / FPS, k / FPS, np.full((2, 2), k, np.uint8)) for k in range(first, end)]


def gap(first: int, end: int) -> Gap:
    return Gap(end, end - first, (end - first) / FPS, "reconnected")


def read(items: list[Frame | Gap], **how: int) -> list[Missing | list[int]]:
    """Gaps, and of each stretch of rows the frame that every snippet begins with."""
    found: list[Missing | list[int]] = []
    for item in live_features(items, Brightness(), **how):
        if isinstance(item, Missing):
            found.append(item)
            continue
        begins = np.round(item[:, 0] * 255 - (SNIPPET_FRAMES - 1) / 2, 3).tolist()
        if found and isinstance(found[-1], list):
            found[-1] += begins
        else:
            found.append(begins)
    return found


def test_without_gaps_rows_follow_each_other():
    assert read(frames(0, 18)) == [[0, 4, 8, 12]]


@pytest.mark.parametrize(
    ("stops", "goes_on", "want"),
    [
        (8, 16, [[0, 4], Missing(2, 2, "reconnected"), [16, 20]]),
        (8, 17, [[0, 4], Missing(2, 3, "reconnected"), [20]]),  # 17 lies within snippet 4
        (10, 19, [[0, 4], Missing(2, 3, "reconnected"), [20]]),  # and 8, 9 in a cut one
        (8, 9, [[0, 4], Missing(2, 1, "reconnected"), [12, 16, 20]]),
        (10, 11, [[0, 4], Missing(2, 1, "reconnected"), [12, 16, 20]]),
    ],
)
def test_snippets_begin_where_they_would_without_the_gap(
    stops: int, goes_on: int, want: list[object]
):
    items = [*frames(0, stops), gap(stops, goes_on), *frames(goes_on, 25)]
    assert read(items) == want


def test_a_gap_on_a_boundary_is_still_a_gap():
    """What is open must close: features before and after it are not neighbours."""
    items = [*frames(0, 7), gap(7, 8), *frames(8, 16)]
    assert read(items) == [[0], Missing(1, 1, "reconnected"), [8, 12]]


def test_two_gaps_with_too_little_between_are_one():
    items = [*frames(0, 8), gap(8, 13), *frames(13, 15), gap(15, 21), *frames(21, 32)]
    assert read(items) == [[0, 4], Missing(2, 4, "reconnected"), [24, 28]]


def test_a_later_run_begins_with_what_it_missed():
    items = [gap(40, 101), *frames(101, 112)]
    assert read(items, first_snippet=10) == [Missing(10, 16, "reconnected"), [104, 108]]
