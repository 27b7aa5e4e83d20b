"""EfficientNet-Lite0, written from its papers, with the names of the PyTorch weights on the index.

Tan and Le, "EfficientNet", ICML 2019 (arXiv:1905.11946), table 1; the Lite form has no
squeeze-and-excitation, and ReLU6 for swish.
"""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor, nn
from torch.nn import functional as F

FEATURE_DIM = 1280
# Expansion, channels, blocks, stride of the first block, kernel.
_STAGES = (
    (1, 16, 1, 1, 3),
    (6, 24, 2, 2, 3),
    (6, 40, 2, 2, 5),
    (6, 80, 3, 2, 3),
    (6, 112, 3, 1, 5),
    (6, 192, 4, 2, 5),
    (6, 320, 1, 1, 3),
)
_STEM = 32


class EfficientNetLite0(nn.Module):
    """Pictures (B, 3, H, W), each value in [-1, 1], to pooled features (B, 1280)."""

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem = _SameConv(3, _STEM, 3, stride=2)
        self._bn0 = _norm(_STEM)
        blocks, before = [], _STEM
        for expansion, channels, count, stride, kernel in _STAGES:
            for number in range(count):
                blocks.append(_Block(before, channels, expansion, kernel, 1 if number else stride))
                before = channels
        self._blocks = nn.ModuleList(blocks)
        self._conv_head = nn.Conv2d(before, FEATURE_DIM, 1, bias=False)
        self._bn1 = _norm(FEATURE_DIM)

    def convolutions(self) -> Iterator[tuple[str, str, nn.Module]]:
        """The names of each convolution and of the norm behind it, and the module of both."""
        yield "_conv_stem", "_bn0", self
        for block in self._blocks:
            if hasattr(block, "_expand_conv"):
                yield "_expand_conv", "_bn0", block
            yield "_depthwise_conv", "_bn1", block
            yield "_project_conv", "_bn2", block
        yield "_conv_head", "_bn1", self

    def forward(self, pixels: Tensor) -> Tensor:
        x = F.relu6(self._bn0(self._conv_stem(pixels)))
        for block in self._blocks:
            x = block(x)
        pooled: Tensor = F.relu6(self._bn1(self._conv_head(x))).mean((2, 3))
        return pooled


class _Block(nn.Module):
    """Expand, one filter per channel, project; with a residual where the shape stays."""

    def __init__(self, before: int, after: int, expansion: int, kernel: int, stride: int) -> None:
        super().__init__()
        wide = before * expansion
        if expansion > 1:
            self._expand_conv = nn.Conv2d(before, wide, 1, bias=False)
            self._bn0 = _norm(wide)
        self._depthwise_conv = _SameConv(wide, wide, kernel, stride=stride, groups=wide)
        self._bn1 = _norm(wide)
        self._project_conv = nn.Conv2d(wide, after, 1, bias=False)
        self._bn2 = _norm(after)
        self._expands, self._residual = expansion > 1, stride == 1 and before == after

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = F.relu6(self._bn0(self._expand_conv(x))) if self._expands else x
        y = F.relu6(self._bn1(self._depthwise_conv(y)))
        y = self._bn2(self._project_conv(y))
        return x + y if self._residual else y


class _SameConv(nn.Conv2d):
    """As many outputs as ceil(size / stride); the odd row of zeros lies below and to the right."""

    def __init__(self, before: int, after: int, kernel: int, *, stride: int, groups: int = 1):
        super().__init__(before, after, kernel, stride=stride, groups=groups, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        padding = []
        for size in (x.shape[3], x.shape[2]):
            kernel, stride = self.kernel_size[0], self.stride[0]
            outputs = -(-size // stride)
            missing = max(0, (outputs - 1) * stride + kernel - size)
            padding += [missing // 2, missing - missing // 2]
        y: Tensor = self._conv_forward(F.pad(x, padding), self.weight, self.bias)
        return y


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3)
