"""A bundle small enough to make in every test: a real one, and its reach."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from basnet_rt._system.torchscript import quiet_torchscript
from basnet_rt.model.bundle import METADATA_FILE, BundleMetadata

pytest.importorskip("basnet_training", reason="bundles come from the exporter")

from basnet_training.network import BaSNet
from basnet_training.scripted import InferenceNetwork

CLASSES = ("Jump", "Run", "Swim")
FEATURE_DIM = 8


def network(seed: int = 0, **metadata_of) -> BaSNet:
    """Two 3-tap convolutions over weighed features, 12 wide."""
    fields = metadata(**metadata_of)
    torch.manual_seed(seed)
    made = BaSNet(
        FEATURE_DIM,
        len(fields.classes),
        hidden_filter=6,
        hidden_cas=12,
        topk_divisor=fields.topk_divisor,
        score_function=fields.score_function,
    )
    return made.eval()


def module(seed: int = 0, **metadata_of) -> nn.Module:
    """What the exporter scripts."""
    fields = metadata(**metadata_of)
    kind = getattr(torch, fields.dtype)
    return InferenceNetwork(network(seed, **metadata_of), fields.activation, kind).eval()


def metadata(**changes) -> BundleMetadata:
    """Metadata that fits; 25 fps, so 0.64 s a snippet."""
    fields = {"classes": CLASSES, "feature_dim": FEATURE_DIM, "feature_extractor": "made-up"}
    postprocess = {"class_threshold": 0.05, "keep_top1": True}
    return BundleMetadata(**{**fields, "postprocess": postprocess, **changes})


def save(module: nn.Module, path: Path, extra: dict[str, str]) -> Path:
    """Script and save, as an exporter does."""
    with quiet_torchscript():
        torch.jit.save(torch.jit.script(module.eval()), str(path), _extra_files=extra)
    return path


def write(path: Path, seed: int = 0, **changes) -> Path:
    """A bundle at `path`; `changes` are of its metadata."""
    text = metadata(**changes).to_json()
    return save(module(seed, **changes), path, {METADATA_FILE: text})
