"""The Inception-I3D network, with the names of the released PyTorch checkpoints.

Everything scripts (`torch.jit.script`), so sizes stay free in an exported file.

Source: Carreira and Zisserman, "Quo Vadis, Action Recognition?", CVPR 2017 (arXiv:1705.07750),
figure 3: the 2-D Inception of Ioffe and Szegedy 2015 with every filter given a third dimension.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

CELL_FRAMES = 8  # time is halved three times
LEAST_FRAMES = CELL_FRAMES + 1  # the last pooling takes two cells
SIDE = 224
FEATURE_DIM = 1024
CHANNELS = {"rgb": 3, "flow": 2}

# Channels of a block's branches: 1x1, (1x1, 3x3), (1x1, 3x3), 1x1 after a pooling.
Widths = tuple[int, int, int, int, int, int]


def same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """(before, after) so that ceil(size / stride) outputs come out; the odd one goes after."""
    beyond = size % stride
    total = max(kernel - (stride if beyond == 0 else beyond), 0)
    return total // 2, total - total // 2


class SamePadding(nn.Module):
    """Zeros around (B, C, T, H, W), as `same_padding` counts them."""

    def __init__(self, kernel: tuple[int, int, int], stride: tuple[int, int, int]) -> None:
        super().__init__()
        self.kernel, self.stride = kernel, stride

    def forward(self, x: Tensor) -> Tensor:
        time = same_padding(x.shape[2], self.kernel[0], self.stride[0])
        rows = same_padding(x.shape[3], self.kernel[1], self.stride[1])
        columns = same_padding(x.shape[4], self.kernel[2], self.stride[2])
        return F.pad(x, [columns[0], columns[1], rows[0], rows[1], time[0], time[1]])


class SamePool(nn.Module):
    """Maximum over windows. Padding counts as 0, and so never wins: it follows a ReLU."""

    def __init__(self, kernel: tuple[int, int, int], stride: tuple[int, int, int]) -> None:
        super().__init__()
        self.pad, self.pool = SamePadding(kernel, stride), nn.MaxPool3d(kernel, stride)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.pool(self.pad(x))
        return y


class Unit3d(nn.Module):
    """Convolution, batch norm, ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1) -> None:
        super().__init__()
        # A stride of 1 pads both sides alike, which the convolution does without a copy.
        inside = kernel // 2 if stride == 1 else 0
        around = SamePadding((kernel, kernel, kernel), (stride, stride, stride))
        self.pad = around if stride > 1 else nn.Identity()
        self.conv3d: nn.Module = nn.Conv3d(inputs, outputs, kernel, stride, inside, bias=False)
        self.bn: nn.Module = nn.BatchNorm3d(outputs, eps=1e-3)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.bn(self.conv3d(self.pad(x))))


class Mixed(nn.Module):
    """Four views of the same input, channels side by side."""

    def __init__(self, inputs: int, widths: Widths) -> None:
        super().__init__()
        b0, b1a, b1b, b2a, b2b, b3b = widths
        self.b0 = Unit3d(inputs, b0, 1)
        self.b1a, self.b1b = Unit3d(inputs, b1a, 1), Unit3d(b1a, b1b, 3)
        self.b2a, self.b2b = Unit3d(inputs, b2a, 1), Unit3d(b2a, b2b, 3)
        self.b3a, self.b3b = nn.MaxPool3d(3, 1, 1), Unit3d(inputs, b3b, 1)

    def forward(self, x: Tensor) -> Tensor:
        b1, b2 = self.b1b(self.b1a(x)), self.b2b(self.b2a(x))
        return torch.cat([self.b0(x), b1, b2, self.b3b(self.b3a(x))], dim=1)


class Logits(nn.Module):
    """The classifier: a convolution alone, kept so that checkpoints load whole."""

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.conv3d = nn.Conv3d(FEATURE_DIM, num_classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv3d(x)
        return y


class I3d(nn.Module):
    """One stream: pictures (B, channels, T, 224, 224) in [-1, 1] to features.

    Args:
        channels: 3 for RGB, 2 for flow.
        num_classes: of the checkpoint's classifier, which features do not need.
    """

    def __init__(self, channels: int, num_classes: int = 400) -> None:
        super().__init__()
        self.logits = Logits(num_classes)
        self.Conv3d_1a_7x7 = Unit3d(channels, 64, 7, 2)
        self.MaxPool3d_2a_3x3 = SamePool((1, 3, 3), (1, 2, 2))
        self.Conv3d_2b_1x1 = Unit3d(64, 64, 1)
        self.Conv3d_2c_3x3 = Unit3d(64, 192, 3)
        self.MaxPool3d_3a_3x3 = SamePool((1, 3, 3), (1, 2, 2))
        self.Mixed_3b = Mixed(192, (64, 96, 128, 16, 32, 32))
        self.Mixed_3c = Mixed(256, (128, 128, 192, 32, 96, 64))
        self.MaxPool3d_4a_3x3 = SamePool((3, 3, 3), (2, 2, 2))
        self.Mixed_4b = Mixed(480, (192, 96, 208, 16, 48, 64))
        self.Mixed_4c = Mixed(512, (160, 112, 224, 24, 64, 64))
        self.Mixed_4d = Mixed(512, (128, 128, 256, 24, 64, 64))
        self.Mixed_4e = Mixed(512, (112, 144, 288, 32, 64, 64))
        self.Mixed_4f = Mixed(528, (256, 160, 320, 32, 128, 128))
        self.MaxPool3d_5a_2x2 = SamePool((2, 2, 2), (2, 2, 2))
        self.Mixed_5b = Mixed(832, (256, 160, 320, 32, 128, 128))
        self.Mixed_5c = Mixed(832, (384, 192, 384, 48, 128, 128))

    @torch.jit.export
    def cells(self, x: Tensor) -> Tensor:
        """Features (B, 1024, ceil(T / 8) - 1), float32: means over two cells of time and 7 x 7."""
        x = self.MaxPool3d_2a_3x3(self.Conv3d_1a_7x7(x))  # B, 64, T/2, 56, 56
        x = self.MaxPool3d_3a_3x3(self.Conv3d_2c_3x3(self.Conv3d_2b_1x1(x)))
        x = self.MaxPool3d_4a_3x3(self.Mixed_3c(self.Mixed_3b(x)))  # B, 480, T/4, 14, 14
        x = self.Mixed_4f(self.Mixed_4e(self.Mixed_4d(self.Mixed_4c(self.Mixed_4b(x)))))
        x = self.Mixed_5c(self.Mixed_5b(self.MaxPool3d_5a_2x2(x)))  # B, 1024, T/8, 7, 7
        instants = x.float().mean(dim=[3, 4])
        return (instants[:, :, :-1] + instants[:, :, 1:]) / 2

    @torch.jit.export
    def classify(self, cells: Tensor) -> Tensor:
        """Class logits (B, num_classes, cells) of what `cells` gave."""
        y: Tensor = self.logits(cells[:, :, :, None, None]).flatten(2)
        return y

    def forward(self, x: Tensor) -> Tensor:
        """One feature a snippet, (B, 1024) float32: the mean over its cells, 1 where T is 16."""
        return self.cells(x).mean(dim=2)
