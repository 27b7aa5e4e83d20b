"""A fixed affine layer in front of the network: standardised channels, then their main axes.

A few videos of thousands of channels are learned by heart at once; docs/results.md has what fewer
axes do for cctv_fights. The layer is fitted on the training snippets, not learned, and it stays a
layer of its own: the filter weighs what it returns, and zero padding is zero behind it.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from basnet_rt import InvalidValue


class InputProjection(nn.Module):
    """(B, T, F) to (B, T, D), `x @ weight.T + bias`; buffers, so the optimizer leaves it alone."""

    weight: Tensor  # D, F
    bias: Tensor  # D

    def __init__(self, feature_dim: int, dim: int) -> None:
        super().__init__()
        if not 1 <= dim <= feature_dim:
            raise InvalidValue(f"projection_dim: expected 1 to {feature_dim}, got {dim}")
        self.register_buffer("weight", torch.eye(dim, feature_dim))
        self.register_buffer("bias", torch.zeros(dim))

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight, self.bias)
