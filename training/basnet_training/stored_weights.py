"""A network's weights as a safetensors file, also in int8, and a network from such a file.

Names and shapes are those of the inference network's buffers (docs/bundle.md).
"""

from __future__ import annotations

import dataclasses
import zlib
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save
from torch import Tensor

from basnet_rt import _core
from basnet_rt.model.bundle import METADATA_FILE, BundleMetadata

from .scripted import InferenceNetwork
from .three_tap import inner_tiles

BUFFERS = {
    "has_projection": ("projection_weight", "projection_bias"),
    "has_filter": ("filter_weight", "filter_bias", "filter_out_weight", "filter_out_bias"),
}
LAYERS = ("first", "second")
LARGEST = 127  # of an int8 weight; -128 is not used
KINDS = {"float32": torch.float32, "bfloat16": torch.bfloat16, "int8": torch.int8}


def quantised(taps: Tensor) -> tuple[Tensor, Tensor]:
    """Symmetric int8 per output channel: (H, 3 F) floats to int8 of the same shape and scales (H).

    A weight is q * scale, scale = max |w| / 127 over the whole row, q rounded half to even. A row
    of zeros has the scale 0.
    """
    rows = taps.float().numpy()
    scale = np.abs(rows).max(axis=1) / np.float32(LARGEST)
    divisor = np.where(scale > 0, scale, np.float32(1))[:, None]
    values = np.where(scale[:, None] > 0, np.rint(rows / divisor), np.float32(0))
    return (
        torch.from_numpy(np.clip(values, -LARGEST, LARGEST).astype(np.int8)),
        torch.from_numpy(scale.astype(np.float32)),
    )


def stored_tensors(module: InferenceNetwork, dtype: str) -> dict[str, Tensor]:
    """The tensors in a module's file, by name; dtype "int8" makes the two 3-tap layers int8."""
    names = [name for flag, group in BUFFERS.items() if getattr(module, flag) for name in group]
    tensors = {name: getattr(module, name) for name in [*names, "classifier"]}
    for layer in LAYERS:
        part = getattr(module, layer)
        tensors[f"{layer}.bias"] = part.bias
        tensors[f"{layer}.taps"] = part.taps
        if dtype == "int8":
            tensors[f"{layer}.taps"], tensors[f"{layer}.scale"] = quantised(part.taps)
    return {name: tensor.contiguous() for name, tensor in sorted(tensors.items())}


def write_safetensors(module: InferenceNetwork, metadata: BundleMetadata, path: Path) -> None:
    """Write a bundle in the format safetensors; its text has the CRC-32 of the tensors' bytes."""
    if module.constant_background:
        metadata = dataclasses.replace(metadata, background_logit=float(module.background_logit))
    tensors = stored_tensors(module, metadata.dtype)
    plain = save(tensors)
    data = plain[8 + int.from_bytes(plain[:8], "little") :]
    texts = {METADATA_FILE: metadata.to_json(), "crc32": f"{zlib.crc32(data):08x}"}
    path.write_bytes(save(tensors, texts))


def read_into(module: InferenceNetwork, path: Path) -> None:
    """Give a module the weights of a bundle of either format, as the core reads them."""
    weights = {name: _tensor(*stored) for name, stored in _core.read_weights(str(path)).items()}
    for name, tensor in weights.items():
        layer, _, part = name.rpartition(".")
        if not layer:
            setattr(module, name, tensor)
        elif part == "bias":
            getattr(module, layer).bias = tensor
    for layer in LAYERS:
        part, taps = getattr(module, layer), weights[f"{layer}.taps"]
        scale = weights.get(f"{layer}.scale")
        part.taps = taps if scale is None else taps.float() * scale[:, None]
        part.inner = inner_tiles(part.taps, part.combine)


def _tensor(dtype: str, shape: tuple[int, ...], content: bytes) -> Tensor:
    flat = torch.frombuffer(bytearray(content), dtype=KINDS[dtype]) if content else torch.empty(0)
    return flat.view(shape)
