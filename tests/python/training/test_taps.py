"""Matrix products and shifted sums against Conv1d: values, and gradients in float64.

Out of scope: speed, and the rounding of bfloat16.
"""

from __future__ import annotations

import pytest
import torch
from torch import nn

from basnet_training import tiles
from basnet_training.taps import shifted_sum, tap_products

LENGTHS = [1, 2, 3, 8]


def layer_and_rows(length: int) -> tuple[nn.Conv1d, torch.Tensor, torch.Tensor]:
    torch.manual_seed(length)
    layer = nn.Conv1d(5, 4, 3, padding=1, bias=False).double()
    rows = torch.randn(2, length, 5, dtype=torch.float64, requires_grad=True)
    weights = torch.rand(2, length, dtype=torch.float64, requires_grad=True)
    return layer, rows, weights


def gradients(out: torch.Tensor, *of: torch.Tensor) -> tuple[torch.Tensor, ...]:
    slope = torch.randn(out.shape, dtype=out.dtype, generator=torch.Generator().manual_seed(0))
    return torch.autograd.grad((out * slope).sum(), of)


@pytest.mark.parametrize("length", LENGTHS)
def test_a_shifted_sum_is_the_convolution(length):
    layer, rows, _ = layer_and_rows(length)
    got = shifted_sum(tap_products(rows, layer))
    want = layer(rows.transpose(1, 2)).transpose(1, 2)
    torch.testing.assert_close(got, want)
    torch.testing.assert_close(
        gradients(got, rows, layer.weight), gradients(want, rows, layer.weight)
    )


@pytest.mark.parametrize("length", LENGTHS)
def test_rows_may_be_weighed_after_the_product(length):
    """Catches weights of the row that is written to in place of the row that is read."""
    layer, rows, weights = layer_and_rows(length)
    got = shifted_sum(tap_products(rows, layer), weights)
    want = layer((rows * weights.unsqueeze(2)).transpose(1, 2)).transpose(1, 2)
    torch.testing.assert_close(got, want)
    for own, expected in zip(
        gradients(got, rows, weights, layer.weight),
        gradients(want, rows, weights, layer.weight),
        strict=True,
    ):
        torch.testing.assert_close(own, expected)


@pytest.mark.parametrize("length", [*LENGTHS, 4, 5, 9])
def test_tiles_are_the_convolution(length):
    layer, rows, _ = layer_and_rows(length)
    got = tiles.Tiled.apply(rows, layer.weight)
    want = layer(rows.transpose(1, 2)).transpose(1, 2)
    # The matrices are float32: a third is no third in float64.
    torch.testing.assert_close(got, want, rtol=1e-5, atol=1e-5)
    for own, expected in zip(
        gradients(got, rows, layer.weight), gradients(want, rows, layer.weight), strict=True
    ):
        torch.testing.assert_close(own, expected, rtol=1e-5, atol=1e-5)


def test_wide_layers_in_float32_take_tiles(monkeypatch):
    taken = []
    monkeypatch.setattr(tiles.Tiled, "apply", lambda rows, weight: taken.append(rows.shape))
    wide, narrow = (nn.Conv1d(size, size, 3, padding=1) for size in (tiles.WIDE, tiles.WIDE - 1))
    rows = torch.zeros(1, 3, tiles.WIDE)
    tiles.convolved(rows, wide)
    tiles.convolved(rows[:, :, 1:], narrow)
    with torch.autocast("cpu", torch.bfloat16):
        tiles.convolved(rows, wide)
    assert taken == [rows.shape]
