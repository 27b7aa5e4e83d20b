"""The network's state of one stream as bytes, exact in every dtype; the core writes them."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from basnet_rt import _core
from basnet_rt.model.model import Model

if TYPE_CHECKING:
    from torch import Tensor

# The arrays after the count of snippets; see `initial_state` in docs/bundle.md. A foreign network
# (`trust_code`) may have another number of arrays; these are named by number.
_NAMES = ("foreground", "rows", "hidden")
_digests: weakref.WeakKeyDictionary[Model, tuple[int, int]] = weakref.WeakKeyDictionary()


def pack(model: Model, state: Sequence[Tensor]) -> bytes:
    """The bytes of one stream's state, whose arrays all have first dimension 1."""
    return _core.save_network_state(weights_digests(model)[0], int(state[0]), _arrays(state))


def unpack(model: Model, state: bytes, like: Sequence[Tensor]) -> list[Tensor]:
    """The inverse of `pack`; tensors have the kinds and devices of `like`.

    Raises:
        ValueError: damaged, or saved with another model.
    """
    import torch

    seen, arrays = _core.load_network_state(state, *weights_digests(model), _arrays(like))
    loaded = [torch.full_like(like[0], seen)]
    for one, old in zip(arrays, like[1:], strict=True):
        loaded.append(torch.from_numpy(one).unsqueeze(0).to(old))
    return loaded


def weights_digests(model: Model) -> tuple[int, int]:
    """Digests of the small weights, so that a state is not used with a network trained differently.

    The second digest is that of states saved by version 0.1.
    """
    if model not in _digests:
        weights = sorted(model.module.state_dict().items())
        _digests[model] = _core.weights_digests([(name, _array(one)) for name, one in weights])
    return _digests[model]


def _arrays(state: Sequence[Tensor]) -> list[tuple[str, Any]]:
    numbered = [f"state {i}" for i in range(1, len(state))]
    names = _NAMES if len(numbered) == len(_NAMES) else numbered
    return [(name, _array(one[0])) for name, one in zip(names, state[1:], strict=True)]


def _array(values: Tensor) -> Any:
    return values.detach().float().contiguous().cpu().numpy()
