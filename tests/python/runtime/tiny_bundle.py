"""A bundle small enough to make in every test: the interface of a real one, and its reach."""

from __future__ import annotations

import warnings
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from basnet_rt.model.bundle import METADATA_FILE, BundleMetadata

CLASSES = ("Jump", "Run", "Swim")
FEATURE_DIM = 8


class TinyNetwork(nn.Module):
    """Two 3-tap convolutions over weighed features, as the published network has."""

    def __init__(self, classes: int = len(CLASSES), seed: int = 0) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.filter = nn.Conv1d(FEATURE_DIM, 1, 1)
        self.first = nn.Conv1d(FEATURE_DIM, 12, 3, padding=1)
        self.second = nn.Conv1d(12, classes + 1, 3, padding=1)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        columns = features.transpose(1, 2).to(self.first.weight.dtype)
        foreground = self.filter(columns).sigmoid()
        cas = self.second(F.leaky_relu(self.first(columns * foreground))).transpose(1, 2).float()
        best = max(1, cas.size(1) // 8)
        scores = cas.topk(best, dim=1)[0].mean(dim=1).softmax(dim=1)
        return cas[:, :, :-1].contiguous(), scores[:, :-1], foreground[:, 0].float(), cas


def metadata(**changes) -> BundleMetadata:
    """Metadata that fits; 25 fps, so 0.64 s a snippet."""
    fields = {"classes": CLASSES, "feature_dim": FEATURE_DIM, "feature_extractor": "made-up"}
    postprocess = {"class_threshold": 0.05, "keep_top1": True}
    return BundleMetadata(**{**fields, "postprocess": postprocess, **changes})


def save(module: nn.Module, path: Path, extra: dict[str, str]) -> Path:
    """Script and save, as an exporter does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.save(torch.jit.script(module.eval()), str(path), _extra_files=extra)
    return path


def write(path: Path, module: nn.Module | None = None, **changes) -> Path:
    """A bundle at `path`; `changes` are of its metadata."""
    text = metadata(**changes).to_json()
    return save(module or TinyNetwork(), path, {METADATA_FILE: text})
