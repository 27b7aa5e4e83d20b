"""Checkpoints of I3D: read, told apart, and loaded only where every name and shape is right."""

from __future__ import annotations

import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from basnet_rt._errors import BundleError
from basnet_rt.extractors.i3d.network import CHANNELS, I3d
from basnet_rt.model.loading import check_undamaged

FIRST = "Conv3d_1a_7x7.conv3d.weight"
CLASSES = "logits.conv3d.bias"
_COUNTER = "num_batches_tracked"  # older checkpoints lack it, and features do not depend on it
_SHOWN = 5  # names in a message


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
    state = _read(Path(path))
    stream = _stream_of(state, path)
    network = I3d(CHANNELS[stream], _num_classes(state))
    _check(state, network.state_dict(), path)
    network.load_state_dict(state, strict=False)  # the counters alone may be absent
    return stream, network.eval()


def _read(path: Path) -> dict[str, Tensor]:
    if not path.is_file():
        raise BundleError(f"{path}: no such file; expected a checkpoint of I3D")
    if zipfile.is_zipfile(path):
        check_undamaged(path)
    try:
        loaded: Any = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, pickle.UnpicklingError, EOFError, ValueError, KeyError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise BundleError(f"{path}: not a PyTorch checkpoint: {reason}") from error
    if not isinstance(loaded, Mapping) or not all(isinstance(v, Tensor) for v in loaded.values()):
        raise BundleError(f"{path}: expected a state dictionary: names to tensors alone")
    return dict(loaded)


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


def _check(state: Mapping[str, Tensor], wanted: Mapping[str, Tensor], path: str | Path) -> None:
    missing = [n for n in wanted if n not in state and not n.endswith(_COUNTER)]
    foreign = [name for name in state if name not in wanted]
    if missing or foreign:
        parts = (("missing", missing), ("foreign", foreign))
        said = "; ".join(f"{len(some)} {kind}: {_some(some)}" for kind, some in parts if some)
        raise BundleError(f"{path}: not the names of I3D: {said}")
    for name, tensor in state.items():
        if tensor.shape != wanted[name].shape:
            raise BundleError(
                f"{path}: {name} has shape {tuple(tensor.shape)}, "
                f"expected {tuple(wanted[name].shape)}"
            )
        if not torch.isfinite(tensor).all():
            raise BundleError(f"{path}: {name} holds NaN or infinity")


def _some(names: list[str]) -> str:
    more = ", ..." if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
