"""Alarms of the streams of a pool."""

from __future__ import annotations

import numpy as np
import pool_cases
import pytest

from basnet_rt import Alarm, InvalidType, InvalidValue, Onset

ALARM = Alarm({"Jump": 0.5, "Run": 0.6, "Swim": 0.7}, hold=1.0)


def test_each_stream_has_the_onsets_that_it_would_have_alone(make_pool, rng):
    """Catches an event of another stream, one told twice, and one lost between two polls."""
    pool = make_pool(alarm=ALARM, max_batch=7)
    rows = {pool.open(): pool_cases.features(80, seed) for seed in range(5)}
    waiting = {stream: pool_cases.split(own, rng) for stream, own in rows.items()}
    found: dict[int, list[Onset]] = {stream: [] for stream in rows}
    while any(waiting.values()):
        stream = int(rng.choice([s for s, chunks in waiting.items() if chunks]))
        pool.push(stream, waiting[stream].pop(0))
        pool.step(force=True)
        if rng.random() < 0.5:
            found[stream] += pool.onsets(stream)
    for stream, own in rows.items():
        pool.end(stream)
        while pool.step(force=True):
            pass
        found[stream] += pool.onsets(stream)
        assert found[stream] == pool_cases.onsets_alone(own, pool.config, ALARM)
        assert pool.statistics(stream).onsets_out == len(found[stream]) > 2
        assert pool.onsets(stream) == []


def test_a_gap_lets_a_class_be_reported_again(make_pool):
    pool = make_pool(alarm=Alarm(0.5))
    stream = pool.open()
    for _ in range(2):
        pool.push(stream, np.full((4, pool_cases.F), 0.9, np.float32))
        pool.gap(stream, 10)
    pool.end(stream)
    while pool.step(force=True):
        pass
    times = [round(one.time / pool_cases.SNIPPET, 6) for one in pool.onsets(stream)]
    assert times == [0.0] * pool_cases.C + [14.0] * pool_cases.C


def test_an_onset_is_news(make_pool):
    """A stream whose only news is an onset is ready, until it is asked for."""
    pool = make_pool(alarm=Alarm(0.5))
    stream, _quiet = pool.open(), pool.open()
    pool.push(stream, np.full((3, pool_cases.F), 0.9, np.float32))
    assert pool.ready() == []
    pool.step(force=True)
    assert pool.ready() == [stream]
    assert len(pool.poll(stream)) == 0
    assert pool.ready() == [stream]
    assert len(pool.onsets(stream)) == pool_cases.C
    assert pool.ready() == []


def test_no_alarm_no_onsets(make_pool):
    pool = make_pool()
    stream = pool.open()
    pool.push(stream, np.full((3, pool_cases.F), 0.9, np.float32))
    pool.step(force=True)
    assert pool.onsets(stream) == []


def test_onsets_of_a_failed_stream_come_before_its_error(make_pool):
    network = pool_cases.Arithmetic()
    pool = make_pool(network, alarm=Alarm(0.5))
    stream = pool.open()
    pool.push(stream, np.full((3, pool_cases.F), 0.9, np.float32))
    pool.step(force=True)
    network.fail_on.add(0)
    pool.push(stream, np.zeros((1, pool_cases.F), np.float32))
    pool.step(force=True)
    assert len(pool.onsets(stream)) == pool_cases.C
    with pytest.raises(InvalidValue, match="the network failed"):
        pool.onsets(stream)


def test_alarms_are_judged_at_once(make_pool):
    with pytest.raises(InvalidType, match="alarm is a float"):
        make_pool(alarm=0.5)
    with pytest.raises(InvalidValue, match="hold is -1"):
        make_pool(alarm=Alarm(0.5, hold=-1.0))
    with pytest.raises(InvalidValue, match="the classes are"):
        make_pool(alarm=Alarm({"Jump": 0.5}))
    with pytest.raises(InvalidValue, match='"video", which knows no range'):
        make_pool(alarm=Alarm(), config=pool_cases.config(normalisation="video"))
