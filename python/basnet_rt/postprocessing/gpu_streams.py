"""Post-processing of many streams on a GPU, one step for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from basnet_rt import _core
from basnet_rt._errors import InvalidType, InvalidValue
from basnet_rt.config import PostprocessConfig
from basnet_rt.postprocessing import gpu_arrays as arrays
from basnet_rt.postprocessing.arrays import as_bytes, as_count, as_number
from basnet_rt.postprocessing.backend_choice import CUDA
from basnet_rt.results import Detections

Slots = Sequence[int] | npt.NDArray[np.int64]


@dataclass(frozen=True)
class StreamStep:
    """The result of one step.

    Attributes:
        finals: by slot, for slots with new finals; as from StreamPostprocessor.
        errors: by slot, for slots whose input was refused; these slots are unchanged.
        num_snippets: snippets seen so far by each slot of the call, in its order.
    """

    finals: dict[int, Detections]
    errors: dict[int, InvalidValue]
    num_snippets: npt.NDArray[np.int64]


class CudaStreams:
    """`StreamPostprocessor` for many streams at once, with their state in device memory.

    Args:
        config: mode "continuous" with a max_duration, normalisation "fixed" or "horizon" and gate
            "none" or "horizon".
        num_classes: C.
        snippet_seconds: distance between snippet starts, in seconds.
        max_streams: slots, numbered from 0.
        max_rows: most new snippets of one stream in a step.
        device: index of the CUDA device.

    Work runs on torch's current stream of that device; every call waits for it. Use one object from
    one thread at a time.

    Raises:
        BackendUnavailable: no CUDA backend, or no such device, driver or memory.
        ValueError: the settings do not fit streams.
    """

    def __init__(
        self,
        config: PostprocessConfig,
        *,
        num_classes: int,
        snippet_seconds: float,
        max_streams: int,
        max_rows: int = 1,
        device: int = 0,
    ) -> None:
        if not isinstance(config, PostprocessConfig):
            raise InvalidType(f"config is a {type(config).__name__}; it must be PostprocessConfig")
        self.config, self.device = config, as_count(device, "device")
        self._core = _core.CudaStreamPostprocessor(
            config.native,
            as_count(num_classes, "num_classes"),
            as_number(snippet_seconds, "snippet_seconds"),
            as_count(max_streams, "max_streams"),
            as_count(max_rows, "max_rows"),
            self.device,
        )

    @property
    def state_bytes(self) -> int:
        """Device memory of all slots."""
        return self._core.state_bytes

    def push(
        self, slots: Slots, activations: Any, *, counts: Slots | None = None, raw_cas: Any = None
    ) -> StreamStep:
        """Process the next snippets of some streams.

        Args:
            slots: each at most once.
            activations: (sum of counts, C) float32 on the device, streams concatenated.
            counts: snippets of each; default one.
            raw_cas: (sum of counts, C+1), for gate "horizon".
        """
        return self._step(slots, counts, activations=activations, raw_cas=raw_cas)

    def gap(self, slots: Slots, snippets: int) -> StreamStep:
        """Declare that `snippets` >= 1 snippets are missing in each of these streams."""
        return self._step(slots, mark="gap", gap=as_count(snippets, "snippets"))

    def finish(self, slots: Slots, *, duration: float | None = None) -> StreamStep:
        """End streams; a slot accepts snippets again after `reset`."""
        return self._step(slots, mark="finish", duration=duration)

    def pending(self, slots: Slots) -> StreamStep:
        """The detections that `finish` would add now: provisional, by falling score."""
        found = self._step(slots, mark="pending")
        finals = {slot: _by_score(one) for slot, one in found.finals.items()}
        return StreamStep(finals, found.errors, found.num_snippets)

    def reset(self, slots: Slots) -> None:
        """Start new streams in these slots."""
        self._step(slots, fresh=True)

    def save(self, slot: int) -> bytes:
        """A stream's state; `StreamPostprocessor.load` can read it too."""
        return self._core.save(as_count(slot, "slot"), arrays.current_stream(self.device))

    def load(self, slot: int, state: bytes) -> None:
        """Let a slot continue from a state saved here or by a StreamPostprocessor."""
        stream = arrays.current_stream(self.device)
        self._core.load(as_count(slot, "slot"), as_bytes(state, "state"), stream)

    def _step(
        self,
        slots: Slots,
        counts: Slots | None = None,
        *,
        mark: str = "none",
        fresh: bool = False,
        gap: int = 0,
        duration: float | None = None,
        activations: Any = None,
        raw_cas: Any = None,
    ) -> StreamStep:
        chosen = _whole_numbers(slots, "slots")
        rows = np.ones_like(chosen) if activations is not None else np.zeros_like(chosen)
        if counts is not None:
            rows = _whole_numbers(counts, "counts")
        stream = arrays.current_stream(self.device)
        rows_of, raw_of = (
            None if value is None else arrays.capsule(value, name, stream)
            for name, value in (("activations", activations), ("raw_cas", raw_cas))
        )
        seconds = None if duration is None else as_number(duration, "duration")
        begins = np.full(len(chosen), fresh)
        found = self._core.step(chosen, rows, begins, mark, gap, seconds, rows_of, raw_of, stream)
        return _by_slot(chosen, found)


def _by_slot(slots: npt.NDArray[np.int64], found: Any) -> StreamStep:
    places, labels, scores, segments, decided, num_snippets, errors = found
    finals = {}
    begins = np.flatnonzero(np.diff(places, prepend=-1))
    ends = np.flatnonzero(np.diff(places, append=-1)) + 1
    for begin, end in zip(begins, ends, strict=True):
        finals[int(slots[places[begin]])] = Detections(
            labels[begin:end],
            scores[begin:end],
            segments[begin:end],
            decided=decided[begin:end],
            backend=CUDA,
        )
    refused = {int(slots[place]): InvalidValue(text) for place, text in errors}
    return StreamStep(finals, refused, num_snippets)


def _by_score(found: Detections) -> Detections:
    """Sort as `Detections`: by falling score, then start, end, label."""
    starts, ends = found.segments[:, 0], found.segments[:, 1]
    order = np.lexsort((found.labels, ends, starts, -found.scores))
    return Detections(found.labels[order], found.scores[order], found.segments[order], backend=CUDA)


def _whole_numbers(values: Slots, name: str) -> npt.NDArray[np.int64]:
    numbers = np.asarray(values)
    if numbers.ndim != 1 or not (len(numbers) == 0 or np.issubdtype(numbers.dtype, np.integer)):
        raise InvalidType(f"{name} must be a list of whole numbers")
    return np.ascontiguousarray(numbers, np.int64)
