"""What bench/streaming says about latency: matching and arithmetic, against cases by hand.

An error here would not break a stream; it would put wrong numbers into docs/streaming_measured.md.
"""

from __future__ import annotations

import numpy as np
import pytest

from basnet_rt import Alarm, PostprocessConfig, StreamingLocalizer
from bench.streaming.latency_measures import (
    Finals,
    Latencies,
    Segments,
    arrival,
    latencies,
    match,
    pooled,
    quantiles,
    stream,
)
from bench.streaming.onset_measures import Events, onset_delays, onsets
from reference.evaluate import Found, hits

CONFIG = PostprocessConfig.continuous(
    normalisation="fixed", gate="none", cas_thresholds=[0.5], outer_ratio=0.25
)
SNIPPETS = np.array([0, 0, 1, 1, 1, 0, 0, 0, 0, 0], np.float32)[:, None]  # of two seconds


def segments(*rows):
    """(label, start, end) each."""
    labels = np.array([row[0] for row in rows], np.int64)
    return Segments(labels, np.array([row[1:] for row in rows], np.float64).reshape(-1, 2))


def finals(*rows):
    """(label, score, start, end, emitted) each."""
    table = np.array(rows, np.float64).reshape(-1, 5)
    return Finals(table[:, 0].astype(np.int64), table[:, 1], table[:, 2:4], table[:, 4])


# The root is [4, 10): half-way between centres. Its flank of 1.5 s ends at 11.5, behind the centre
# at 11, so the snippet [12, 14) must have come; a flank of nothing needs that of [10, 12) alone.
EMISSIONS = [
    ({}, 0, 14.0),
    ({"max_lookahead": 1.0}, 0, 12.0),
    ({"max_lookahead": 0.0}, 0, 12.0),
    ({"merge_gap": 4.5}, 0, 16.0),  # nothing new until 14.5: the centre at 15 must have come
    ({}, 2, 18.0),  # a network that looks two snippets ahead
    ({}, 9, 20.0),  # not after the stream's end
    ({"normalisation": "video"}, 0, 20.0),  # known at the end
]


@pytest.mark.parametrize(("changes", "look_ahead", "want"), EMISSIONS)
def test_emission_by_hand(changes, look_ahead, want):
    """Catches a snippet counted from its start, a look-ahead forgotten or counted twice."""
    config = CONFIG.replace(**changes)
    cas = np.zeros((10, 2), np.float32)
    found = stream(SNIPPETS, cas, config, seconds=2.0, look_ahead=look_ahead)
    assert found.segments.tolist() == [[4.0, 10.0]]
    assert found.emitted.tolist() == [want]


def test_arrival_is_the_end_of_a_snippet():
    assert [arrival(i, 0, 4, 0.5) for i in range(4)] == [0.5, 1.0, 1.5, 2.0]
    assert [arrival(i, 2, 4, 0.5) for i in range(4)] == [1.5, 2.0, 2.0, 2.0]


def test_a_stream_itself_reports_the_same(model, make_features):
    """Catches a look-ahead that is not the network's: `StreamingLocalizer` counts its own."""
    features = make_features(60, 7)
    live = StreamingLocalizer(model)
    for row in features:
        live.push(row[None])
    live.finish()
    output = model.forward_with_cas(features)
    seconds = model.metadata.snippet_seconds
    found = stream(output.activations, output.cas, live.config, seconds=seconds, look_ahead=2)
    late = found.emitted - found.segments[:, 1]
    assert live.statistics.finals_out == len(found) > 10
    assert live.statistics.latency_sum == pytest.approx(late.sum(), abs=1e-2)
    assert live.statistics.latency_max == pytest.approx(late.max(), abs=1e-3)


TRUTH = segments((0, 0, 10), (0, 20, 30), (1, 0, 10))
MATCHES = [
    ([(0, 0.9, 0, 10, 1)], [0, -1, -1]),
    ([(0, 0.1, 0, 10, 1), (0, 0.9, 0, 9, 2)], [1, -1, -1]),  # the better score, not the overlap
    ([(0, 0.9, 0, 10, 1), (0, 0.9, 0, 9, 2)], [0, -1, -1]),  # equal scores: as emitted
    ([(1, 0.9, 20, 30, 1)], [-1, -1, -1]),  # of another class
    ([(0, 0.9, 0, 5, 1)], [0, -1, -1]),  # reaching the tIoU is enough
    ([(0, 0.9, 0, 4.9, 1)], [-1, -1, -1]),
    ([(0, 0.2, 20, 29, 1), (1, 0.3, 1, 10, 2), (0, 0.9, 40, 50, 3)], [-1, 0, 1]),
    ([], [-1, -1, -1]),
]


