"""Makes an I3D network fast on a CPU: batch norm inside the convolutions, oneDNN throughout."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from basnet_rt.extractors.i3d.network import I3d, Unit3d


class OneDnnConv3d(nn.Module):
    """A convolution that oneDNN always computes.

    Conv3d chooses between oneDNN and a slower way by batch size and number of threads; one way
    alone is faster, and a snippet's features do not depend on its company.
    """

    def __init__(self, conv: Any) -> None:
        super().__init__()
        self.weight, self.bias = conv.weight, conv.bias
        self.padding, self.stride, self.dilation = conv.padding, conv.stride, conv.dilation

    def forward(self, x: Tensor) -> Tensor:
        convolve: Any = torch.mkldnn_convolution  # in no type stub
        y: Tensor = convolve(x, self.weight, self.bias, self.padding, self.stride, self.dilation, 1)
        return y


def fold_batch_norm(network: I3d) -> I3d:
    """Multiply the statistics into the weights, in place; equal but for float32 rounding."""
    for unit in network.modules():
        if isinstance(unit, Unit3d):
            fused: Any = fuse_conv_bn_eval
            unit.conv3d, unit.bn = fused(unit.conv3d, unit.bn), nn.Identity()
    return network


def use_onednn(network: I3d) -> I3d:
    """Replace the convolutions of a folded network, in place, where torch has oneDNN."""
    if _has_onednn():
        for unit in network.modules():
            if isinstance(unit, Unit3d):
                unit.conv3d = OneDnnConv3d(unit.conv3d)
    return network


def onednn_computes(dtype: torch.dtype) -> bool:
    """Whether oneDNN has convolutions in `dtype` on this processor; bfloat16 needs AVX-512."""
    if not _has_onednn():
        return False
    one = OneDnnConv3d(nn.Conv3d(1, 1, 1).to(dtype))
    try:
        one(torch.zeros(1, 1, 1, 1, 1, dtype=dtype))
    except RuntimeError:
        return False
    return True


def _has_onednn() -> bool:
    onednn: Any = torch.backends.mkldnn
    return bool(onednn.is_available())
