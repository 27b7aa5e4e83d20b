"""A final is certain when it is given, and could not have been given a snippet earlier.

Both are found by trying futures offline: whatever comes after the deciding snippet, the detection
stays; without the deciding snippet, some future changes it. One threshold and NMS that drops
nothing but equals, so that a detection is a root.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stream_cases import as_set, joined

import basnet_rt
from basnet_rt import PostprocessConfig, StreamPostprocessor

PLAIN = {
    "normalisation": "fixed",
    "gate": "none",
    "cas_thresholds": [0.5],
    "nms_iou": 1.0,
    "nms": "hard",
}
CHANGES = [
    {},
    {"outer_ratio": 1.5},
    {"outer_ratio": 0.0},
    {"max_lookahead": 0.3},
    {"merge_gap": 1.7},
    {"merge_gap": 1.7, "outer_ratio": 1.0, "max_lookahead": 2.2},
    {"max_duration": 2.4},
    {"max_duration": 2.4, "outer_ratio": 1.0},
]
# One value held, or two in turn: far below and above, and around the threshold.
FUTURES = [[], *([v] * 8 for v in (-90.0, 0.0, 0.49, 0.5, 0.51, 90.0)), [9.0, -9.0] * 4]

levels = st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0, 0.1, 0.6])


def streamed(config, values):
    stream = StreamPostprocessor(config, num_classes=1, snippet_seconds=1.0)
    cas = np.array(values, np.float32)[:, None]
    return joined([stream.push(cas), stream.gap(1)]), len(cas)


def found_in(config, values):
    cas = np.array(values, np.float32)[:, None]
    return set(as_set(basnet_rt.postprocess(cas, None, config, snippet_seconds=1.0)))


def certain(config, prefix):
    """Detections that every tried future leaves in place; a future cannot be no video at all."""
    trials = [found_in(config, prefix + future) for future in FUTURES if prefix + future]
    return set.intersection(*trials)


@pytest.mark.parametrize("changes", CHANGES)
@given(values=st.lists(levels, min_size=1, max_size=14))
def test_never_withdrawn_and_never_late(changes, values):
    """Catches a root solved before its flank, or before a gap could still be bridged, and one
    held back although nothing can change it."""
    config = PostprocessConfig.continuous(**{**PLAIN, **changes})
    finals, count = streamed(config, values)
    for row, decided in zip(rows_in_order(finals), finals.decided, strict=True):
        if decided == count:
            continue  # the gap decided it
        assert row in certain(config, values[: decided + 1])
        if not waits_for_a_hair(config, row):
            assert row not in certain(config, values[:decided])


def waits_for_a_hair(config, row):
    """Where what is waited for ends just behind a centre, so that the snippet after it counts for
    too little to show in a float32 score."""
    _, start, end, _ = row
    most = np.inf if config.max_lookahead is None else config.max_lookahead
    flank = min(config.outer_ratio * (end - start), most)
    places = np.array([end, end + flank, end + config.merge_gap]) - 0.5
    return bool(((places % 1 > 0) & (places % 1 < 0.02)).any())


def rows_in_order(finals):
    rows = zip(finals.labels, finals.scores, finals.segments, strict=True)
    return [(int(c), float(start), float(end), float(s)) for c, s, (start, end) in rows]


# The root of 0 1 1 0 0 ... at 0.5 is [0.5, 2.5] in snippets: closed by snippet 3.
DECIDED = [
    ({}, 3),  # flank of half a snippet: to 3.0, which is a centre
    ({"outer_ratio": 0.3}, 4),  # to 3.1
    ({"outer_ratio": 1.0}, 5),  # to 4.5
    ({"outer_ratio": 1.0, "max_lookahead": 0.6}, 4),  # to 3.1
    ({"outer_ratio": 1.0, "max_lookahead": 0.0}, 3),
    ({"merge_gap": 2.5}, 5),  # a return before 5.0 would be merged; none at 5.0
    ({"merge_gap": 2.6}, 6),
]


@pytest.mark.parametrize(("changes", "decided"), DECIDED)
def test_decided_by_hand(changes, decided):
    config = PostprocessConfig.continuous(**{**PLAIN, **changes})
    finals, _ = streamed(config, [0, 1, 1, 0, 0, 0, 0, 0, 0])
    assert finals.decided.tolist() == [decided]
    assert finals.segments.tolist() == [[1.0, 3.0]]


def test_decided_of_pieces_by_hand():
    """A root cut every two snippets: a piece needs its own flank of half a snippet, no more."""
    config = PostprocessConfig.continuous(**PLAIN, max_duration=2.0)
    finals, _ = streamed(config, [0, 1, 1, 1, 1, 1, 0, 0, 0])
    assert finals.segments.tolist() == [[1.0, 3.0], [3.0, 5.0], [5.0, 6.0]]
    assert finals.decided.tolist() == [3, 5, 6]


def test_finish_decides_what_is_left():
    config = PostprocessConfig.continuous(**PLAIN)
    stream = StreamPostprocessor(config, num_classes=1, snippet_seconds=1.0)
    assert len(stream.push(np.array([[0], [1], [1]], np.float32))) == 0
    last = stream.finish()
    assert last.segments.tolist() == [[1.0, 3.0]]
    assert last.decided.tolist() == [3]
