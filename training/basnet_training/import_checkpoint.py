"""Imports a released checkpoint: its network, and the settings that belong to it."""

from __future__ import annotations

import hashlib
import pickle
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from basnet_rt import InvalidValue

from .config import Config
from .network import BaSNet, without_prefix

CLASSIFIER = "cas_module.conv_3.0.weight"
FILTER = "filter_module.conv_1.0.weight"
_DEPTH = 4  # levels at which an advised key may be
_ADVISED = 4
_FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


@dataclass(frozen=True)
class Imported:
    """A network in evaluation mode, its resolved configuration, and its origin."""

    network: BaSNet
    config: Config
    provenance: dict[str, Any]


def import_checkpoint(path: str | Path, config: Config, key: str | None = None) -> Imported:
    """Read a `.pkl` or `.pth` state dict; only tensors are unpickled, never code.

    Sizes are those of the checkpoint. `config` gives the class names, in the checkpoint's order,
    and the settings of features. `key` is the entry with the state dict, if the file has several;
    below others it is theirs and its own with dots, such as state.model.

    Raises:
        ValueError: unreadable, not a state dict of this network, or classes do not fit it.
    """
    path = Path(path)
    weights = read_state_dict(path, key)
    absent = [name for name in (CLASSIFIER, FILTER) if name not in weights]
    if absent:
        raise InvalidValue(f"{path}: not a BaS-Net checkpoint: {absent[0]} is absent")
    outputs, hidden_cas = _sizes(path, weights, CLASSIFIER)
    hidden_filter, feature_dim = _sizes(path, weights, FILTER)
    classes = config.data.classes
    if classes is None or len(classes) != outputs - 1:
        given = "none" if classes is None else str(len(classes))
        raise InvalidValue(f"data.classes: {path} has {outputs - 1} classes, {given} are named")
    network = BaSNet(
        feature_dim,
        len(classes),
        hidden_filter,
        hidden_cas,
        topk_divisor=config.network.topk_divisor,
    )
    network.load_published(weights)
    sizes = {"hidden_filter": hidden_filter, "hidden_cas": hidden_cas, "variant": "full"}
    resolved = config.model_copy(
        update={
            "data": config.data.model_copy(update={"feature_dim": feature_dim}),
            "network": config.network.model_copy(update=sizes),
        }
    )
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Imported(network.eval(), resolved, {"imported": path.name, "sha256": digest})


def read_state_dict(path: Path, key: str | None = None) -> dict[str, Tensor]:
    """Tensors by name without `module.` prefixes, from the entry `key` or `state_dict`.

    Raises:
        ValueError: the file is unreadable, a pickled object or without such an entry (names the
            entries), or a tensor comes twice or is not a plain array of finite numbers.
    """
    content = _entry(path, _unpickled(path), key)
    weights = without_prefix(content)
    if len(weights) < len(content):
        twice = next(name for name in content if f"module.{name}" in content)
        raise InvalidValue(
            f"{path}: holds {twice} and module.{twice}, two sets of weights; save the one that is "
            "meant alone"
        )
    for name, tensor in weights.items():
        _check_numbers(path, name, tensor)
    return weights


def _check_numbers(path: Path, name: str, tensor: Tensor) -> None:
    """Refuse tensors that would be loaded with other values, or make torch fail."""
    where = f"{path}: {name} {tuple(tensor.shape)}"
    if tensor.layout != torch.strided or tensor.dtype not in _FLOATS or tensor.is_meta:
        kind = "without its numbers" if tensor.is_meta else f"{tensor.dtype}, {tensor.layout}"
        raise InvalidValue(
            f"{where}: is {kind}; expected a dense tensor of float16, bfloat16, float32 or "
            "float64: save the weights as the training had them"
        )
    bad = int((~torch.isfinite(tensor.float())).sum())
    if bad:
        raise InvalidValue(
            f"{where}: {bad} of its numbers are NaN or infinite in float32; "
            "the training had diverged: take an earlier checkpoint"
        )


