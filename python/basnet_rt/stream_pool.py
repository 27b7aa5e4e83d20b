"""Many live streams, one network batch."""

from __future__ import annotations

import contextlib
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from basnet_rt import _core
from basnet_rt._errors import Error, InvalidType, InvalidValue
from basnet_rt.config import PostprocessConfig
from basnet_rt.model import Model
from basnet_rt.pool_network import ModelNetwork, PoolNetwork
from basnet_rt.results import Detections

# The core waits without the GIL and hears no signals: long waits are cut, so that Ctrl-C works.
_SLICE_SECONDS = 0.2

Answer = TypeVar("Answer")


class StreamFull(Error):  # noqa: N818
    """A stream's queue had no room in time; nothing of the chunk was taken."""


@dataclass(frozen=True)
class PoolStreamStatistics:
    """What one stream of a pool did so far.

    Attributes:
        snippets_in: pushed, gaps not counted.
        snippets_queued: of these, not yet seen by the network.
        finals_out: detections that became final.
        features_zeroed: NaN or Inf that became 0.
        compute_seconds: its share of the batches it was in.
        wait_max: longest that a snippet waited for its batch, in seconds.
        latency_sum, latency_max: decision latency in seconds of stream: the end of the snippet
            whose arrival made a detection final, minus the detection's end.
    """

    snippets_in: int
    snippets_queued: int
    finals_out: int
    features_zeroed: int
    compute_seconds: float
    wait_max: float
    latency_sum: float
    latency_max: float


@dataclass(frozen=True)
class PoolStatistics:
    """What a pool did so far; `compute_seconds` were spent in batches, post-processing included."""

    streams_open: int
    streams_failed: int
    batches: int
    snippets: int
    largest_batch: int
    snippets_queued: int
    compute_seconds: float


