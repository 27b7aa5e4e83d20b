"""A fixed affine layer in front of the network: standardised channels, then their main axes.

A network soon memorises a few videos with thousands of channels; docs/results.md shows the effect
of fewer axes for cctv_fights. The layer is fitted on the training snippets, not learned. It stays a
separate layer: the filter weights its output, and zero padding is added after it.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from basnet_rt import InvalidValue


class InputProjection(nn.Module):
    """(B, T, F) to (B, T, D), `x @ weight.T + bias`; buffers, so it is not optimised."""

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
