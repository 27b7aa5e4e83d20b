"""A pool through the C API, its network a set of C function pointers.

From the network's output on, each stream must find what a StreamPostprocessor of its own finds.
"""

from __future__ import annotations

import ctypes
from contextlib import suppress
from ctypes import byref, c_int64, c_void_p

import numpy as np
import pytest
from c_library import ARGUMENT, OUTPUTS, POOL_CHECKED, STATE, StatusError, config_of, rows_of
from c_pools import Delay, Functions, Pool
from post_cases import make_video
from stream_cases import as_set

from basnet_rt import Alarm, PostprocessConfig, StreamPostprocessor
from basnet_rt.postprocessing.onsets import OnsetDetector

CONFIG = PostprocessConfig.continuous(
    normalisation="fixed", gate="none", max_duration=9.0, cas_thresholds=[0.1, 0.3, 0.5]
)
VIDEOS = [make_video("smooth", 60 + 7 * seed, 2, seed).cas for seed in range(5)]


def alone(rows, config=CONFIG, raw=None):
    """Finals, in the order of a set, of a stream that nobody shares with."""
    stream = StreamPostprocessor(config, num_classes=2, snippet_seconds=0.5)
    return as_set(stream.push(rows, cas=raw)) + as_set(stream.finish())


@pytest.fixture
def network(api):
    return Delay(api)


@pytest.fixture
def pool(api, network):
    made = Pool(api, CONFIG, network)
    yield made
    made.free()
    made.free()  # finds nothing
    assert network.released == 1
    assert set(network.users) <= {4711}


def test_streams_find_what_each_finds_alone(pool):
    """With a thread: chunks of all sizes, finals and onsets polled on the way."""
    streams = [pool.open() for _ in VIDEOS]
    got = {stream: [] for stream in streams}
    onsets = {stream: [] for stream in streams}
    for first in range(0, 90, 6):
        for stream, rows in zip(streams, VIDEOS, strict=True):
            if len(chunk := rows[first : first + 6]):
                assert pool.push(stream, chunk) == 1
            got[stream] += as_set(pool.finals("poll", stream))
            onsets[stream] += pool.onsets(stream)
    for stream, rows in zip(streams, VIDEOS, strict=True):
        pool.call("end", stream, None)
        assert pool.number("wait", stream, 30.0) == 1
        assert pool.number("status", stream) == 2
        onsets[stream] += pool.onsets(stream)
        got[stream] += as_set(pool.finals("close", stream, None))
        assert sorted(got[stream]) == sorted(alone(rows))
        detector = OnsetDetector(Alarm(0.5), CONFIG, classes=("a", "b"), snippet_seconds=0.5)
        want = [(e.label, e.time, e.decided, e.activation) for e in detector.push(rows)]
        assert onsets[stream] == want
    assert sum(len(one) for one in got.values()) > 20
    assert sum(len(one) for one in onsets.values()) > 5


def test_a_gate_that_wants_raw_activations(api):
    network = Delay(api, raw=True)
    config = CONFIG.replace(gate="horizon", horizon=10.0)
    pool = Pool(api, config, network, threaded=0)
    stream, rows = pool.open(), VIDEOS[0]
    pool.push(stream, rows)
    raw = np.concatenate([rows, np.zeros((len(rows), 1), np.float32)], 1)
    want = alone(rows, config, raw)
    assert len(want) > 2
    assert sorted(as_set(pool.finals("close", stream, None))) == sorted(want)
    pool.free()


def test_without_a_thread_and_with_little_room(api, network):
    """`step`, `ready`, `pending` and `push` without room, by hand."""
    pool = Pool(api, CONFIG, network, threaded=0, max_queue=10)
    first, second = pool.open(), pool.open()
    assert pool.push(first, VIDEOS[0][:10]) == 1
    assert pool.push(first, VIDEOS[0][10:12]) == 0
    assert pool.push(second, VIDEOS[1][:10]) == 1
    assert pool.number("step", 1) == 1
    while pool.number("step", 1):
        pass
    assert len(pool.finals("pending", first)) > 0
    pool.call("gap", first, 3)
    pool.call("end", first, byref(ctypes.c_double(8.0)))
    assert pool.number("wait", first, 0.0) == 1
    ready, count = (c_int64 * 4)(), c_int64()
    pool.call("ready", 0.0, ready, 4, byref(count))
    assert first in ready[: count.value]
    pool.call("drop", second)
    with pytest.raises(StatusError, match=str(second)) as error:
        pool.push(second, VIDEOS[1][:1])
    assert error.value.status == ARGUMENT
    pool.call("shutdown", 1)
    with pytest.raises(StatusError) as error:
        pool.open()
    assert error.value.status == STATE
    pool.free()
    assert network.released == 1


