"""EfficientNet-Lite0 at work: snippets of pictures to features of pictures and of flow."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from basnet_rt.extractors.cnn.network import EfficientNetLite0

Values = npt.NDArray[np.float32]

# Means and deviations of ImageNet's pixels, R, G, B in [0, 1], that the network was trained with.
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
# A flow picture: grey levels per pixel of movement, and the level of no movement.
LEVELS, STILL = 8.0, 128.0
# Farneback's settings: pyramid, window, rounds, neighbourhood and its deviation.
_FLOW: Any = {
    "pyr_scale": 0.5,
    "levels": 3,
    "winsize": 15,
    "iterations": 3,
    "poly_n": 5,
    "poly_sigma": 1.2,
    "flags": 0,
}


class RunningCnn:
    """Values (B, T, H, W, 3) float32 in [0, 255] to features (B, 2560) float32."""

    def __init__(self, network: EfficientNetLite0, place: torch.device, dtype: str) -> None:
        layout: Any = {"memory_format": torch.channels_last}
        self._place, self._dtype = place, getattr(torch, dtype)
        self._network = _folded(network).to(place, self._dtype).to(**layout)

    def __call__(self, values: Values) -> Values:
        pictures = np.concatenate([snippet_pictures(snippet) for snippet in values])
        mean, deviation = np.array(MEAN, np.float32), np.array(DEVIATION, np.float32)
        pixels = (pictures / 255 - mean) / deviation
        with torch.inference_mode():
            x = torch.from_numpy(pixels).permute(0, 3, 1, 2).to(self._place, self._dtype)
            made = self._network(x).float().cpu().numpy()
        features: Values = made.reshape(len(values), 2, 2, -1).mean(axis=2)
        return features.reshape(len(values), -1)


def snippet_pictures(snippet: Values) -> Values:
    """Two pictures of a snippet, then the flow at each as a picture: (4, H, W, 3) in [0, 255].

    The pictures lie at a quarter and at three quarters of the snippet.

    Args:
        snippet: (T, H, W, 3) float32 of whole numbers, T at least 4.
    """
    places = (len(snippet) // 4, 3 * len(snippet) // 4)
    return np.stack(
        [*(snippet[at] for at in places), *(_flow(snippet[at], snippet[at + 1]) for at in places)]
    )


def _flow(before: Values, after: Values) -> Values:
    """Movement to the right, movement downwards and its length, as the three colours."""
    gray = [cv2.cvtColor(one.astype(np.uint8), cv2.COLOR_RGB2GRAY) for one in (before, after)]
    empty: Any = None
    movement: Any = cv2.calcOpticalFlowFarneback(gray[0], gray[1], empty, **_FLOW)
    length = np.sqrt(np.square(movement).sum(axis=2, keepdims=True))
    levels = np.concatenate([movement * LEVELS + STILL, length * LEVELS], axis=2)
    picture: Values = np.floor(np.clip(levels, 0, 255))
    return picture


def _folded(network: EfficientNetLite0) -> EfficientNetLite0:
    """Batch norm multiplied into the convolutions, in place; equal but for float32 rounding."""
    fused: Any = fuse_conv_bn_eval
    for conv, norm, place in network.convolutions():
        setattr(place, conv, fused(getattr(place, conv), getattr(place, norm)))
        setattr(place, norm, nn.Identity())
    return network
