"""The network's context of one stream as bytes, exact in every dtype."""

from __future__ import annotations

import io
import weakref
import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from basnet_rt._errors import InvalidValue
from basnet_rt.model.model import Model

if TYPE_CHECKING:
    from torch import Tensor

# A model is told from another of its shape by its small weights: biases, classifier.
_SMALL = 1 << 18
_digests: weakref.WeakKeyDictionary[Model, int] = weakref.WeakKeyDictionary()


def pack(model: Model, state: Sequence[Tensor], **counts: int) -> bytes:
    """`state` of one stream, first dimension 1 everywhere, and numbers that go with it."""
    numbers = {"weights": weights_digest(model), **counts}
    arrays: dict[str, Any] = {name: np.int64(value) for name, value in numbers.items()}
    for i, one in enumerate(state):
        exact = one.float() if one.dtype.is_floating_point else one
        arrays[f"state_{i}"] = exact.cpu().numpy()
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def unpack(
    model: Model, state: bytes, like: Sequence[Tensor], names: Sequence[str]
) -> tuple[list[Tensor], list[int]]:
    """What `pack` was given; tensors of the kinds and devices of `like`.

    Raises:
        ValueError: it was saved with another model.
    """
    import torch

    with np.load(io.BytesIO(state), allow_pickle=False) as arrays:
        loaded = [torch.from_numpy(arrays[f"state_{i}"]) for i in range(len(like))]
        digest = int(arrays["weights"])
        counts = [int(arrays[name]) for name in names]
    for new, old in zip(loaded, like, strict=True):
        if new.shape != old.shape:
            raise InvalidValue(
                f"saved network state has shape {tuple(new.shape)}; this model's is "
                f"{tuple(old.shape)}: it was saved with another model"
            )
    if digest != weights_digest(model):
        raise InvalidValue(
            "saved network state is of other weights: it was saved with another model"
        )
    return [new.to(old) for new, old in zip(loaded, like, strict=True)], counts


def weights_digest(model: Model) -> int:
    """Of the small weights, so that a state does not go on with another training's network."""
    if model not in _digests:
        digest = 0
        for name, value in sorted(model.module.state_dict().items()):
            if value.numel() <= _SMALL:
                digest = zlib.crc32(name.encode(), digest)
                digest = zlib.crc32(value.float().cpu().numpy().tobytes(), digest)
        _digests[model] = digest
    return _digests[model]
