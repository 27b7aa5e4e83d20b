"""Converts (B, T, H, W, C) to the order of axes of a network, and its outputs to rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from basnet_rt._errors import BundleError
from basnet_rt.extractors.backbone.contract import Contract

_ORDERS = {
    "B C T H W": (0, 4, 1, 2, 3),
    "B T C H W": (0, 1, 4, 2, 3),
    "B T H W C": (0, 1, 2, 3, 4),
    "B C H W": (0, 1, 4, 2, 3),  # then B and T become one axis
}
_POOLS: dict[str, Any] = {"mean": np.mean, "max": np.max}


def arrange(values: np.ndarray, layout: str) -> np.ndarray:
    """(B, T, H, W, C) float32 in the network's layout, C-contiguous. "B C H W" gives B * T images,
    with the images of a snippet one after the other.
    """
    arranged = np.ascontiguousarray(values.transpose(_ORDERS[layout]))
    return arranged.reshape(-1, *arranged.shape[2:]) if layout == "B C H W" else arranged


def input_shape(contract: Contract) -> tuple[int, int, int, int, int]:
    """(1, T, H, W, C) of one snippet; if the frame's shape is free, it is square."""
    frames = contract.frame_format
    side = frames.short_side or 224
    height, width = contract.crop_size or (frames.height or side, frames.width or side)
    return 1, contract.num_pictures, height, width, contract.pictures.channels


def rows_of(output: np.ndarray, contract: Contract, num_snippets: int) -> np.ndarray:
    """(B, F) float32 from the output with the features.

    Raises:
        BundleError: its shape does not fit the contract.
    """
    images = contract.layout == "B C H W"
    count = num_snippets * (contract.num_pictures if images else 1)
    rows = _pooled(output, contract, count).astype(np.float32, copy=False)
    if images:
        pool = _POOLS[contract.output.pooling]
        rows = pool(rows.reshape(num_snippets, -1, rows.shape[1]), axis=1)
    return rows


def chosen(outputs: Any, which: int | str | None) -> Any:
    """The output that the contract names.

    Args:
        outputs: a tensor, or several in a tuple, list or dictionary.

    Raises:
        BundleError: no output has that index or name, or there are several and none is named.
    """
    if isinstance(outputs, dict):
        names = ", ".join(map(str, outputs))
        if which not in outputs:
            raise BundleError(f"output.which: the network gives {names}; got {which!r}")
        return outputs[which]
    if not isinstance(outputs, (tuple, list)):
        outputs = [outputs]
    if which is None and len(outputs) == 1:
        which = 0
    if not isinstance(which, int) or not -len(outputs) <= which < len(outputs):
        raise BundleError(
            f"output.which: expected an index below {len(outputs)}, the number of outputs, "
            f"got {which!r}"
        )
    return outputs[which]


def _pooled(output: np.ndarray, contract: Contract, count: int) -> np.ndarray:
    """(count, F): means or maxima over every axis but the batch's and the channels'."""
    axis, pooling = contract.output.axis, contract.output.pooling
    shape, said = output.shape, f"the network gives an output of shape {output.shape}"
    if output.ndim < 2 or not -output.ndim < axis < output.ndim or axis == 0:
        raise BundleError(f"output.axis {axis}: {said}")
    if shape[0] != count or shape[axis] != contract.feature_dim:
        raise BundleError(
            f"{said}; expected {count} along axis 0 and feature_dim {contract.feature_dim} along "
            f"axis {axis}"
        )
    rows = np.moveaxis(output, axis, 1).reshape(count, contract.feature_dim, -1)
    if pooling == "none" and rows.shape[2] != 1:
        raise BundleError(f"output.pooling 'none': {said}, more than one number a channel")
    pool = _POOLS["mean" if pooling == "none" else pooling]
    pooled: np.ndarray = pool(rows.astype(np.float32, copy=False), axis=2)
    return pooled
