"""The network of one stream: it computes each snippet once and keeps its state between chunks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from basnet_rt import _core
from basnet_rt.model.model import Model
from basnet_rt.model.native import NativeModel
from basnet_rt.stream import network_state

if TYPE_CHECKING:
    from torch import Tensor

Float32Array = npt.NDArray[np.float32]


class StreamActivations(NamedTuple):
    """The M snippets that became certain, two behind the input; contiguous float32."""

    activations: Float32Array  # (M, C)
    cas: Float32Array | None  # (M, C+1), raw, background last; None without `with_cas`


class NetworkStream:
    """Runs a bundle's network on one stream: features in, activations out.

    The two 3-tap convolutions see two snippets to each side, so a snippet's activations are
    certain once two more have come; `flush` gives the last two at the end. A call that raises
    leaves the state unchanged.

    Args:
        model: from `load`.
        with_cas: whether to return the raw CAS too.
    """

    def __init__(self, model: Model, *, with_cas: bool = True) -> None:
        self._network: _core.EngineStream | TorchStream = (
            _core.EngineStream(model.core, with_cas)
            if isinstance(model, NativeModel)
            else TorchStream(model, with_cas=with_cas)
        )

    def push(self, features: Float32Array) -> StreamActivations:
        """Process the next snippets, (N, F) float32, finite; N may be 0."""
        return StreamActivations(*self._network.push(features))

    def flush(self) -> StreamActivations:
        """Compute the last snippets of the stream; afterwards it is as new, for use after a gap."""
        return StreamActivations(*self._network.flush())

    def undo(self) -> None:
        """Undo the last `push` or `flush`."""
        self._network.undo()

    def reset(self) -> None:
        """Forget the state: the next snippet is the first of a stream."""
        self._network.reset()

    def save(self) -> bytes:
        """The state as bytes; exact in every dtype, and the same from both engines."""
        return self._network.save()

    def load(self, state: bytes) -> None:
        """Continue from a saved state of the same model.

        Raises:
            ValueError: it is of another model.
        """
        self._network.load(state)


class TorchStream:
    """Runs a TorchScript module's `step` on one stream; methods as in `NetworkStream`."""

    def __init__(self, model: Model, *, with_cas: bool = True) -> None:
        self._model = model
        self._with_cas = with_cas
        self._state = self._before = self._blank()

    def push(self, features: Float32Array) -> StreamActivations:
        import torch

        if len(features) == 0:
            return self._nothing()
        rows = torch.from_numpy(features).to(self._model.device)
        with torch.no_grad():
            return self._take(self._model.module.step(rows.unsqueeze(0), self._state))

    def flush(self) -> StreamActivations:
        import torch

        with torch.no_grad():
            last = self._take(self._model.module.flush(self._state))
        self._state = self._blank()  # a foreign module may return any state
        return last

    def undo(self) -> None:
        self._state = self._before

    def reset(self) -> None:
        self._state = self._blank()

    def save(self) -> bytes:
        return network_state.pack(self._model, self._state)

    def load(self, state: bytes) -> None:
        self._state = network_state.unpack(self._model, state, self._blank())

    def _blank(self) -> list[Tensor]:
        state: list[Tensor] = self._model.module.initial_state(1)
        return state

    def _nothing(self) -> StreamActivations:
        self._before = self._state
        columns = len(self._model.classes)
        raw = np.zeros((0, columns + 1), np.float32) if self._with_cas else None
        return StreamActivations(np.zeros((0, columns), np.float32), raw)

    def _take(self, output: Any) -> StreamActivations:
        activations, _, cas, state = output
        raw = _numpy(cas[0]) if self._with_cas else None
        certain = StreamActivations(_numpy(activations[0]), raw)
        self._before, self._state = self._state, state
        return certain


def _numpy(values: Tensor) -> Float32Array:
    array: Float32Array = values.contiguous().cpu().numpy()
    return array
