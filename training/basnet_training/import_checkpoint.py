"""A released checkpoint, as a network and the settings it stands for."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from basnet_rt import InvalidValue

from .config import Config
from .network import BaSNet, without_prefix

CLASSIFIER = "cas_module.conv_3.0.weight"
FILTER = "filter_module.conv_1.0.weight"


@dataclass(frozen=True)
class Imported:
    """A network in evaluation mode, its resolved configuration, and what the file was."""

    network: BaSNet
    config: Config
    provenance: dict[str, Any]


def import_checkpoint(path: str | Path, config: Config) -> Imported:
    """Read a `.pkl` or `.pth` state dict; only tensors are unpickled, never code.

    Sizes are the checkpoint's. `config` gives the class names, in its order, and how the features
    were made.

    Raises:
        ValueError: unreadable, not a state dict of this network, or classes do not fit it.
    """
    path = Path(path)
    weights = read_state_dict(path)
    absent = [name for name in (CLASSIFIER, FILTER) if name not in weights]
    if absent:
        raise InvalidValue(f"{path}: not a BaS-Net checkpoint: {absent[0]} is absent")
    outputs, hidden_cas, _ = weights[CLASSIFIER].shape
    hidden_filter, feature_dim, _ = weights[FILTER].shape
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


def read_state_dict(path: Path) -> dict[str, Tensor]:
    """Tensors by name, `module.` prefixes off, out of a `state_dict` entry where there is one."""
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # on foreign bytes the unpickler fails in any way there is
        raise InvalidValue(f"{path}: no readable checkpoint of tensors: {error}") from error
    if isinstance(content, dict) and isinstance(content.get("state_dict"), dict):
        content = content["state_dict"]
    if not isinstance(content, dict) or not all(isinstance(v, Tensor) for v in content.values()):
        raise InvalidValue(f"{path}: expected a state dict, names to tensors")
    return without_prefix(content)
