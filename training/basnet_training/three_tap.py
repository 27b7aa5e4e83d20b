"""A 3-tap convolution in time as matrix products; scripted into the bundle.

Rows are snippets. Two forms give the same numbers to rounding:

- taps: three products, x[t-1] W0 + x[t] W1 + x[t+1] W2;
- tiles: Toom-Cook (Winograd) F(4, 3), four outputs from six inputs with six products, not twelve.
"""

from fractions import Fraction

import torch
from torch import Tensor, nn
from torch.nn import functional as F

# The polynomials are evaluated at these points and at infinity. They keep the rounding error of
# plain taps, in float32 and bfloat16; the usual 0, +-1, +-2 double it.
POINTS = (Fraction(0), Fraction(2, 3), Fraction(-2, 3), Fraction(3, 2), Fraction(-3, 2))

Matrix = list[list[Fraction]]
State = tuple[Tensor, Tensor, list[Tensor], int, bool]


class ThreeTap(nn.Module):
    """(B, N + 2, F) to (B, N, H): a convolution without padding, plus bias.

    Inputs, weights and outputs have one dtype, float32 or bfloat16. A file has only the taps; the
    tiles' matrices are computed when it is loaded.

    Args:
        weight: (H, F, 3), of a Conv1d.
        bias: (H,), of the same.
        dtype: to hold both in.
    """

    bias: Tensor  # H
    taps: Tensor  # H, 3 * F
    inner: Tensor  # 4, H, F; the tiles' matrices but the first and last, which are the outer taps

    def __init__(self, weight: Tensor, bias: Tensor, dtype: torch.dtype) -> None:
        super().__init__()
        spread, combine, gather = toom_cook()
        # Not buffers: they stay float32 when the module is cast.
        self.spread, self.combine, self.gather = spread, combine, gather
        self.width = weight.size(1)
        self.register_buffer("bias", bias.detach().to(dtype))
        taps = weight.detach().to(dtype).transpose(1, 2).reshape(weight.size(0), -1)
        self.register_buffer("taps", taps)
        self.register_buffer("inner", inner_tiles(taps, combine))

    def forward(self, rows: Tensor) -> Tensor:
        outputs = rows.size(1) - 2
        # With few rows, reading the weights takes most of the time, and the taps are half of them.
        if outputs < 4 or rows.size(0) * outputs < 64:
            return self.by_taps(rows)
        return self.by_tiles(rows)

    @torch.jit.export
    def by_taps(self, rows: Tensor) -> Tensor:
        windows = rows.unfold(1, 3, 1).transpose(2, 3)  # B, N, 3, F
        out = rows_product(windows.reshape(-1, 3 * self.width), self.taps, self.bias)
        return out.view(rows.size(0), rows.size(1) - 2, -1)

    @torch.jit.export
    def by_tiles(self, rows: Tensor) -> Tensor:
        batch, outputs = rows.size(0), rows.size(1) - 2
        count = (outputs + 3) // 4
        rows = F.pad(rows, [0, 0, 0, 4 * count - outputs])
        tiles = rows.unfold(1, 6, 4).transpose(2, 3)  # B, count, 6, F
        points = torch.matmul(self.spread.to(rows.device), tiles.float()).to(rows.dtype)
        points = points.view(-1, 6, self.width)  # B * count, 6, F
        products = [F.linear(points[:, 0], self.taps[:, : self.width])]
        for i in range(4):
            products.append(F.linear(points[:, i + 1], self.inner[i]))
        products.append(F.linear(points[:, 5], self.taps[:, 2 * self.width :]))
        flat = torch.stack(products).float().view(6, -1)
        out = torch.matmul(self.gather.to(rows.device), flat)  # 4, B * count * H
        out = out.view(4, batch, count, -1).permute(1, 2, 0, 3) + self.bias.float()
        return out.to(rows.dtype).reshape(batch, 4 * count, -1)[:, :outputs]

    @torch.jit.export
    def __getstate__(self) -> State:
        small = [self.spread, self.combine, self.gather]
        return self.taps, self.bias, small, self.width, self.training

    @torch.jit.export
    def __setstate__(self, state: State) -> None:
        self.taps, self.bias, small, self.width, self.training = state
        self.spread, self.combine, self.gather = small[0], small[1], small[2]
        self.inner = inner_tiles(self.taps, self.combine)


def rows_product(rows: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """(N, F) by weight (H, F) to (N, H), plus bias."""
    # oneDNN multiplies one row of bfloat16, a stream's usual push, more slowly than two.
    if rows.size(0) == 1 and rows.dtype == torch.bfloat16 and not rows.is_cuda:
        return F.linear(F.pad(rows, [0, 0, 0, 1]), weight, bias)[:1]
    return F.linear(rows, weight, bias)


def inner_tiles(taps: Tensor, combine: Tensor) -> Tensor:
    """The matrices (4, H, F) of the points but 0 and infinity, from the taps (H, 3 * F)."""
    mixed = torch.matmul(combine[1:5].to(taps.device), taps.float().view(taps.size(0), 3, -1))
    return mixed.to(taps.dtype).transpose(0, 1).contiguous()


def toom_cook() -> tuple[Tensor, Tensor, Tensor]:
    """(spread (6, 6), combine (6, 3), gather (4, 6)), float32, such that for one channel

        outputs = gather @ ((combine @ taps) * (spread @ inputs))

    is the sliding product of 3 taps with 6 inputs.

    Source: Winograd, "Arithmetic complexity of computations", 1980; computed here in fractions by
    transposing the product of two polynomials that are known by their values at `POINTS`.
    """
    gather = [[point**power for point in POINTS] + [_one(power == 3)] for power in range(4)]
    combine = [[point**power for power in range(3)] for point in POINTS]
    combine.append([_one(power == 2) for power in range(3)])
    spread = [_lagrange(point) for point in POINTS] + [_product(list(POINTS))]
    return _tensor(spread), _tensor(combine), _tensor(gather)


def _lagrange(point: Fraction) -> list[Fraction]:
    """Coefficients of the polynomial that is 1 at `point` and 0 at the others; six of them."""
    others = [other for other in POINTS if other != point]
    scale = Fraction(1)
    for other in others:
        scale *= point - other
    return [c / scale for c in _product(others)] + [Fraction(0)]


def _product(roots: list[Fraction]) -> list[Fraction]:
    """Coefficients, lowest power first, of the product of (x - root)."""
    out = [Fraction(1)]
    for root in roots:
        shifted, scaled = [Fraction(0), *out], [root * c for c in out] + [Fraction(0)]
        out = [a - b for a, b in zip(shifted, scaled, strict=True)]
    return out


def _one(condition: bool) -> Fraction:
    return Fraction(int(condition))


def _tensor(matrix: Matrix) -> Tensor:
    return torch.tensor([[float(value) for value in row] for row in matrix])
