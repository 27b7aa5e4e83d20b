"""A bundle's network under other metadata."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np

from basnet_rt._errors import BundleError
from basnet_rt._system.whole_file import whole
from basnet_rt.model.bundle import METADATA_FILE, BundleMetadata
from basnet_rt.model.loading import load
from basnet_rt.model.model import Model

SAMPLE = 16  # snippets on which the copy must agree


def write_bundle_copy(model: Model, metadata: BundleMetadata, path: str | Path) -> None:
    """Write a loaded model's network with `metadata`, whole or not at all.

    The copy is loaded again, and its output for a made video must be the same, bit for bit.

    Raises:
        Error: the file cannot be written.
        BundleError: the copy does not agree with the original.
    """
    with whole(path) as part:
        _save(model.module, metadata, part)
        copy = load(part, device=model.device, dtype=model.dtype)
        rows = np.random.default_rng(0).standard_normal((SAMPLE, model.feature_dim))
        sample = rows.astype(np.float32)
        pairs = zip(model.forward(sample), copy.forward(sample), strict=True)
        if copy.metadata != metadata or not all(np.array_equal(a, b) for a, b in pairs):
            raise BundleError(f"{path}: the copy of {model.name} does not agree with it")


def _save(module: Any, metadata: BundleMetadata, path: Path) -> None:
    import torch

    save: Any = torch.jit.save
    with warnings.catch_warnings():
        # Deprecated since torch 2.11; see docs/bundle.md.
        warnings.simplefilter("ignore", DeprecationWarning)
        save(module, str(path), _extra_files={METADATA_FILE: metadata.to_json()})