@pytest.mark.parametrize(("rows", "want"), MATCHES)
def test_match_by_hand(rows, want):
    assert match(finals(*rows), TRUTH, 0.5).tolist() == want


def test_of_equal_overlaps_the_later_segment_is_taken():
    truth = segments((0, 0, 10), (0, 10, 20))
    assert match(finals((0, 1, 5, 15, 0)), truth, 0.2).tolist() == [-1, 0]


def random_segments(rng, count):
    starts = rng.integers(0, 30, count)
    return [(0, start, start + rng.integers(1, 12)) for start in starts]


@pytest.mark.parametrize("tiou", [0.1, 0.5, 0.7])
def test_match_agrees_with_the_evaluator(tiou):
    """As many and the same finals as the reference evaluator counts, on crowded streams."""
    rng, total = np.random.default_rng(0), 0
    for _ in range(100):
        truth = random_segments(rng, rng.integers(0, 8))
        scores = rng.integers(0, 5, 12) / 5  # many equal
        rows = zip(scores, random_segments(rng, 12), strict=True)
        found = [(0, score, *one[1:], 0) for score, one in rows]
        marked = [Found("v", 1.0, start, end) for _, start, end in truth]
        order = np.argsort(-scores, kind="stable")
        answers = hits([Found("v", *found[i][1:4]) for i in order], marked, tiou)
        taken = match(finals(*found), segments(*truth), tiou)
        assert sorted(taken[taken >= 0]) == sorted(order[answers])
        total += sum(answers)
    assert total > 50


def test_latencies_by_hand():
    """From the marked end and from the final's own end; one early; one never found."""
    found = finals((0, 0.9, 0, 9, 12), (0, 0.8, 18, 28, 29), (1, 0.7, 70, 80, 90))
    got = latencies(found, TRUTH, 0.5)
    assert got.after_end.tolist() == [2.0, -1.0]
    assert got.after_detected.tolist() == [3.0, 1.0]
    assert (got.num_truths, got.found, got.early) == (3, 2 / 3, 0.5)


def test_pooled_and_quantiles():
    nothing = Latencies(np.zeros(0), np.zeros(0), 3)
    both = pooled([nothing, Latencies(np.arange(101.0), np.arange(101.0), 101)])
    assert (both.num_truths, len(both.after_end)) == (104, 101)
    assert quantiles(both.after_end) == [10.0, 50.0, 90.0, 99.0, 100.0]
    assert np.isnan(quantiles(nothing.after_end)).all()
    assert np.isnan(nothing.early)


def test_onset_emission_by_hand():
    """Crossed at 4 s, known when the snippet [4, 6) has come, or two later under a network."""
    for look_ahead, want in ((0, 6.0), (2, 10.0)):
        events = onsets(SNIPPETS, CONFIG, Alarm(0.5), seconds=2.0, look_ahead=look_ahead)
        assert (events.labels.tolist(), events.crossed.tolist()) == ([0], [4.0])
        assert events.emitted.tolist() == [want]


def test_onset_delays_by_hand():
    """Catches a repeat counted as heard twice, another class heard, a tolerance on the wrong
    side, and a rate over the wrong time."""
    rows = [
        (0, 0.0, 1.0),  # of the first segment
        (0, 5.0, 6.0),  # again
        (0, 10.0, 11.0),  # at its end: half-open, so of none
        (0, 18.0, 20.5),  # 2 s before the second one's start
        (1, 20.0, 21.0),  # no segment of that class is there
    ]
    labels, crossed, emitted = np.array(rows).T
    events = Events(labels.astype(np.int64), crossed, emitted)
    got = onset_delays(events, TRUTH, tolerance=2.0, duration=1800.0)
    assert got.delays.tolist() == [1.0, 0.5]
    assert (got.false_alarms, got.repeats, got.num_truths) == (2, 1, 3)
    assert (got.heard, got.false_per_hour) == (2 / 3, 4.0)
