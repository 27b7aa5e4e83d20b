"""The 3-tap convolutions of training as one matrix product and a sum of shifted rows.

A product is linear in its rows, so rows can be weighted before or after it. Both branches have the
same rows, weighted by the foreground in one of them. So the largest product of the network, and its
gradient, is computed once for both. In bfloat16 the three taps are rounded before their sum.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def tap_products(rows: Tensor, convolution: nn.Conv1d) -> Tensor:
    """(B, T, F) by a Conv1d of 3 taps to (B, T, 3, H): what each row adds to its neighbours."""
    weight = convolution.weight  # H, F, 3
    flat = weight.permute(2, 0, 1).reshape(-1, weight.shape[1])  # 3 * H, F
    made: Tensor = F.linear(rows, flat)
    return made.reshape(*made.shape[:2], 3, weight.shape[0])


def shifted_sum(products: Tensor, row_weights: Tensor | None = None) -> Tensor:
    """(B, T, H): row t is products[t - 1, 0] + products[t, 1] + products[t + 1, 2].

    Rows beyond both ends are zero. With `row_weights` (B, T), rows are weighted by them.
    """
    if row_weights is None:
        return cast(Tensor, _Shifted.apply(products))  # type: ignore[no-untyped-call]
    weights = row_weights.unsqueeze(2).to(products.dtype)
    return cast(Tensor, _WeighedShifted.apply(products, weights))  # type: ignore[no-untyped-call]


class _Shifted(torch.autograd.Function):
    """The shifted sum with its own gradient: a plain sum of slices would keep three copies."""

    @staticmethod
    def forward(ctx: Any, products: Tensor) -> Tensor:
        out = products[:, :, 1].clone()
        out[:, 1:] += products[:, :-1, 0]
        out[:, :-1] += products[:, 1:, 2]
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        return _spread(grad)


class _WeighedShifted(torch.autograd.Function):
    """products (B, T, 3, H), weights (B, T, 1)."""

    @staticmethod
    def forward(ctx: Any, products: Tensor, weights: Tensor) -> Tensor:
        ctx.save_for_backward(products, weights)
        out = products[:, :, 1] * weights
        out[:, 1:].addcmul_(products[:, :-1, 0], weights[:, :-1])
        out[:, :-1].addcmul_(products[:, 1:, 2], weights[:, 1:])
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor]:
        products, weights = ctx.saved_tensors
        spread = _spread(grad)
        of_weights = torch.einsum("btkh,btkh->bt", spread, products).unsqueeze(2)
        return spread.mul_(weights.unsqueeze(3)), of_weights


def _spread(grad: Tensor) -> Tensor:
    """(B, T, H) to (B, T, 3, H), the transpose of the shifted sum."""
    batch, rows, hidden = grad.shape
    out = grad.new_zeros(batch, rows, 3, hidden)
    out[:, :, 1] = grad
    out[:, :-1, 0] = grad[:, 1:]
    out[:, 1:, 2] = grad[:, :-1]
    return out
