"""An I3D network at work: folded, laid out for speed, from NumPy to NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from basnet_rt._errors import InvalidValue
from basnet_rt.extractors.i3d.folding import fold_batch_norm, onednn_computes, use_onednn
from basnet_rt.extractors.i3d.network import I3d
from basnet_rt.model.loading import usable_device

DTYPES = ("float32", "bfloat16", "float16")


def check_dtype(dtype: str, device: Any) -> torch.device:
    """The device, which must be there and know the dtype.

    Raises:
        ValueError: it is not, or does not.
    """
    if dtype not in DTYPES:
        raise InvalidValue(f"dtype: expected one of {', '.join(DTYPES)}, got {dtype!r}")
    place = usable_device(device)
    if dtype == "float16" and place.type == "cpu":
        raise InvalidValue("dtype: float16 needs a GPU; on a CPU take bfloat16 or float32")
    return place


class RunningI3d:
    """Values (B, T, 224, 224, C) float32 to features (B, 1024) float32."""

    def __init__(self, network: I3d, device: torch.device, dtype: str) -> None:
        network = fold_batch_norm(network)
        rounded = self._dtype = getattr(torch, dtype)
        if device.type == "cpu":
            network = use_onednn(network)
            # Without it torch is far slower in bfloat16: the weights are rounded, the sums float32.
            self._dtype = rounded if onednn_computes(rounded) else torch.float32
        self._device = device
        # Channels last is the order in which values come: nothing is copied.
        layout: Any = {"memory_format": torch.channels_last_3d}
        self._network = network.to(device, rounded).to(self._dtype).to(**layout)

    def __call__(self, values: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            x = torch.from_numpy(values).permute(0, 4, 1, 2, 3).to(self._device, self._dtype)
            features: np.ndarray = self._network(x).cpu().numpy()
        return features
