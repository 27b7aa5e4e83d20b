"""The network of one stream: each snippet computed once, context carried between chunks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from basnet_rt._errors import InvalidType, InvalidValue
from basnet_rt.model.model import Model
from basnet_rt.stream import network_state

if TYPE_CHECKING:
    from torch import Tensor

_COUNTS = ("num_snippets", "num_zeroed", "first_snippet")

Float32Array = npt.NDArray[np.float32]


class StreamActivations(NamedTuple):
    """What became certain: M snippets, two behind the input; contiguous float32."""

    activations: Float32Array  # (M, C)
    cas: Float32Array  # (M, C+1), raw, background last


class NetworkStream:
    """Runs a bundle's `step` on one stream.

    The two 3-tap convolutions see two snippets to each side, so a snippet's activations are
    certain once two more have come; `flush` gives the last two at the end.

    Args:
        model: from `load`.
        zero_bad_features: NaN and Inf become 0 and are counted, instead of raising.
    """

    def __init__(self, model: Model, *, zero_bad_features: bool = False) -> None:
        self._model = model
        self._zero_bad = zero_bad_features
        self.num_zeroed = 0
        self.num_snippets = 0  # since the start or the last gap
        self.first_snippet = 0  # absolute index of the first of them
        self._state = self._initial_state()

    def push(self, features: Any) -> StreamActivations:
        """Take (N, F) features, N >= 0.

        Raises:
            ValueError: NaN or Inf (names snippet and channel), or not two-dimensional.
            BundleError: F is not the model's.
            TypeError: no array, or not of floating point.
        """
        rows, zeroed = self._rows(features)
        if len(rows) == 0:
            return self._nothing()
        import torch

        with torch.no_grad():
            step = self._model.module.step
            activations, _, cas, state = step(rows.unsqueeze(0), self._state)
        self._state = state
        self.num_snippets += len(rows)
        self.num_zeroed += zeroed
        return StreamActivations(_numpy(activations[0]), _numpy(cas[0]))

    def flush(self) -> StreamActivations:
        """The last snippets of the stream; afterwards it is as new, for what comes after a gap."""
        import torch

        if self.num_snippets == 0:
            return self._nothing()
        with torch.no_grad():
            activations, _, cas, _ = self._model.module.flush(self._state)
        self.reset()
        return StreamActivations(_numpy(activations[0]), _numpy(cas[0]))

    def reset(self) -> None:
        """Forget all context: the next snippet is a first one."""
        self.num_snippets = 0
        self.first_snippet = 0
        self._state = self._initial_state()

    def save(self) -> bytes:
        """The context as bytes; exact in every dtype."""
        counts = {name: getattr(self, name) for name in _COUNTS}
        return network_state.pack(self._model, self._state, **counts)

    def load(self, state: bytes) -> None:
        """Continue from saved context of the same model.

        Raises:
            ValueError: it is of another model.
        """
        loaded, counts = network_state.unpack(self._model, state, self._initial_state(), _COUNTS)
        self._state = loaded
        self.num_snippets, self.num_zeroed, self.first_snippet = counts

    def _initial_state(self) -> list[Tensor]:
        state: list[Tensor] = self._model.module.initial_state(1)
        return state

    def _nothing(self) -> StreamActivations:
        columns = len(self._model.classes)
        return StreamActivations(
            np.zeros((0, columns), np.float32), np.zeros((0, columns + 1), np.float32)
        )

    def _rows(self, features: Any) -> tuple[Tensor, int]:
        import torch

        if isinstance(features, np.ndarray):
            if not np.issubdtype(features.dtype, np.floating):
                raise InvalidType(f"features has dtype {features.dtype}; it must be floating point")
            with np.errstate(over="ignore"):  # beyond float32 becomes Inf, which is refused below
                rows = torch.from_numpy(np.array(features, dtype=np.float32, order="C"))
        elif isinstance(features, torch.Tensor) and features.dtype.is_floating_point:
            rows = features.detach().float()
        else:
            raise InvalidType("features must be a NumPy array or a tensor of floating point")
        if rows.ndim != 2:
            raise InvalidValue(
                f"features has shape {tuple(rows.shape)}; it must be (N, {self._model.feature_dim})"
            )
        self._model.metadata.check_feature_dim(rows.shape[1], "features")
        rows, zeroed = self._finite(rows)
        return rows.to(self._model.device), zeroed

    def _finite(self, rows: Tensor) -> tuple[Tensor, int]:
        good = rows.isfinite()
        if bool(good.all()):
            return rows, 0
        bad = (~good).nonzero()
        if self._zero_bad:
            return rows.where(good, rows.new_zeros(())), len(bad)
        row, channel = bad[0].tolist()
        snippet = self.first_snippet + self.num_snippets + row
        raise InvalidValue(
            f"features: snippet {snippet}, channel {channel} is {rows[row, channel].item()}; "
            "features must be finite"
        )


def _numpy(values: Tensor) -> Float32Array:
    array: Float32Array = values.contiguous().cpu().numpy()
    return array
