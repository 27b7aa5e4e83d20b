"""Streams and Python's threads: others run during long calls, and calls of one object wait.

That others run is told apart without a clock: the interpreter never takes the GIL from a thread
that keeps it, and a second thread counts and lets go after every step. So it gets ahead during a
call if, and only if, the call lets go. No seconds are judged.
"""

from __future__ import annotations

import sys
import threading
import time

import numpy as np
import pytest

import basnet_rt
from basnet_rt import PostprocessConfig, StreamingLocalizer, StreamPool, StreamPostprocessor

LENGTH = 20_000


@pytest.fixture
def steps():
    """A list whose length another thread makes grow."""
    before, grown, stopped = sys.getswitchinterval(), [], threading.Event()

    def grow() -> None:
        while not stopped.is_set():
            grown.append(None)
            time.sleep(0)

    thread = threading.Thread(target=grow)
    sys.setswitchinterval(1e6)  # nobody is made to let go
    thread.start()
    yield grown
    stopped.set()
    sys.setswitchinterval(before)
    thread.join()


@pytest.fixture(scope="module")
def long_state(model, make_features):
    """A stream that keeps everything: with gate "video" all work is left to the end."""
    config = model.config.replace(gate="video", normalisation="video")
    stream = StreamingLocalizer(model, config)
    stream.push(make_features(LENGTH, 1))
    return config, stream.save()


def ahead(steps, call) -> bool:
    before = len(steps)
    call()
    return len(steps) > before


@pytest.mark.parametrize("name", ["pending", "save", "gap", "finish"])
def test_others_run_during_a_call_of_a_long_stream(model, long_state, steps, name):
    config, state = long_state
    stream = StreamingLocalizer(model, config)
    calls = {"gap": lambda: stream.gap(1)}

    def tried() -> bool:
        stream.load(state)
        return ahead(steps, calls.get(name, getattr(stream, name)))

    assert any(tried() for _ in range(50))


@pytest.mark.parametrize("name", ["pending", "save"])
def test_others_run_during_a_call_of_a_pool(model, make_features, steps, name):
    config = model.config.replace(gate="video", normalisation="video")
    pool = StreamPool(model, config, threaded=False, max_batch=4096, max_queue=LENGTH)
    stream = pool.open()
    pool.push(stream, make_features(LENGTH, 2))
    while pool.step(force=True):
        pass
    assert any(ahead(steps, lambda: getattr(pool, name)(stream)) for _ in range(50))


def test_a_call_that_keeps_the_gil_would_be_found(steps):
    """Catches a test that has stopped testing: sorting a list is such a call."""
    values = np.random.default_rng(0).random(100_000).tolist()
    assert not any(ahead(steps, lambda: sorted(values)) for _ in range(20))


def test_threads_that_share_a_stream_wait_for_each_other():
    """Against the rule, but no reason to crash: every snippet is counted, once."""
    config = PostprocessConfig.continuous(normalisation="fixed", gate="none", max_duration=5.0)
    stream = StreamPostprocessor(config, num_classes=3, snippet_seconds=0.64)
    rows = np.random.default_rng(1).random((50, 3), np.float32)

    def feed() -> None:
        for _ in range(200):
            stream.push(rows)
            stream.pending()
            stream.save()
            assert stream.num_snippets > 0

    threads = [threading.Thread(target=feed) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stream.num_snippets == 4 * 200 * 50


class _Reentrant:
    """A network that calls its stream, as a signal handler might while the network runs."""

    def push(self, rows):
        self.stream.pending()


def test_a_call_from_inside_a_call_is_refused_and_does_not_hang(model):
    network = _Reentrant()
    network.stream = stream = StreamingLocalizer(model)
    stream._core = basnet_rt._core.NetworkLocalizer(
        network,
        classes=model.classes,
        feature_dim=8,
        snippet_seconds=0.64,
        features="",
        config=model.config.native,
        alarm=None,
        zero_bad_features=False,
    )
    with pytest.raises(basnet_rt.InvalidValue, match="in another call of this thread"):
        stream.push(np.zeros((1, 8), np.float32))
    assert len(stream.pending()) == 0
    assert stream.statistics.pushes == 0


def test_what_the_network_raises_reaches_the_caller(make_model, make_features):
    """As it is, also where it is no error of this package: Ctrl-C while torch's network runs."""
    model = make_model(engine="torch")
    stream = StreamingLocalizer(model)
    stream.push(make_features(10, 1))
    before = stream.save()
    module = model.module

    class Interrupted:
        def __getattr__(self, name):
            raise KeyboardInterrupt

    model.module = Interrupted()
    try:
        for call in (lambda: stream.push(make_features(3, 2)), lambda: stream.gap(2)):
            with pytest.raises(KeyboardInterrupt):
                call()
    finally:
        model.module = module
    assert stream.save() == before