class StreamPool:
    """Localizes actions in many streams of features at once.

    The streams share the network's batches: reading the weights once serves all of them. A batch
    runs as soon as it is full, as every open stream waits in it, or as its oldest snippet has
    waited `max_delay`; a thread of the pool's own runs it. Streams take turns, so a long queue
    never delays the others by more than one batch. From the activations on, each stream's finals
    are those of a `StreamPostprocessor` of its own, bit for bit, however batches fell.

    Every method may be called from any thread. In a `with` block the pool is drained at the end,
    or, after an exception, discarded.

    Args:
        model: from `load`.
        config: post-processing; None takes the bundle's own.
        max_batch: most snippets in one call of the network.
        max_delay: seconds that a snippet may wait for others.
        max_queue: snippets that may wait per stream; then `push` waits.
        max_streams: open at once.
        zero_bad_features: NaN and Inf become 0 and are counted, instead of raising.
        threaded: False runs nothing but in `step`, `close` and `shutdown`.
        clock: seconds, for a pool without a thread.
        network: instead of the bundle's own, such as a client of a remote one.

    Raises:
        ValueError: a setting is wrong or does not fit a stream; the message names it.
    """

    def __init__(
        self,
        model: Model,
        config: PostprocessConfig | None = None,
        *,
        max_batch: int = 64,
        max_delay: float = 0.01,
        max_queue: int = 256,
        max_streams: int = 4096,
        zero_bad_features: bool = False,
        threaded: bool = True,
        clock: Callable[[], float] | None = None,
        network: PoolNetwork | None = None,
    ) -> None:
        if not isinstance(model, Model):
            raise InvalidType(f"model is a {type(model).__name__}; it must come from `load`")
        if config is not None and not isinstance(config, PostprocessConfig):
            raise InvalidType(
                f"config is a {type(config).__name__}; it must be a PostprocessConfig"
            )
        self.model = model
        self.config = model.config if config is None else config
        if network is None:
            network = ModelNetwork(model, with_cas=self.config.gate != "none")
        self._core = _core.StreamPool(
            network,
            self.config.native,
            len(model.classes),
            model.feature_dim,
            model.metadata.snippet_seconds,
            max_batch=max_batch,
            max_delay=max_delay,
            max_queue=max_queue,
            max_streams=max_streams,
            zero_bad_features=zero_bad_features,
            threaded=threaded,
            clock=clock,
        )
        self._threaded = threaded
        self._streams: set[int] = set()
        # The thread must be gone before the interpreter is.
        self._finalizer = weakref.finalize(self, self._core.shutdown, False)

    def open(self) -> int:
        """A new stream's number; never used twice.

        Raises:
            ValueError: `max_streams` are open, or the pool is shut down.
        """
        stream = self._core.open()
        self._streams.add(stream)
        return stream

    def push(self, stream: int, features: Any, *, timeout: float | None = None) -> Detections:
        """Queue the next (N, F) snippets, all or none, and return what has become final by now.

        A stream has room while queue and chunk are no more than `max_queue`; an empty queue takes
        any chunk.

        Args:
            timeout: seconds to wait for room; None: as long as it takes; 0: not at all. A pool
                without a thread never waits.

        Raises:
            StreamFull: there was no room in time.
            ValueError: NaN or Inf (names stream, snippet and channel), a wrong shape, a stream
                that ended, or one that failed: the message says of what. Other streams go on.
            BundleError: features of another dimension than the model's.
        """
        rows = self._rows(features)
        if not self._sliced(timeout, lambda wait: self._core.push(stream, rows, wait)):
            raise StreamFull(f"stream {stream}: no room for {len(rows)} snippets in its queue")
        return self._finals(self._core.poll(stream))

    def poll(self, stream: int) -> Detections:
        """What became final since the last call; on a failed stream, then raises its error."""
        return self._finals(self._core.poll(stream))

    def ready(self, *, timeout: float | None = 0.0) -> list[int]:
        """Streams with something to poll, finished or failed; waits up to `timeout` for one."""
        return self._sliced(timeout, self._core.ready)

    def pending(self, stream: int) -> Detections:
        """What `end` would still add, of the snippets computed so far; provisional."""
        labels, scores, segments = self._core.pending(stream)
        return Detections(
            labels, scores, segments, mode=self.config.mode, classes=self.model.classes
        )

    def gap(self, stream: int, snippets: int) -> None:
        """Declare `snippets` missing ones: what is open closes as at a video's end."""
        if isinstance(snippets, bool) or not isinstance(snippets, int):
            raise InvalidValue(f"snippets is {snippets!r}; a gap is of at least one snippet")
        self._core.gap(stream, snippets)

    def end(self, stream: int, *, duration: float | None = None) -> None:
        """No more comes; the last finals come by `poll` or `close`. Ends of many streams batch."""
        self._core.end(stream, duration)

    def close(self, stream: int, *, duration: float | None = None) -> Detections:
        """End a stream, wait for it, return the rest of its finals, and forget it.

        Args:
            duration: of the stream in seconds; default the end of the last snippet.

        Raises:
            ValueError: the stream failed (poll it first to have its earlier finals).
        """
        self._end_if_open(stream, duration)
        self._await(stream)
        self._streams.discard(stream)
        return self._finals(self._core.close(stream, None))

    def drop(self, stream: int) -> None:
        """Forget a stream at once, with what is queued."""
        self._streams.discard(stream)
        self._core.drop(stream)

    def status(self, stream: int) -> str:
        """ "open", "ending", "finished" or "failed"."""
        return self._core.status(stream)

    def statistics(self, stream: int) -> PoolStreamStatistics:
        """Of one stream."""
        return PoolStreamStatistics(**self._core.stream_statistics(stream))

    @property
    def totals(self) -> PoolStatistics:
        """Of the pool."""
        return PoolStatistics(**self._core.statistics())

    def step(self, *, force: bool = False) -> bool:
        """Without a thread: run one batch if one is due, or, forced, if anything is queued."""
        return self._core.step(force)

    def shutdown(self, *, drain: bool = True) -> None:
        """Stop. Drained, every stream is ended and its finals can still be polled and closed.

        Otherwise what is queued is dropped, and streams that had not finished fail.
        """
        if drain:
            for work in (self._end_if_open, self._await):  # all ends first: they share batches
                for stream in sorted(self._streams):
                    with contextlib.suppress(InvalidValue):  # another thread closed it
                        work(stream)
        self._core.shutdown(drain)

    def __enter__(self) -> StreamPool:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self.shutdown(drain=kind is None)

    def _end_if_open(self, stream: int, duration: float | None = None) -> None:
        if self._core.status(stream) == "open":
            self._core.end(stream, duration)

    def _await(self, stream: int) -> None:
        self._sliced(None, lambda wait: self._core.wait(stream, wait))

    def _sliced(self, timeout: float | None, call: Callable[[float], Answer]) -> Answer:
        """`call` with short waits until its answer is true or the time is over."""
        if timeout is not None and not timeout >= 0:
            raise InvalidValue(f"timeout is {timeout}; it must be at least 0 seconds, or None")
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            left = _SLICE_SECONDS if deadline is None else deadline - time.monotonic()
            answer = call(min(max(left, 0.0), _SLICE_SECONDS))
            if answer or left <= 0 or not self._threaded:
                return answer

    def _finals(self, found: Any) -> Detections:
        labels, scores, segments, decided = found
        return Detections(
            labels,
            scores,
            segments,
            mode=self.config.mode,
            classes=self.model.classes,
            decided=decided,
        )

    def _rows(self, features: Any) -> npt.NDArray[np.float32]:
        """(N, F) float32, contiguous; whether they are finite the core judges."""
        if hasattr(features, "detach"):
            features = features.detach().cpu()
            features = features.float().numpy() if features.dtype.is_floating_point else features
        if not isinstance(features, np.ndarray) or not np.issubdtype(features.dtype, np.floating):
            raise InvalidType("features must be a NumPy array or a tensor of floating point")
        if features.ndim != 2:
            raise InvalidValue(
                f"features has shape {features.shape}; it must be (N, {self.model.feature_dim})"
            )
        self.model.metadata.check_feature_dim(features.shape[1], "features")
        with np.errstate(over="ignore"):  # beyond float32 becomes Inf, which is refused
            return np.ascontiguousarray(features, dtype=np.float32)
