"""Networks and features of the size that the streaming measurements are about; nothing is trained.

The layers are the released ones (F = 2048, hidden 512 and 2048) unless told otherwise. An untrained
network with 20 classes gives probabilities near 1/21, so the thresholds lie there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

import basnet_rt
from basnet_rt.model.bundle import BundleMetadata
from basnet_training import BaSNet
from basnet_training.export import export_bundle

FEATURE_DIM, NUM_CLASSES = 2048, 20
CONFIG = basnet_rt.PostprocessConfig.continuous(
    nms="hard",
    normalisation="fixed",
    gate="none",
    max_duration=60.0,
    cas_thresholds=[0.045, 0.048, 0.051],
)
DTYPES = ("float32", "bfloat16")


def made_network() -> BaSNet:
    """The released sizes, as training starts."""
    torch.manual_seed(0)
    return BaSNet(FEATURE_DIM, NUM_CLASSES).eval()


def made_file(network: BaSNet, folder: Path, dtype: str) -> Path:
    """`network` exported; softmax activations."""
    metadata = BundleMetadata(
        classes=tuple(f"class {i}" for i in range(network.num_classes)),
        feature_dim=network.feature_dim,
        dtype=dtype,
        activation="softmax",
    )
    path = folder / f"{dtype}-{network.num_classes}.pt"
    export_bundle(network, metadata, path)
    return path


def made_bundle(network: BaSNet, folder: Path, dtype: str) -> basnet_rt.Model:
    """`network` exported and loaded, run by torch: bench.speed.engine holds the native engine."""
    return basnet_rt.load(made_file(network, folder, dtype), engine="torch")


def made_models(folder: Path) -> dict[str, basnet_rt.Model]:
    """One network of the released sizes, in each of DTYPES."""
    network = made_network()
    return {dtype: made_bundle(network, folder, dtype) for dtype in DTYPES}


def cases(
    models: Mapping[str, basnet_rt.Model], threads: Iterable[int]
) -> Iterator[tuple[int, str, basnet_rt.Model]]:
    """Every model with every number of threads, which torch has been told."""
    for count in threads:
        torch.set_num_threads(count)
        for dtype, model in models.items():
            yield count, dtype, model


def rows_of(parts: Sequence[basnet_rt.Detections], digits: int) -> np.ndarray:
    """Label, start, end and score; sorted by times rounded to `digits`, which rounding keeps."""
    rows = np.concatenate([np.c_[p.labels, p.segments, p.scores] for p in parts])
    return rows[np.lexsort((rows[:, 2].round(digits), rows[:, 1].round(digits), rows[:, 0]))]


def made_features(num_snippets: int, feature_dim: int = FEATURE_DIM, seed: int = 0) -> np.ndarray:
    """(T, F) float32, not negative: noise around a level that changes every 12 snippets."""
    rng = np.random.default_rng(seed)
    levels = rng.normal(size=(num_snippets // 12 + 1, feature_dim)).repeat(12, axis=0)
    noise = rng.normal(size=(num_snippets, feature_dim))
    return np.abs(levels[:num_snippets] + noise).astype(np.float32)


def weights_read(model: basnet_rt.Model) -> list[torch.Tensor]:
    """The weights that one push must read, as flat float32: the filter and both convolutions.

    A loaded module also holds products of them for whole videos, which a push does not read.
    """
    module = model.module
    tensors = [module.filter_weight, module.first.taps, module.second.taps]
    return [one.contiguous().view(-1).view(torch.float32) for one in tensors]
