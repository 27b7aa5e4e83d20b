"""Checkpoints of I3D: told apart, and loaded only where every name and shape is right."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from basnet_rt._errors import BundleError
from basnet_rt.extractors.backbone.state_dict import load_state, read_state
from basnet_rt.extractors.i3d.network import CHANNELS, I3d

FIRST = "Conv3d_1a_7x7.conv3d.weight"
CLASSES = "logits.conv3d.bias"


def load_i3d(path: str | Path) -> tuple[str, I3d]:
    """("rgb" or "flow", network in evaluation mode) of a checkpoint, on the CPU.

    Args:
        path: a state dictionary as torch saves it, with the names of the released PyTorch
            checkpoints. What the first layer takes says which stream it is; any number of
            classes will do.

    Raises:
        BundleError: the file is absent, damaged or no state dictionary; a name is missing or
            foreign, a shape another one, or a number not finite.
    """
    state = read_state(Path(path), "I3D")
    stream = _stream_of(state, path)
    network = I3d(CHANNELS[stream], _num_classes(state))
    load_state(network, state, path, "I3D")
    return stream, network.eval()


def _stream_of(state: Mapping[str, Tensor], path: str | Path) -> str:
    first = state.get(FIRST)
    channels = first.shape[1] if first is not None and first.dim() == 5 else None
    streams = [name for name, count in CHANNELS.items() if count == channels]
    if not streams:
        found = "is absent" if first is None else f"has shape {tuple(first.shape)}"
        raise BundleError(
            f"{path}: not a checkpoint of I3D: {FIRST} {found}, expected (64, 3, 7, 7, 7) for RGB "
            "or (64, 2, 7, 7, 7) for flow"
        )
    return streams[0]


def _num_classes(state: Mapping[str, Tensor]) -> int:
    bias = state.get(CLASSES)
    return bias.numel() if bias is not None and bias.numel() else 400
