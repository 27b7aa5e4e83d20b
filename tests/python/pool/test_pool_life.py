"""Opening, closing, slots used again, threads, and the end of a pool."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading

import numpy as np
import pool_cases
import pytest

from basnet_rt import InvalidType, InvalidValue, StreamPool
from patience import HANG


def test_a_slot_used_again_starts_fresh(make_pool):
    """Catches network state or roots of the stream before."""
    network = pool_cases.Arithmetic()
    pool = make_pool(network)
    for seed in range(30):
        streams = [pool.open() for _ in range(3)]
        rows = [pool_cases.features(15, 3 * seed + i) for i in range(3)]
        for stream, own in zip(streams, rows, strict=True):
            pool.push(stream, own)
        pool.step(force=True)
        if seed % 3 == 0:
            pool.drop(streams.pop(0))
            rows.pop(0)
        for stream, own in zip(streams, rows, strict=True):
            assert pool_cases.finals(pool.close(stream)) == pool_cases.alone(own, pool.config)
    assert set(network.last) == {0, 1, 2}
    assert pool.totals.streams_open == pool.totals.snippets_queued == 0


def test_pending_is_what_the_end_would_add(make_pool):
    pool = make_pool(pool_cases.Arithmetic())
    rows = np.full((12, pool_cases.F), 0.9, np.float32)
    stream = pool.open()
    pool.push(stream, rows)
    assert len(pool.pending(stream)) == 0  # nothing computed yet
    pool.step(force=True)
    waiting = pool.pending(stream)
    assert waiting.names is not None
    assert len(waiting) == pool_cases.C
    assert len(pool.close(stream)) == pool_cases.C


def test_what_is_no_number_of_a_stream_is_named(make_pool):
    pool = make_pool(pool_cases.Arithmetic())
    calls = (pool.poll, pool.close, pool.status, pool.save, pool.drop, pool.statistics, pool.wait)
    for call in calls:
        with pytest.raises(InvalidType, match="stream is '0'; it must be an integer"):
            call("0")
    with pytest.raises(InvalidValue, match=r"stream is .*; it must fit into 64 bits"):
        pool.status(2**70)
    with pytest.raises(InvalidType, match="snippets is True; it must be an integer"):
        pool.gap(pool.open(), True)


@pytest.mark.parametrize("threaded", [False, True])
def test_draining_gives_every_final(make_pool, threaded):
    pool = make_pool(threaded=threaded, max_delay=0.5)
    rows = {pool.open(): pool_cases.features(30, seed) for seed in range(5)}
    got = {stream: pool_cases.finals(pool.push(stream, own)) for stream, own in rows.items()}
    pool.shutdown()
    for stream, own in rows.items():
        assert pool.status(stream) == "finished"
        got[stream] += pool_cases.finals(pool.poll(stream))
        assert got[stream] == pool_cases.alone(own, pool.config)
        assert len(pool.close(stream)) == 0
    with pytest.raises(InvalidValue, match="after shutdown"):
        pool.open()
    pool.shutdown()


@pytest.mark.parametrize("threaded", [False, True])
def test_discarding_drops_what_is_queued(make_pool, threaded):
    network = pool_cases.Arithmetic()
    pool = make_pool(network, threaded=threaded, max_delay=60.0)
    stream, _idle = pool.open(), pool.open()
    pool.push(stream, pool_cases.features(30, 0))
    pool.shutdown(drain=False)
    assert network.calls == []
    with pytest.raises(InvalidValue, match=f"stream {stream}: the pool was shut down"):
        pool.close(stream)


def test_a_with_block_drains_or_after_an_error_discards(model):
    network, config = pool_cases.Arithmetic(), pool_cases.config()
    with StreamPool(model, config, network=network) as pool:
        stream = pool.open()
        pool.push(stream, pool_cases.features(9, 0))
    assert pool.status(stream) == "finished"
    pool = StreamPool(model, config)
    stream = pool.open()
    with pytest.raises(ZeroDivisionError), pool:
        1 / 0  # noqa: B018
    assert pool.status(stream) == "failed"


def test_a_blocked_push_hears_of_the_shutdown(make_pool):
    gate = threading.Event()
    network = pool_cases.Arithmetic()
    free_step = network.step
    network.step = lambda *args: (gate.wait(20), free_step(*args))[1]
    pool = make_pool(network, threaded=True, max_queue=1, max_delay=0.0)
    stream = pool.open()
    errors = []

    def push_on() -> None:
        try:
            while True:
                pool.push(stream, pool_cases.features(1, 0))
        except InvalidValue as error:
            errors.append(str(error))

    blocked = threading.Thread(target=push_on)
    blocked.start()
    stopper = threading.Thread(target=pool.shutdown, kwargs={"drain": False})
    stopper.start()
    blocked.join(20)
    gate.set()
    stopper.join(20)
    assert not blocked.is_alive()
    assert not stopper.is_alive()
    assert "shut" in errors[0]


def test_many_threads_push_at_once(make_pool):
    """8 threads, 3 streams each, queues that fill up: each stream's finals as if alone."""
    pool = make_pool(threaded=True, max_batch=10, max_queue=6, max_delay=0.001)
    wrong = []

    def work(worker: int) -> None:
        rng = np.random.default_rng(worker)
        for turn in range(3):
            rows = pool_cases.features(60, 100 * worker + turn)
            stream, found = pool.open(), []
            for chunk in pool_cases.split(rows, rng, most=6):
                found += pool_cases.finals(pool.push(stream, chunk))
            found += pool_cases.finals(pool.close(stream))
            if found != pool_cases.alone(rows, pool.config):
                wrong.append((worker, turn))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    assert wrong == []
    totals = pool.totals
    assert (totals.snippets, totals.streams_open) == (8 * 3 * 60, 0)


