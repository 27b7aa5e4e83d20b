"""Both forms of the 3-tap product, against Conv1d in float64."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from basnet_training.three_tap import ThreeTap, toom_cook

# Outputs: one, around one tile of four, around the length from which tiles are used, a video.
LENGTHS = [1, 2, 3, 4, 5, 63, 64, 65, 750]
# Of the largest output. Measured are 5e-7 and 9e-3 (the plain products: 3e-7 and 6e-3); another
# dtype, or tiles of the customary points in bfloat16, would not pass.
TOLERANCE = {torch.float32: 1e-6, torch.bfloat16: 1.5e-2}


def make(dtype: torch.dtype) -> tuple[torch.nn.Conv1d, ThreeTap]:
    torch.manual_seed(0)
    conv = torch.nn.Conv1d(40, 24, 3)
    return conv, ThreeTap(conv.weight, conv.bias, dtype)


@pytest.mark.parametrize("form", ["by_taps", "by_tiles", "forward"])
@pytest.mark.parametrize("dtype", list(TOLERANCE))
@pytest.mark.parametrize("outputs", LENGTHS)
@torch.no_grad()
def test_forms_equal_a_convolution(form, dtype, outputs):
    conv, product = make(dtype)
    rows = torch.randn(2, outputs + 2, 40, generator=torch.Generator().manual_seed(outputs))
    weight, bias = conv.weight.double(), conv.bias.double()
    want = F.conv1d(rows.double().transpose(1, 2), weight, bias).transpose(1, 2)
    got = getattr(product, form)(rows.to(dtype))
    assert got.dtype == dtype
    assert got.shape == want.shape
    assert float((got.double() - want).abs().max() / want.abs().max()) < TOLERANCE[dtype]


def test_tile_matrices_are_the_sliding_product():
    spread, combine, gather = (matrix.double() for matrix in toom_cook())
    generator = torch.Generator().manual_seed(0)
    for _ in range(10):
        inputs = torch.randn(6, generator=generator, dtype=torch.float64)
        taps = torch.randn(3, generator=generator, dtype=torch.float64)
        want = torch.stack([(inputs[i : i + 3] * taps).sum() for i in range(4)])
        torch.testing.assert_close(
            gather @ ((combine @ taps) * (spread @ inputs)), want, atol=1e-6, rtol=0
        )


def test_the_outer_tiles_are_the_outer_taps():
    """`by_taps` relies on it, and so does what a file stores."""
    _, combine, _ = toom_cook()
    assert combine[0].tolist() == [1, 0, 0]
    assert combine[5].tolist() == [0, 0, 1]
