"""Other Python threads run while the core computes.

The interpreter is told never to take the GIL from a thread that wants to keep it. A second thread
counts and lets go of the GIL after every step, so it gets ahead during a call if, and only if, the
call itself lets go of it. No seconds are judged: a call is tried until the other thread got ahead.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from basnet_rt import PostprocessConfig, _core, load

T, C = 20_000, 4
SECONDS = 0.64
RNG = np.random.default_rng(0)
CAS = np.ascontiguousarray(np.abs(np.mod(np.cumsum(RNG.normal(0, 0.3, (T, C)), 0), 2) - 1), "f4")
RAW = np.ascontiguousarray(RNG.normal(0, 1, (T, C + 1)), np.float32)
SCORES = np.ones(C, np.float32)
OFFLINE = PostprocessConfig.continuous().native
LIVE = PostprocessConfig.continuous(normalisation="fixed", gate="none").native
SEGMENTS = np.sort(RNG.uniform(0, 1000, (T, 2)), axis=1)
VALUES, LABELS = RNG.uniform(0, 1, T), np.zeros(T, np.int64)
VIDEOS = RNG.integers(0, 50, T)
NAMES = [str(i) for i in range(50)]
BUNDLE = str(Path(__file__).resolve().parents[1] / "streaming/saved_0_1/model.pt")
# Calls of microseconds, and objects whose own tests try their threads (pool, streaming).
QUICK = {
    "Error",
    "InvalidValue",
    "InvalidType",
    "BackendUnavailable",
    "BundleError",
    "PostprocessConfig",
    "check",
    "cuda_support",
    "load_network_state",
    "save_network_state",
    "weights_digests",
    "NetworkLocalizer",  # tests/python/streaming/test_live_threads.py
    "parse_metadata",
    "StreamPool",
    "kernels",
}
# All of them let go of the GIL; a test would need a bundle that takes long to read.
OF_FILES = {
    "bundle_code_digest",
    "check_bundle_code",
    "check_bundle_undamaged",
    "parse_metadata",
    "read_metadata",
    "read_weights",
}
ON_A_GPU = {"CudaPostprocessor", "CudaStreamPostprocessor", "postprocess_batch_cuda"}


def stream(config: _core.PostprocessConfig = OFFLINE) -> _core.StreamPostprocessor:
    made = _core.StreamPostprocessor(config, C, SECONDS)
    made.push(CAS, RAW)
    return made


def detector() -> _core.OnsetDetector:
    return _core.OnsetDetector([0.5], 1.0, LIVE, C, SECONDS)


def many_detectors() -> _core.OnsetDetector:
    """One whose state is large: its window holds rising values."""
    config = PostprocessConfig.continuous(normalisation="horizon", gate="none", horizon=1e9)
    made = _core.OnsetDetector([0.5], 1.0, config.native, 1, SECONDS)
    made.push(np.linspace(0, 1, 50 * T, dtype=np.float32)[:, None])
    return made


def engine() -> tuple[_core.EngineModel, np.ndarray]:
    """A model and features that keep it busy for a while."""
    rows = np.ascontiguousarray(RNG.normal(0, 1, (T, 8)), np.float32)
    return load(BUNDLE, engine="native", num_threads=1).core, rows


def engine_stream() -> _core.EngineStream:
    made = _core.EngineStream(engine()[0], True)
    made.push(engine()[1])
    return made


def evaluate() -> object:
    thresholds = [0.5]
    arrays = (VIDEOS, LABELS, SEGMENTS)
    return _core.evaluate(*arrays, *arrays, VALUES, 1, thresholds, NAMES, 1)


Call = Callable[[], object]
# Name of the binding -> makes a call of it, with what it needs made before.
CALLS: dict[str, Callable[[], Call]] = {
    "propose": lambda: lambda: _core.propose(CAS, SCORES, OFFLINE, SECONDS, None, None),
    "postprocess": lambda: lambda: _core.postprocess(CAS, SCORES, OFFLINE, SECONDS, None, None),
    "postprocess_batch": lambda: (
        lambda: _core.postprocess_batch(
            [CAS], [SCORES], OFFLINE, [SECONDS], [None], [None], 1, False, None
        )
    ),
    "video_scores": lambda: lambda: _core.video_scores(RAW, OFFLINE),
    "nms": lambda: lambda: _core.nms(SEGMENTS, VALUES, LABELS, 0.5),
    "soft_nms": lambda: (
        lambda: _core.soft_nms(SEGMENTS[:2000], VALUES[:2000], LABELS[:2000], True, 0.5, 0.5, 0.001)
    ),
    "evaluate": lambda: evaluate,
    "read_metadata": lambda: partial(_core.read_metadata, BUNDLE),
    "read_weights": lambda: partial(_core.read_weights, BUNDLE),
    "check_bundle_code": lambda: partial(_core.check_bundle_code, BUNDLE),
    "check_bundle_undamaged": lambda: partial(_core.check_bundle_undamaged, BUNDLE),
    "bundle_code_digest": lambda: partial(_core.bundle_code_digest, BUNDLE),
    "EngineModel.forward": lambda: partial(engine()[0].forward, engine()[1]),
    "EngineStream.push": lambda: partial(engine_stream().push, engine()[1]),
    "EngineStream.flush": lambda: engine_stream().flush,
    "EngineStream.save": lambda: engine_stream().save,
    "EngineStream.load": lambda: partial(engine_stream().load, engine_stream().save()),
    "StreamPostprocessor.push": lambda: lambda: stream(LIVE),
    "StreamPostprocessor.pending": lambda: stream().pending,
    "StreamPostprocessor.gap": lambda: partial(stream(LIVE).gap, 3),
    "StreamPostprocessor.finish": lambda: partial(stream().finish, None, None),
    "StreamPostprocessor.save": lambda: stream().save,
    "StreamPostprocessor.load": lambda: partial(_core.StreamPostprocessor.load, stream().save()),
    "StreamPostprocessor.reset": lambda: stream().reset,
    "OnsetDetector.push": lambda: lambda: detector().push(CAS),
    "OnsetDetector.save": lambda: many_detectors().save,
    "OnsetDetector.load": lambda: partial(many_detectors().load, many_detectors().save()),
}


class Counter:
    """Counts in a thread of its own, which lets go of the GIL after every step."""

    def __init__(self) -> None:
        self.steps = 0
        self._stop = False
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop:
            self.steps += 1
            time.sleep(0)

    def stop(self) -> None:
        self._stop = True
        self._thread.join()


@pytest.fixture
def counter() -> Iterator[Counter]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e6)  # nobody is made to let go
    counter = Counter()
    try:
        yield counter
    finally:
        counter.stop()
        sys.setswitchinterval(before)


def gets_ahead(counter: Counter, call: Call) -> bool:
    before = counter.steps
    call()
    return counter.steps > before


@pytest.mark.parametrize("name", CALLS)
def test_another_thread_gets_ahead(counter: Counter, name: str):
    assert any(gets_ahead(counter, CALLS[name]()) for _ in range(200))


def test_a_call_that_keeps_the_gil_would_be_found(counter: Counter):
    """Catches a test that has stopped testing: sorting a list is such a call."""
    values = VALUES.tolist() * 5
    assert not any(gets_ahead(counter, lambda: sorted(values)) for _ in range(20))


QUICK_METHODS = {
    "StreamPostprocessor.same_settings",
    "StreamPostprocessor.differing_settings",
    "OnsetDetector.gap",
    "EngineStream.undo",
    "EngineStream.reset",
}


def test_every_binding_is_tried_or_known_to_be_quick():
    tried = {name.split(".")[0] for name in CALLS}
    there = {name for name in dir(_core) if not name.startswith("_")}
    assert there - tried - QUICK - OF_FILES - ON_A_GPU == set()
    for owner in (_core.StreamPostprocessor, _core.OnsetDetector, _core.EngineStream):
        names = [n for n in vars(owner) if not n.startswith("_") and callable(getattr(owner, n))]
        methods = {f"{owner.__name__}.{n}" for n in names}
        assert methods - set(CALLS) - QUICK_METHODS == set()