def test_ready_names_the_streams_with_news(make_pool):
    pool = make_pool(threaded=True, max_delay=0.0)
    quiet, busy = pool.open(), pool.open()
    assert pool.ready(timeout=0.01) == []
    pool.push(quiet, np.zeros((1, pool_cases.F), np.float32))
    pool.push(busy, pool_cases.features(60, 1))
    pool.end(busy)
    assert pool.ready(timeout=HANG) == [busy]
    pool.close(busy)
    assert pool.ready() == []
    pool.end(quiet)
    assert pool.ready(timeout=HANG) == [quiet]


def test_a_pool_nobody_holds_ends_its_thread(model):
    pool = StreamPool(model, pool_cases.config())
    stream = pool.open()
    pool.push(stream, pool_cases.features(9, 0))
    del pool
    gc.collect()  # would hang here if the thread were waited for with the GIL held


FORKED = """
import os, sys, numpy as np, basnet_rt
model, rows = basnet_rt.load(sys.argv[1]), np.zeros((1, 8), np.float32)
pool = basnet_rt.StreamPool(model)
stream = pool.open()
child = os.fork()
if child == 0:
    calls = {"open": (), "push": (stream, rows), "ready": (), "close": (stream,), "wait": (stream,)}
    for name, arguments in calls.items():
        try:
            getattr(pool, name)(*arguments)
        except ValueError as error:
            assert "make a pool after the fork" in str(error), error
        else:
            raise AssertionError(name)
    pool.shutdown()
    with basnet_rt.StreamPool(model) as own:
        own.push(own.open(), rows)
    sys.exit(0)
assert os.waitpid(child, 0)[1] == 0
pool.push(stream, rows)
pool.close(stream)
"""


def test_a_forked_child_is_told_to_make_its_own_pool(bundle):
    """Once it waited for ever: in its calls, or when it ended."""
    command = [sys.executable, "-c", FORKED, str(bundle)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=HANG)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_program_may_end_without_closing_its_pool(bundle):
    """Catches a thread that asks a finished interpreter for the GIL: an abort at exit."""
    code = (
        "import sys, numpy as np, basnet_rt\n"
        "pool = basnet_rt.StreamPool(basnet_rt.load(sys.argv[1]), max_delay=0.0)\n"
        "stream = pool.open()\n"
        "for _ in range(50): pool.push(stream, np.random.rand(1, 8).astype('float32'))\n"
    )
    command = [sys.executable, "-c", code, str(bundle)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=HANG)
    assert (done.returncode, done.stderr) == (0, "")
