"""The 3-tap convolution of a wide layer in training, with half the products.

The outputs of four neighbouring rows come from six products, not twelve: Toom-Cook (Winograd)
F(4, 3), with the matrices of `three_tap`. Gradients take the same products. The rest are passes
over memory, so it pays in wide layers alone. Results are those of the taps, to float32 rounding.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from .taps import shifted_sum, tap_products
from .three_tap import toom_cook

WIDE = 512  # channels in and out, from which tiles are faster
OUTPUTS, INPUTS = 4, 6  # rows of a tile


def convolved(rows: Tensor, layer: nn.Conv1d) -> Tensor:
    """(B, T, F) by a Conv1d of 3 taps to (B, T, H), without bias; rows beyond both ends are 0.

    Tiles are used in wide layers in float32 on the CPU: bfloat16 has no precision to spare, and
    GPUs choose such forms themselves.
    """
    half = torch.is_autocast_enabled(rows.device.type)
    wide = min(layer.in_channels, layer.out_channels) >= WIDE
    if half or not wide or rows.dtype != torch.float32 or rows.device.type != "cpu":
        return shifted_sum(tap_products(rows, layer))
    return cast(Tensor, Tiled.apply(rows, layer.weight))  # type: ignore[no-untyped-call]


class Tiled(torch.autograd.Function):
    """rows (B, T, F) and weight (H, F, 3) to (B, T, H)."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, weight: Tensor) -> Tensor:
        spread, combine, gather = (one.to(rows) for one in toom_cook())
        points = _mixed(spread, _tiles(rows))  # 6, N, F
        taps = weight.permute(2, 0, 1)  # 3, H, F
        matrices = _mixed(combine, taps)  # 6, H, F
        ctx.save_for_backward(points, matrices)
        ctx.rows = rows.shape
        tiles = _mixed(gather, torch.bmm(points, matrices.transpose(1, 2)))  # 4, N, H
        return _joined(tiles, rows.shape[0], rows.shape[1])

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor]:
        points, matrices = ctx.saved_tensors
        spread, combine, gather = (one.to(grad) for one in toom_cook())
        products = _mixed(gather.T, _divided(grad))  # 6, N, H
        of_matrices = torch.bmm(products.transpose(1, 2), points)
        of_weight = _mixed(combine.T, of_matrices).permute(1, 2, 0).contiguous()
        of_tiles = _mixed(spread.T, torch.bmm(products, matrices))
        return _summed(of_tiles, ctx.rows), of_weight


def _mixed(matrix: Tensor, values: Tensor) -> Tensor:
    """(A, B) by (B, N, F) to (A, N, F)."""
    return (matrix @ values.reshape(values.shape[0], -1)).view(-1, *values.shape[1:])


def _count(length: int) -> int:
    """Tiles of a video."""
    return (length + OUTPUTS - 1) // OUTPUTS


def _tiles(rows: Tensor) -> Tensor:
    """(B, T, F) to (6, B * count, F): tile j has the rows from 4 j - 1 on."""
    count = _count(rows.shape[1])
    after = OUTPUTS * count - rows.shape[1] + 1
    padded = F.pad(rows, (0, 0, 1, after))
    end = OUTPUTS * count - OUTPUTS + 1
    each = [padded[:, i : i + end : OUTPUTS] for i in range(INPUTS)]
    return torch.stack(each).reshape(INPUTS, -1, rows.shape[2])


def _summed(tiles: Tensor, shape: torch.Size) -> Tensor:
    """The transpose of `_tiles`."""
    batch, length, channels = shape
    count = _count(length)
    each = tiles.view(INPUTS, batch, count, channels)
    out = tiles.new_zeros(batch, OUTPUTS * (count + 1), channels)
    end = OUTPUTS * count - OUTPUTS + 1
    for i in range(INPUTS):
        out[:, i : i + end : OUTPUTS] += each[i]
    return out[:, 1 : length + 1].contiguous()


def _joined(tiles: Tensor, batch: int, length: int) -> Tensor:
    """(4, B * count, H) to (B, T, H)."""
    each = tiles.view(OUTPUTS, batch, -1, tiles.shape[2]).permute(1, 2, 0, 3)
    return each.reshape(batch, -1, tiles.shape[2])[:, :length]


def _divided(grad: Tensor) -> Tensor:
    """The transpose of `_joined`."""
    batch, length, hidden = grad.shape
    count = _count(length)
    padded = F.pad(grad, (0, 0, 0, OUTPUTS * count - length))
    each = padded.view(batch, count, OUTPUTS, hidden).permute(2, 0, 1, 3)
    return each.reshape(OUTPUTS, -1, hidden)