def test_little_room_for_ready_streams_hides_none(api, network):
    """Once the smallest came every time, and finished streams were never heard of."""
    pool = Pool(api, CONFIG, network, threaded=0)
    streams = [pool.open() for _ in range(5)]
    for stream in streams:
        pool.call("end", stream, None)
        assert pool.number("wait", stream, 0.0) == 1
    seen = []
    for _ in range(3):
        ready, count = (c_int64 * 2)(), c_int64()
        pool.call("ready", 0.0, ready, 2, byref(count))
        seen += ready[: count.value]
    assert seen == [*streams, streams[0]]
    pool.call("ready", 0.0, None, 0, byref(count))
    assert count.value == 0
    pool.free()


def test_another_handle_is_no_output_of_a_network(api, network):
    """Once text and zeros were written into it, behind its end."""
    settings = config_of(api, CONFIG)
    for other in (settings, None):
        api.pool_output_set_error(other, b"x" * 1000)
        for name in OUTPUTS:
            assert getattr(api, name)(other) is None
    api.checked("config_check", settings)
    api.config_free(byref(settings))


def test_a_stream_moves_to_another_pool(api, pool):
    """Saved in the middle, with what is queued and the network's own state."""
    stream, rows = pool.open(), VIDEOS[2]
    pool.push(stream, rows[:30])
    before = as_set(pool.finals("poll", stream))
    (state,) = api.columns("bytes", "data", of=api.made("pool_save", pool.handle, stream))
    pool.call("drop", stream)
    network = Delay(api)
    other = Pool(api, CONFIG, network)
    data = state.tobytes()
    again = other.number("restore", data, len(data), kind=c_int64)
    other.push(again, rows[30:])
    got = before + as_set(other.finals("close", again, None))
    assert sorted(got) == sorted(alone(rows))
    for bad in (b"", data[:-1], data[:40] + bytes(8) + data[48:]):
        with pytest.raises(StatusError) as error:
            other.number("restore", bad, len(bad), kind=c_int64)
        assert error.value.status == STATE
    other.free()


def test_a_network_that_fails(pool, network):
    """Its streams fail with its words; one that is opened when it works again does not."""
    stream = pool.open()
    network.broken = True
    pool.push(stream, VIDEOS[0])
    with suppress(StatusError):  # it may have failed already
        pool.call("end", stream, None)
    assert pool.number("wait", stream, 30.0) == 1
    assert pool.number("status", stream) == 3
    with pytest.raises(StatusError, match="the network failed: out of order"):
        pool.finals("poll", stream)
    network.broken = False
    stream = pool.open()
    pool.push(stream, VIDEOS[0])
    assert sorted(as_set(pool.finals("close", stream, None))) == sorted(alone(VIDEOS[0]))


def test_what_a_pool_refuses(api, pool, network):
    """A wrong struct, wrong options, wrong rows, and NULL for every pointer of a pool's calls."""
    settings, out = config_of(api, CONFIG), c_void_p()
    short = Functions.from_buffer_copy(network.functions)
    short.struct_size -= 8
    empty = Functions(ctypes.sizeof(Functions))
    for functions, text in ((short, "struct_size"), (empty, "network.step")):
        arguments = (byref(functions), settings, 2, 2, 0.5, None, byref(out))
        status, message = api.refusal("pool_create", *arguments)
        assert (status, text in message) == (ARGUMENT, True)
    options = api.made("pool_options_create")
    for name, value in ((b"threaded", 2), (b"max_bat", 1)):
        assert api.refusal("pool_options_set_integer", options, name, value)[0] == ARGUMENT
    api.checked("pool_options_set_integer", options, b"max_batch", 0)
    arguments = (byref(network.functions), settings, 2, 2, 0.5, options, byref(out))
    assert "max_batch" in api.refusal("pool_create", *arguments)[1]
    assert (out.value, network.released) == (None, 0)
    stream = pool.open()
    strided = byref(rows_of(np.zeros((4, 3), np.float32)[:, :2]))
    status, message = api.refusal("pool_push", pool.handle, stream, strided, 0.0, byref(c_int64()))
    assert (status, "row_stride is 3" in message) == (ARGUMENT, True)
    for name, kinds in POOL_CHECKED.items():
        if name.split("_")[1] in ("options", "output", "create"):
            continue
        nothing = [stream if kind == "l" else 0 if kind in "diz" else None for kind in kinds]
        assert api.refusal(name, *nothing)[0] == ARGUMENT
        outputs = [i for i, kind in enumerate(kinds) if kind == "o"]
        if outputs:
            assert api.refusal(name, pool.handle, *nothing[1:])[0] == ARGUMENT
    api.config_free(byref(settings))
    api.pool_options_free(byref(options))
