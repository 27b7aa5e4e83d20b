"""The network of a pool: a bundle's `step` on many streams at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from basnet_rt.model.model import Model
from basnet_rt.postprocessing import gpu_arrays as arrays
from basnet_rt.stream import network_state

if TYPE_CHECKING:
    from torch import Tensor

Int64Array = npt.NDArray[np.int64]
UInt8Array = npt.NDArray[np.uint8]
Float32Array = npt.NDArray[np.float32]

# activations (B, M, C), raw CAS (B, M, C+1) or None if no gate uses it, counts (B,): a slot with
# fewer than M rows has them at the end. In a pool that post-processes on a GPU there may be a
# fourth part, a CUDA stream; the first two are then DLPack capsules of arrays that it writes.
SlotActivations = (
    tuple[Float32Array, Float32Array | None, Int64Array] | tuple[Any, Any, Int64Array, int]
)

REACH = 2  # snippets that a bundle's network sees to each side


class PoolNetwork(Protocol):
    """The network that a `StreamPool` calls, one thread at a time; it must not call its pool.

    A slot holds one stream's state. A call that raises must leave every slot unchanged. The pool
    then calls again for each slot of the batch alone, so that only streams with an error fail.
    """

    def step(self, slots: Int64Array, fresh: UInt8Array, features: Float32Array) -> SlotActivations:
        """Compute the next snippets of some slots.

        Args:
            slots: (B,), distinct.
            fresh: (B,), 1 if a new stream begins: forget the slot's old state.
            features: (B, N, F), finite.
        """
        ...

    def flush(self, slots: Int64Array) -> SlotActivations:
        """Compute the last snippets of some slots; their next `step` has `fresh` set."""
        ...

    # Needed only to save and restore streams:
    #   save(slot: int) -> bytes            the state of a slot, after its first step
    #   load(slot: int, state: bytes)       continues from a state; raises for a foreign one


class ModelNetwork:
    """A bundle's network with the states of all slots stacked; a batch gathers and scatters them.

    Args:
        model: from `load`.
        with_cas: whether to return the raw CAS too.
        on_device: outputs stay on the model's GPU.
    """

    def __init__(self, model: Model, *, with_cas: bool, on_device: bool = False) -> None:
        self._model = model
        self._on_device = on_device
        self._with_cas = with_cas
        self._blank: list[Tensor] = model.module.initial_state(1)
        self._states = [one.clone() for one in self._blank]  # (slots, ...) each
        self._seen = np.zeros(1, np.int64)  # snippets since each slot was fresh

    def step(self, slots: Int64Array, fresh: UInt8Array, features: Float32Array) -> SlotActivations:
        import torch

        self._make_room(int(slots.max()) + 1)
        with torch.no_grad():
            index = self._index(slots)
            state = self._gather(index, fresh)
            rows = torch.from_numpy(features).to(self._model.device)
            activations, _, cas, state = self._model.module.step(rows, state)
            for kept, new in zip(self._states, state, strict=True):
                kept.index_copy_(0, index, new)
        before = np.where(fresh != 0, 0, self._seen[slots])
        self._seen[slots] = before + features.shape[1]
        counts = np.clip(before + features.shape[1] - REACH, 0, features.shape[1])
        return self._answer(activations, cas, counts)

    def flush(self, slots: Int64Array) -> SlotActivations:
        import torch

        with torch.no_grad():
            index = self._index(slots)
            state = [one.index_select(0, index) for one in self._states]
            activations, _, cas, _ = self._model.module.flush(state)
        return self._answer(activations, cas, np.minimum(self._seen[slots], REACH))

    def save(self, slot: int) -> bytes:
        """The state of one slot as bytes."""
        state = [one[slot : slot + 1] for one in self._states]
        return network_state.pack(self._model, state)

    def load(self, slot: int, state: bytes) -> None:
        """Let a slot continue from a saved state of the same model.

        Raises:
            ValueError: it is of another model.
        """
        loaded = network_state.unpack(self._model, state, self._blank)
        self._make_room(slot + 1)
        self._seen[slot] = int(loaded[0])
        for kept, new in zip(self._states, loaded, strict=True):
            kept[slot] = new[0]

    def _index(self, slots: Int64Array) -> Tensor:
        import torch

        return torch.from_numpy(slots).to(self._model.device)

    def _gather(self, index: Tensor, fresh: UInt8Array) -> list[Tensor]:
        import torch

        state = [one.index_select(0, index) for one in self._states]
        if fresh.any():
            begins = torch.from_numpy(fresh).bool().to(self._model.device)
            for one, blank in zip(state, self._blank, strict=True):
                one[begins] = blank
        return state

    def _make_room(self, slots: int) -> None:
        """Double the number of slots, so that opening streams one by one stays cheap."""
        import torch

        while len(self._seen) < slots:
            self._seen = np.concatenate([self._seen, np.zeros_like(self._seen)])
            self._states = [torch.cat([one, torch.zeros_like(one)]) for one in self._states]

    def _answer(self, activations: Tensor, cas: Tensor, counts: Int64Array) -> SlotActivations:
        if not self._on_device:
            return _numpy(activations), _numpy(cas) if self._with_cas else None, counts
        stream = arrays.current_stream(arrays.gpu_of(activations))
        raw = arrays.capsule(cas.contiguous(), "cas", stream) if self._with_cas else None
        return arrays.capsule(activations.contiguous(), "activations", stream), raw, counts, stream


def _numpy(values: Tensor) -> Any:
    return values.contiguous().cpu().numpy()
