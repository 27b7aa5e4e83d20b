"""Networks, features and cuts for tests of the native engine."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
from hypothesis import strategies as st

from basnet_rt._system.torchscript import quiet_torchscript

DTYPES = ("float32", "bfloat16", "int8")
CONTINUOUS = {"normalisation": "fixed", "gate": "none", "cas_thresholds": [0.2, 0.25, 0.3, 0.4]}

# Sizes below, at and beyond a panel of 32 outputs and a block of 256 (int8: 1024) inputs; every
# part of the network there and absent; every activation.
NETWORKS = {
    "full": {"sizes": (8, 3, 6, 12), "activation": "softmax"},
    "base_only": {"sizes": (7, 2, 1, 33), "activation": "sigmoid", "variant": "base_only"},
    "no_background": {"sizes": (5, 3, 1, 32), "activation": "softmax", "variant": "no_background"},
    "projection": {"sizes": (11, 4, 9, 31), "activation": "raw", "projection_dim": 6},
    "fused": {"sizes": (9, 3, 5, 17), "activation": "fused", "score_function": "sigmoid"},
    "wide": {"sizes": (400, 5, 40, 100), "activation": "softmax"},
}
SMALL = tuple(name for name in NETWORKS if name != "wide")


def network_of(name: str):
    """An untrained network whose classifier moves more, so that actions begin and end."""
    import torch

    from basnet_training import BaSNet

    fields = {k: v for k, v in NETWORKS[name].items() if k not in ("sizes", "activation")}
    feature_dim, num_classes, hidden_filter, hidden_cas = NETWORKS[name]["sizes"]
    torch.manual_seed(len(name))
    network = BaSNet(feature_dim, num_classes, hidden_filter, hidden_cas, **fields).eval()
    with torch.no_grad():
        network.state_dict()["cas_module.conv_3.0.weight"].mul_(12)
        if network.projection is not None:  # an unfitted projection is the identity or zero
            for buffer in network.projection.buffers():
                if buffer.is_floating_point():
                    buffer.copy_(torch.randn_like(buffer) * 0.5)
    return network


def write(path: Path, name: str, form: str = "torchscript", dtype: str = "float32") -> Path:
    """The bundle of that network."""
    from basnet_rt.model.bundle import BundleMetadata
    from basnet_training.export import export_bundle

    network = network_of(name)
    metadata = BundleMetadata(
        classes=tuple(f"class {i}" for i in range(network.num_classes)),
        feature_dim=network.feature_dim,
        activation=NETWORKS[name]["activation"],
        score_function=network.score_function,
        dtype=dtype,
        postprocess={**CONTINUOUS, "fixed_lo": 0.0, "fixed_hi": 1.0},
    )
    with quiet_torchscript():
        export_bundle(network, metadata, path, form=form)
    return path


def features_of(num_snippets: int, feature_dim: int, seed: int) -> np.ndarray:
    """(T, F) float32 that wander, with zeros, negative zeros and denormals among them."""
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((num_snippets + 4, feature_dim))
    rows = sum(noise[k : k + num_snippets] for k in range(5)).astype(np.float32)
    rows[rng.random(rows.shape) < 0.05] = -0.0
    rows[rng.random(rows.shape) < 0.01] = 1e-41
    return np.ascontiguousarray(rows)


@st.composite
def cut(draw, longest: int = 40):
    """Lengths of chunks, empty ones among them; at least one snippet in all."""
    lengths = draw(st.lists(st.integers(0, 9), min_size=1, max_size=longest // 4))
    return lengths if sum(lengths) else [1, *lengths]


def pieces_of(rows: np.ndarray, lengths) -> list[np.ndarray]:
    """`rows`, cut."""
    return [rows[a:b] for a, b in pairwise(np.cumsum([0, *lengths]))]


def joined(parts) -> list[tuple]:
    """Detections of several answers as rows of plain values, in the order they came."""
    return [
        row
        for part in parts
        for row in zip(
            part.labels.tolist(), part.segments.tolist(), part.scores.tolist(), strict=True
        )
    ]


def in_order(rows) -> list[tuple]:
    """The same rows whatever the order in which they were decided."""
    return sorted((label, tuple(segment), score) for label, segment, score in rows)


def same_bits(got: np.ndarray, want: np.ndarray) -> bool:
    """Unlike ==, tells 0 from -0."""
    return got.shape == want.shape and got.dtype == want.dtype and got.tobytes() == want.tobytes()
