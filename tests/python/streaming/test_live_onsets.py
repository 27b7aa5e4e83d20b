"""Onsets: when a class crosses its alarm threshold, and stays. Times by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from post_cases import make_video

import basnet_rt
from basnet_rt import Alarm, PostprocessConfig, StreamingLocalizer
from basnet_rt.postprocessing.onsets import OnsetDetector
from basnet_rt.stream.network import NetworkStream

FIXED = PostprocessConfig.continuous(normalisation="fixed", gate="none")


def detector(alarm, config=FIXED, classes=("a",), seconds=2.0):
    return OnsetDetector(alarm, config, classes=classes, snippet_seconds=seconds)


def column(values):
    return np.array(values, np.float32)[:, None]


def events(alarm, values, **named):
    return [(one.time, one.decided) for one in detector(alarm, **named).push(column(values))]


# Snippets of two seconds: centres at 1, 3, 5, ... Half-way up from 0 to 1 between centres.
BY_HAND = [
    (Alarm(0.5), [0, 1, 1, 1, 0], [(2.0, 1)]),
    (Alarm(0.25), [0, 1, 1, 1, 0], [(1.5, 1)]),
    (Alarm(1.0), [0, 1, 1, 1, 0], [(3.0, 1)]),  # reaching is enough
    (Alarm(1.1), [0, 1, 1, 1, 0], []),
    (Alarm(0.5), [1, 1, 0, 0], [(0.0, 0)]),  # already above: since the stream's begin
    (Alarm(0.5, hold=1.0), [0, 1, 1, 1, 0], [(2.0, 1)]),  # from 2 to the centre at 3
    (Alarm(0.5, hold=1.1), [0, 1, 1, 1, 0], [(2.0, 2)]),
    (Alarm(0.5, hold=3.0), [0, 1, 1, 1, 0], [(2.0, 2)]),
    (Alarm(0.5, hold=5.0), [0, 1, 1, 1, 0], [(2.0, 3)]),
    (Alarm(0.5, hold=5.1), [0, 1, 1, 1, 0], []),  # not that long
    (Alarm(0.5), [0, 1, 0, 1, 1, 0, 0, 1], [(2.0, 1), (6.0, 3), (14.0, 7)]),  # armed again
    (Alarm(0.5, hold=2.0), [0, 1, 0, 1, 1, 0, 0, 1], [(6.0, 4)]),
    (Alarm(0.5), [0, 1, 0.6, 0.7, 1, 0], [(2.0, 1)]),  # once per stay
    (Alarm(0.5), [0, 0.5, 0, 0], [(3.0, 1)]),  # a touch is reported: nobody knows the future
]


@pytest.mark.parametrize(("alarm", "values", "want"), BY_HAND)
def test_by_hand(alarm, values, want):
    assert events(alarm, values) == want


def test_activation_is_the_normalised_one():
    config = FIXED.replace(fixed_lo=[-1.0], fixed_hi=[3.0])
    (event,) = detector(Alarm(0.5), config).push(column([-1, 2]))
    assert (event.label, event.name, event.activation) == (0, "a", 0.75)
    assert event.time == pytest.approx(1 + 2 * 2 / 3)


def test_horizon_normalisation():
    """Min-max of the three snippets that end with this one: 0.5 is the highest of them, then 0.5
    again among 0.5s has no range."""
    config = PostprocessConfig.continuous(normalisation="horizon", gate="none", horizon=6.0)
    assert events(Alarm(0.9), [0, 0.5, 0.5, 0.5, 0.5], config=config) == [
        (pytest.approx(1 + 0.9 * 2), 1)
    ]


def test_thresholds_by_class():
    classes = ("a", "b", "c")
    alarm = Alarm({"c": 0.9, "a": 0.2, "b": 2.0})
    rows = np.repeat(column([0, 0.5, 1]), 3, axis=1)
    found = detector(alarm, classes=classes).push(rows)
    assert [(one.name, one.decided) for one in found] == [("a", 1), ("c", 2)]


def test_a_gap_begins_anew():
    """Above before and behind it: reported again, since the section's begin."""
    watch = detector(Alarm(0.5, hold=1.0))
    found = watch.push(column([0, 1, 1]))
    watch.gap(10**9)
    found += watch.push(column([1, 1]))
    assert [(one.time, one.decided) for one in found] == [
        (2.0, 1),
        (2.0 * (10**9 + 3), 10**9 + 3),
    ]


@given(st.integers(0, 10_000), st.sampled_from(["smooth", "noise", "plateaus", "zero_touches"]))
def test_any_chunks_and_save_points(seed, kind):
    """Bit for bit; state is moved to another object at every chunk."""
    video = make_video(kind, 40, 2, seed)
    config = FIXED.replace(fixed_hi=[float(np.abs(video.cas).max()) + 0.1])
    alarm = Alarm(0.2, hold=1.0)
    want = detector(alarm, config, ("a", "b")).push(video.cas)
    watch, found = detector(alarm, config, ("a", "b")), []
    rng = np.random.default_rng(seed)
    for piece in np.split(video.cas, np.sort(rng.integers(0, 41, 12))):
        fresh = detector(alarm, config, ("a", "b"))
        fresh.load(watch.save())
        watch = fresh
        found += watch.push(np.ascontiguousarray(piece))
    assert found == want


@pytest.mark.parametrize("place", range(60))
def test_damaged_state(place):
    watch = detector(Alarm(0.5))
    watch.push(column([0, 1, 1]))
    before = watch.save()
    damaged = bytearray(before)
    damaged[place] ^= 4
    with pytest.raises(basnet_rt.InvalidValue, match="state"):
        watch.load(bytes(damaged))
    with pytest.raises(basnet_rt.InvalidValue, match="state"):
        watch.load(before[:place])
    assert watch.save() == before


def test_state_of_another_number_of_classes():
    watch = detector(Alarm(0.5))
    for state in (detector(Alarm(0.5), classes=("a", "b")).save(), b"", b"BRTS" * 20):
        with pytest.raises(basnet_rt.InvalidValue, match="state"):
            watch.load(state)


def test_bad_activations_name_snippet_and_class():
    watch = detector(Alarm(0.5), classes=("a", "b"))
    rows = np.zeros((4, 2), np.float32)
    watch.push(rows)
    rows[2, 1] = np.nan
    with pytest.raises(basnet_rt.InvalidValue, match=r"activations\[6, 1\] is nan"):
        watch.push(rows)
    with pytest.raises(basnet_rt.InvalidValue, match="3 columns"):
        watch.push(np.zeros((4, 3), np.float32))


@pytest.mark.parametrize("chunk", [1, 7, 100])
def test_in_a_stream_of_features(model, make_features, chunk):
    """StreamingLocalizer reports those of its activations, each once, with class names."""
    features, alarm = make_features(100, 4), Alarm(0.4, hold=0.5)
    pieces = [features[i : i + chunk] for i in range(0, 100, chunk)]
    localizer, network = StreamingLocalizer(model, alarm=alarm), NetworkStream(model)
    found, certain = [], []
    for piece in pieces:
        localizer.push(piece)
        found += localizer.onsets()
        certain.append(network.push(piece).activations)
    localizer.finish()
    found += localizer.onsets()
    certain.append(network.flush().activations)
    want = detector(alarm, model.config, model.classes, 0.64).push(np.concatenate(certain))
    assert found == want
    assert len(found) > 3
    assert localizer.onsets() == []


def test_no_alarm_no_onsets(model, make_features):
    localizer = StreamingLocalizer(model)
    localizer.push(make_features(50))
    assert localizer.onsets() == []
