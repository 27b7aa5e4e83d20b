"""When batches run, who is in them, and what happens when a stream comes too fast."""

from __future__ import annotations

import threading

import pool_cases
import pytest

from basnet_rt import Error, InvalidType, InvalidValue, PostprocessConfig, StreamFull


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def take(pool, stream, rows) -> bool:
    try:
        pool.push(stream, rows, timeout=0)
    except StreamFull:
        return False
    return True


@pytest.fixture
def clock():
    return Clock()


def one(seed: int = 0, count: int = 1):
    return pool_cases.features(count, seed)


def test_a_snippet_waits_for_others_no_longer_than_max_delay(make_pool, clock):
    network = pool_cases.Arithmetic()
    pool = make_pool(network, max_delay=0.05, clock=clock)
    first, _second = pool.open(), pool.open()
    pool.push(first, one())
    clock.now += 0.0499
    assert not pool.step()
    clock.now += 0.0002
    assert pool.step()
    assert network.calls == [("step", (0,), 1)]
    assert pool.statistics(first).wait_max == pytest.approx(0.0501)


def test_the_oldest_snippet_counts_not_the_newest(make_pool, clock):
    """Catches a deadline that every push moves on."""
    pool = make_pool(max_delay=0.05, clock=clock)
    streams = [pool.open() for _ in range(3)]
    pool.push(streams[0], one())
    clock.now += 0.04
    pool.push(streams[1], one())
    clock.now += 0.0101
    assert pool.step()
    assert pool.totals.snippets == 2


def test_a_batch_in_which_every_stream_waits_runs_at_once(make_pool, clock):
    pool = make_pool(max_delay=9.0, clock=clock)
    streams = [pool.open() for _ in range(3)]
    for stream in streams[:2]:
        pool.push(stream, one())
    assert not pool.step()
    pool.push(streams[2], one())
    assert pool.step()
    assert pool.totals.largest_batch == 3


def test_a_full_batch_runs_at_once(make_pool, clock):
    pool = make_pool(max_batch=4, max_delay=9.0, clock=clock)
    streams = [pool.open() for _ in range(9)]
    for stream in streams[:3]:
        pool.push(stream, one())
    assert not pool.step()
    pool.push(streams[3], one())
    assert pool.step()


def test_who_leaves_is_waited_for_no_longer(make_pool, clock):
    pool = make_pool(max_delay=9.0, clock=clock)
    stays, leaves = pool.open(), pool.open()
    pool.push(stays, one())
    assert not pool.step()
    pool.drop(leaves)
    assert pool.step()


def test_a_backlog_does_not_starve_the_others(make_pool):
    """With 1000 snippets queued by one stream, each other waits one batch at most."""
    network = pool_cases.Arithmetic()
    pool = make_pool(network, max_batch=4, max_queue=1000)
    greedy = pool.open()
    pool.push(greedy, one(0, 1000))
    others = [pool.open() for _ in range(5)]
    for turn in range(10):
        for stream in others:
            pool.push(stream, one(turn))
        pool.step(force=True)
        pool.step(force=True)
        assert [pool.statistics(s).snippets_queued for s in others] == [0] * 5
    assert pool.statistics(greedy).snippets_queued > 950
    assert all(n == 1 for _, slots, n in network.calls if len(slots) > 2)


def test_slots_take_turns_when_a_batch_holds_fewer_than_wait(make_pool):
    network = pool_cases.Arithmetic()
    pool = make_pool(network, max_batch=2, max_queue=100)
    for stream in [pool.open() for _ in range(5)]:
        pool.push(stream, one(0, 2))
    while pool.step(force=True):
        pass
    turns = [slots for _, slots, _ in network.calls]
    assert turns == [(0, 1), (2, 3), (4, 0), (1, 2), (3, 4)]


def test_a_full_queue_refuses_and_takes_again_once_there_is_room(make_pool):
    pool = make_pool(max_queue=5, max_batch=3)
    stream = pool.open()
    pool.push(stream, one(0, 3))
    with pytest.raises(StreamFull, match="no room for 3 snippets"):
        pool.push(stream, one(1, 3))
    assert pool.statistics(stream).snippets_in == 3
    pool.push(stream, one(1, 2))
    assert pool.step(force=True)
    pool.push(stream, one(1, 3))


def test_an_empty_queue_takes_any_chunk(make_pool):
    pool = make_pool(max_queue=5)
    stream = pool.open()
    pool.push(stream, one(0, 50))
    assert pool.statistics(stream).snippets_queued == 50


def test_a_push_waits_for_room_and_others_do_not(make_pool):
    """A threaded pool whose network is held: the full stream blocks, the other is taken."""
    held, gate = threading.Event(), threading.Event()
    network = pool_cases.Arithmetic()
    free_step = network.step
    network.step = lambda *args: (held.set(), gate.wait(20), free_step(*args))[2]
    pool = make_pool(network, threaded=True, max_queue=4, max_delay=0.0)
    slow, other = pool.open(), pool.open()
    pool.push(slow, one(0, 4))
    assert held.wait(20)  # else a batch that begins late may have rows of the other stream
    blocked = threading.Thread(target=lambda: [pool.push(slow, one(1, 4)) for _ in range(3)])
    blocked.start()
    # Four rows fit into the queue.
    assert [take(pool, other, one(2)) for _ in range(12)].count(False) == 8
    assert pool.statistics(slow).snippets_in < 16
    gate.set()
    blocked.join(20)
    assert not blocked.is_alive()
    pool.close(slow)
    assert pool.totals.snippets >= 16


def test_open_is_bounded(make_pool):
    pool = make_pool(max_streams=2)
    first, _ = pool.open(), pool.open()
    with pytest.raises(InvalidValue, match="max_streams = 2"):
        pool.open()
    pool.close(first)
    pool.open()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_batch": 0}, "max_batch is 0"),
        ({"max_delay": -1.0}, "max_delay is -1"),
        ({"max_delay": float("nan")}, "max_delay is nan"),
        ({"max_queue": 0}, "max_queue is 0"),
        ({"max_streams": 0}, "max_streams is 0"),
        ({"clock": Clock(), "threaded": True}, "clock is for a pool without"),
    ],
)
def test_settings_are_judged_at_once(make_pool, options, message):
    with pytest.raises(Error, match=message):
        make_pool(**options)


def test_only_a_config_for_streams_is_taken(make_pool):
    with pytest.raises(InvalidType, match="config is a dict"):
        make_pool(config={"gate": "none"})
    with pytest.raises(InvalidValue, match="published"):
        make_pool(config=PostprocessConfig.published())


def test_step_is_for_a_pool_without_a_thread(make_pool):
    with pytest.raises(InvalidValue, match="without a thread"):
        make_pool(threaded=True).step()