def _sizes(path: Path, weights: dict[str, Tensor], name: str) -> tuple[int, int]:
    """Outputs and inputs of a convolution over one snippet."""
    shape = tuple(weights[name].shape)
    if len(shape) != 3 or 0 in shape:
        raise InvalidValue(
            f"{path}: not a BaS-Net checkpoint: {name} has the shape {shape}, "
            "expected (outputs, inputs, 1)"
        )
    return shape[0], shape[1]


def _unpickled(path: Path) -> Any:
    if not path.is_file():
        kind = "it is no file on a disk: give one" if path.exists() else "there is no such file"
        what = "it is a folder: give a file in it" if path.is_dir() else kind
        raise InvalidValue(f"{path}: no readable checkpoint: {what}")
    if other := _other_kind(path):
        raise InvalidValue(
            f"{path}: no readable checkpoint of tensors: {other}; expected what torch.save wrote"
        )
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        found = re.search(r"GLOBAL ([\w.]+)", str(error))
        what = f"a pickled object ({found[1]})" if found else "more than tensors"
        raise InvalidValue(
            f"{path}: no readable checkpoint of tensors: it holds {what}. Opening that would run "
            "code of the file, so this program does not. Where the network can be made, save its "
            "weights alone: "
            'torch.save(network.state_dict(), "weights.pth")'
        ) from error
    except Exception as error:  # on foreign bytes the unpickler fails in any way there is
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        if "weights_only" in reason or "TorchScript" in reason:  # torch advises an unsafe load
            reason = (
                "it is a TorchScript archive, which holds code; where the network can be made, "
                'save its weights alone: torch.save(network.state_dict(), "weights.pth")'
            )
        raise InvalidValue(f"{path}: no readable checkpoint of tensors: {reason}") from error


def _other_kind(path: Path) -> str:
    """The kind of a file that torch has not written; empty if it may have."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
        if any(name.endswith("data.pkl") for name in names):
            return ""
        return f"it is an archive of {', '.join(names[:3]) or 'nothing'}"
    with path.open("rb") as file:
        start = file.read(12)
    return "" if start[:1] == b"\x80" else f"it begins with {start!r}" if start else "it is empty"


def _entry(path: Path, content: Any, key: str | None) -> dict[str, Tensor]:
    """The state dict within a checkpoint."""
    if key is not None:
        found = _at(content, key)
        if not _is_state_dict(found):
            raise InvalidValue(f"{path}: --key {key}: not a state dict there{_found(content)}")
        return dict(found)
    if isinstance(content, dict) and _is_state_dict(content.get("state_dict")):
        return dict(content["state_dict"])
    if not _is_state_dict(content):
        raise InvalidValue(f"{path}: expected a state dict, names to tensors{_found(content)}")
    return dict(content)


def _at(content: Any, key: str) -> Any:
    """The entry under a key, or under keys joined by dots; None if there is none."""
    if not isinstance(content, dict) or key in content:
        return content[key] if isinstance(content, dict) else None
    heads = (key[:at] for at, letter in enumerate(key) if letter == ".")
    below = (_at(content[head], key[len(head) + 1 :]) for head in heads if head in content)
    return next((one for one in below if one is not None), None)


def _keys(content: dict[Any, Any], depth: int = _DEPTH) -> Iterator[str]:
    """The keys of state dicts, as `_at` reads them."""
    for name, value in content.items():
        if _is_state_dict(value):
            yield _named(name)
        elif isinstance(value, dict) and depth > 1:
            yield from (f"{_named(name)}.{below}" for below in _keys(value, depth - 1))


def _is_state_dict(content: Any) -> bool:
    return (
        isinstance(content, dict)
        and bool(content)
        and all(isinstance(name, str) and isinstance(v, Tensor) for name, v in content.items())
    )


def _found(content: Any) -> str:
    """The end of a message: the existing entries, and those that have a state dict."""
    if not isinstance(content, dict):
        return f"; found a {type(content).__name__}"
    entries = ", ".join(_named(name) for name in list(content)[:12]) or "none"
    fitting = list(islice(_keys(content), _ADVISED))
    advice = f"; try {' or '.join(f'--key {name}' for name in fitting)}" if fitting else ""
    return f"; the file's keys are {entries}{advice}"


def _named(key: Any) -> str:
    """A key of a foreign file for a message, without control characters."""
    text = str(key)
    return text if text.isprintable() else repr(text)
