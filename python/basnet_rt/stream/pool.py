"""Many live streams, one network batch."""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Callable
from types import TracebackType
from typing import Any

from basnet_rt import _core
from basnet_rt._errors import Error, InvalidValue
from basnet_rt.config import PostprocessConfig
from basnet_rt.model.model import Model
from basnet_rt.model.native import NativeModel
from basnet_rt.postprocessing.arrays import as_bytes, as_count, as_number
from basnet_rt.postprocessing.backend_choice import CPU, CUDA, chosen_backend
from basnet_rt.postprocessing.onsets import Alarm, Onset
from basnet_rt.results import Detections
from basnet_rt.stream.calls import Answer, alarm_values, check_kinds, feature_rows, sliced
from basnet_rt.stream.pool_network import ModelNetwork, PoolNetwork
from basnet_rt.stream.statistics import PoolStatistics, PoolStreamStatistics


class StreamFull(Error):  # noqa: N818
    """A stream's queue had no room in time; no snippet of the chunk was queued."""


class StreamPool:
    """Localizes actions in many streams of features at once.

    The streams share the network's batches, so the weights are read once for all of them. A batch
    runs as soon as it is full, every open stream waits in it, or its oldest snippet has waited
    `max_delay`; the pool's own thread runs it. Streams take turns, so a long queue never delays
    other streams by more than one batch. For the same activations, each stream's finals equal those
    of a `StreamPostprocessor` of its own, bit for bit, whatever the batches were.

    Any thread may call any method. A forked child process cannot use a pool with a thread of its
    parent; make one there. At the end of a `with` block the pool is drained, or discarded
    after an exception.

    Args:
        model: from `load`.
        config: post-processing; None takes the bundle's own.
        alarm: when to report onsets of every stream; None reports none.
        max_batch: most snippets in one call of the network.
        max_delay: seconds that a snippet may wait for a full batch.
        max_queue: snippets that may wait per stream; then `push` waits.
        max_streams: streams open at once.
        zero_bad_features: NaN and Inf become 0 and are counted, instead of raising.
        threaded: False: the pool has no thread; call `step`.
        clock: seconds, for a pool without a thread.
        network: used instead of the bundle's network; such as a client of a remote one.
        backend: the backend that post-processes streams, "cpu" or "cuda"; BASNET_RT_FORCE_BACKEND
            overrides it. "cuda" accepts the settings of `CudaStreams` and allocates memory for
            `max_streams` at once; the activations of a model on a GPU stay there.

    Raises:
        ValueError: a setting is wrong or does not fit a stream, and the message names it; or, by
            any method, the pool has a thread and was made before the process forked.
        BackendUnavailable: backend "cuda" cannot be used.
    """

    def __init__(
        self,
        model: Model,
        config: PostprocessConfig | None = None,
        *,
        alarm: Alarm | None = None,
        max_batch: int = 64,
        max_delay: float = 0.01,
        max_queue: int = 256,
        max_streams: int = 4096,
        zero_bad_features: bool = False,
        threaded: bool = True,
        clock: Callable[[], float] | None = None,
        network: PoolNetwork | None = None,
        backend: str = CPU,
    ) -> None:
        check_kinds(model, config, alarm)
        self._backend = chosen_backend(backend)
        gpu = (model.device.index or 0) if self._backend == CUDA else None
        self.model = model
        self.config = model.config if config is None else config
        # An alarm needs activations on the host.
        on_device = gpu is not None and model.device.type == CUDA and alarm is None
        if network is None:
            network = _own_network(model, self.config.gate != "none", on_device)
        self._core = _core.StreamPool(
            network,
            self.config.native,
            len(model.classes),
            model.feature_dim,
            model.metadata.snippet_seconds,
            max_batch=as_count(max_batch, "max_batch"),
            max_delay=as_number(max_delay, "max_delay"),
            max_queue=as_count(max_queue, "max_queue"),
            max_streams=as_count(max_streams, "max_streams"),
            zero_bad_features=zero_bad_features,
            threaded=threaded,
            clock=clock,
            alarm=alarm_values(alarm, model.classes),
            device=gpu,
        )
        self._threaded = threaded
        self._streams: set[int] = set()
        # The thread must end before the interpreter does.
        self._finalizer = weakref.finalize(self, self._core.shutdown, False)

    def open(self) -> int:
        """Open a stream and return its number, which is never used twice.

        Raises:
            ValueError: `max_streams` are open, or the pool is shut down.
        """
        stream = self._core.open()
        self._streams.add(stream)
        return stream

    def push(self, stream: int, features: Any, *, timeout: float | None = None) -> Detections:
        """Queue the next (N, F) snippets, all or none, and return the finals since the last call.

        There is room if queue and chunk together hold at most `max_queue` snippets. An empty queue
        takes any chunk.

        Args:
            timeout: seconds to wait for room; None: as long as it takes; 0: not at all. A pool
                without a thread never waits.

        Raises:
            StreamFull: there was no room in time.
            ValueError: NaN or Inf (names stream, snippet and channel), a wrong shape, or the stream
                has ended or failed (the message gives the reason). Other streams continue.
            BundleError: features of another dimension than the model's.
        """
        rows = feature_rows(features, self.model.metadata)
        if not self._sliced(
            timeout, lambda wait: self._core.push(as_count(stream, "stream"), rows, wait)
        ):
            raise StreamFull(f"stream {stream}: no room for {len(rows)} snippets in its queue")
        return self._finals(self._core.poll(as_count(stream, "stream")))

    def poll(self, stream: int) -> Detections:
        """The finals since the last call; if a failed stream has none left, raises its error."""
        return self._finals(self._core.poll(as_count(stream, "stream")))

    def onsets(self, stream: int) -> list[Onset]:
        """Onsets since the last call; errors as in `poll`. `close` forgets onsets not taken."""
        classes = self.model.classes
        return [
            Onset(one[0], classes[one[0]], *one[1:])
            for one in self._core.onsets(as_count(stream, "stream"))
        ]

    def save(self, stream: int) -> bytes:
        """The whole state of a stream, with a version and a checksum; the stream continues.

        The state has the network's state, open roots, the queue, and the finals and onsets that are
        not taken yet (`push` takes finals too). This waits for the running batch.

        Raises:
            ValueError: the stream failed, or `network` has no `save`.
        """
        return self._core.save(as_count(stream, "stream"))

    def restore(self, state: bytes) -> int:
        """Open a stream that continues from a saved state, and return its new number.

        Raises:
            ValueError: the bytes are damaged or of another version, model, config or alarm; or
                `max_streams` are open.
        """
        stream = self._core.restore(as_bytes(state, "state"))
        self._streams.add(stream)
        return stream

    def ready(self, *, timeout: float | None = 0.0) -> list[int]:
        """Streams that have results to poll, are finished, or failed; waits `timeout` for one."""
        return self._sliced(timeout, self._core.ready)

    def pending(self, stream: int) -> Detections:
        """The detections that `end` would add for the snippets computed so far; provisional."""
        labels, scores, segments = self._core.pending(as_count(stream, "stream"))
        open_now = Detections(
            labels, scores, segments, mode=self.config.mode, backend=self._backend
        )
        return self.model.described(open_now, self.config)

    def gap(self, stream: int, snippets: int) -> None:
        """Declare `snippets` missing ones: open roots close as at a video's end."""
        self._core.gap(as_count(stream, "stream"), as_count(snippets, "snippets"))

    def end(self, stream: int, *, duration: float | None = None) -> None:
        """End the input; `poll` or `close` gives the last finals. Several ends share a batch."""
        self._core.end(as_count(stream, "stream"), duration)

    def wait(self, stream: int, *, timeout: float | None = None) -> bool:
        """Wait for an ended stream; returns whether it is finished or failed."""
        return self._sliced(timeout, lambda wait: self._core.wait(as_count(stream, "stream"), wait))

    def close(self, stream: int, *, duration: float | None = None) -> Detections:
        """End a stream, wait for it, return its remaining finals, and forget it.

        Args:
            duration: of the stream in seconds; default the end of the last snippet.

        Raises:
            ValueError: the stream failed (call `poll` before, to get its earlier finals).
        """
        self._end_if_open(stream, duration)
        self.wait(stream)
        self._streams.discard(stream)
        return self._finals(self._core.close(as_count(stream, "stream"), None))

    def drop(self, stream: int) -> None:
        """Forget a stream and its queue at once."""
        self._streams.discard(stream)
        self._core.drop(as_count(stream, "stream"))

    def status(self, stream: int) -> str:
        """ "open", "ending", "finished" or "failed"."""
        return self._core.status(as_count(stream, "stream"))

    def statistics(self, stream: int) -> PoolStreamStatistics:
        """Statistics of one stream."""
        return PoolStreamStatistics(**self._core.stream_statistics(as_count(stream, "stream")))

    @property
    def totals(self) -> PoolStatistics:
        """Statistics of the pool."""
        return PoolStatistics(**self._core.statistics())

    def step(self, *, force: bool = False) -> bool:
        """Without a thread: run a batch if one is due, or with `force` if anything is queued."""
        return self._core.step(force)

    def shutdown(self, *, drain: bool = True) -> None:
        """Stop the pool. With `drain`, every stream is ended; it can still be polled and closed.

        Without `drain`, queued snippets are dropped, and streams that had not finished fail.
        """
        if drain:
            for work in (self._end_if_open, self.wait):  # all ends first: they share batches
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
        if self._core.status(as_count(stream, "stream")) == "open":
            self._core.end(as_count(stream, "stream"), duration)

    def _sliced(self, timeout: float | None, call: Callable[[float], Answer]) -> Answer:
        return sliced(timeout, call, waits=self._threaded)

    def _finals(self, found: Any) -> Detections:
        labels, scores, segments, decided = found
        finals = Detections(
            labels,
            scores,
            segments,
            mode=self.config.mode,
            decided=decided,
            backend=self._backend,
        )
        return self.model.described(finals, self.config)


def _own_network(model: Model, with_cas: bool, on_device: bool) -> Any:
    """The network of the model: a native one runs in the core, which also calls torch's."""
    if isinstance(model, NativeModel):
        return model.core
    return ModelNetwork(model, with_cas=with_cas, on_device=on_device)
