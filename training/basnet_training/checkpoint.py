"""Checkpoints: one safetensors file with weights, optimizer and counters; no pickle.

Every random draw of a run is a function of (seed, iteration), so no generator's state is stored. A
run that continues from a checkpoint ends bit for bit as one that never stopped.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from basnet_rt import Error, InvalidValue
from basnet_rt._system.whole_file import whole

Tensors = dict[str, Tensor]
_INSTEAD = "remove the file to go on from the one before"
PATTERN = "checkpoint-*.safetensors"


@dataclass
class Checkpoint:
    """A run after `step` iterations.

    weights, average: by parameter name; `average` is empty without a moving average.
    optimizer: its state, by parameter's number and name: `3/exp_avg`.
    extra: further state, as JSON: loss scale, best held-out loss.
    """

    step: int
    digest: str
    weights: Tensors
    average: Tensors
    optimizer: Tensors
    extra: dict[str, Any] = field(default_factory=dict)


def save_checkpoint(folder: Path, checkpoint: Checkpoint, keep: int) -> Path:
    """Write one complete file, then remove all but the `keep` newest."""
    path = folder / f"checkpoint-{checkpoint.step:08d}.safetensors"
    about = {
        "step": checkpoint.step,
        "digest": checkpoint.digest,
        "extra": checkpoint.extra,
    }
    save_tensors(path, tensors_of(checkpoint), about)
    for old in sorted(folder.glob(PATTERN))[:-keep]:
        old.unlink()
    return path


def latest_checkpoint(folder: Path) -> Path | None:
    """The newest checkpoint of a run, or None."""
    found = sorted(folder.glob(PATTERN))
    return found[-1] if found else None


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint; tensors lie on the CPU.

    Raises:
        ValueError: the file is absent, truncated, or not a checkpoint.
    """
    try:
        tensors, about = load_tensors(path)
    except InvalidValue as error:
        raise InvalidValue(f"{error}; {_INSTEAD}") from error
    try:
        return Checkpoint(
            step=int(about["step"]),
            digest=str(about["digest"]),
            weights=_under(tensors, "weights/"),
            average=_under(tensors, "average/"),
            optimizer=_under(tensors, "optimizer/"),
            extra=dict(about["extra"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidValue(
            f"{path}: not a checkpoint of this program: {error}; {_INSTEAD}"
        ) from error


def tensors_of(checkpoint: Checkpoint) -> Tensors:
    """All tensors by their names in the file."""
    return {
        **{f"weights/{k}": v for k, v in checkpoint.weights.items()},
        **{f"average/{k}": v for k, v in checkpoint.average.items()},
        **{f"optimizer/{k}": v for k, v in checkpoint.optimizer.items()},
    }


def save_tensors(path: Path, tensors: Mapping[str, Tensor], about: Mapping[str, Any]) -> None:
    """Write tensors, a JSON object and the checksum of both to one safetensors file.

    The file is written whole or not at all.

    Raises:
        Error: the disk is full, or the file may not be written.
    """
    apart = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    text = json.dumps(about)
    with whole(path) as part:
        try:
            save_file(apart, part, metadata={"about": text, "checksum": _checksum(apart, text)})
        except SafetensorError as error:
            raise Error(f"{path}: cannot be written: {error}") from error


def load_tensors(path: Path) -> tuple[Tensors, dict[str, Any]]:
    """Read a file of `save_tensors`.

    Raises:
        ValueError: absent, no such file, or changed since it was written. Files from before there
            were checksums are not checked.
    """
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        text = metadata.get("about", "{}")
        about = json.loads(text)
    except (OSError, SafetensorError, ValueError) as error:
        raise InvalidValue(f"{path}: no readable safetensors file: {error}") from error
    if metadata.get("checksum", "") not in ("", _checksum(tensors, text)):
        raise InvalidValue(f"{path}: is damaged: its content is not what its checksum says")
    return tensors, about


def _checksum(tensors: Mapping[str, Tensor], about: str) -> str:
    """SHA-256 of the names, types, shapes and bytes of tensors, and of a text."""
    digest = hashlib.sha256(about.encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _under(tensors: Tensors, prefix: str) -> Tensors:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
