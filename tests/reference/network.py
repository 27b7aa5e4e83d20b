"""BaS-Net in float64 NumPy, from weights named as the released checkpoint."""

from __future__ import annotations

import numpy as np

from .gates import video_scores_of

Weights = dict[str, np.ndarray]


def leaky_relu(x: np.ndarray) -> np.ndarray:
    return np.where(x > 0, x, 0.01 * x)


def softmax(x: np.ndarray) -> np.ndarray:
    """Over the last axis."""
    weight = np.exp(x - x.max(axis=-1, keepdims=True))
    return weight / weight.sum(axis=-1, keepdims=True)


def conv(x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None = None) -> np.ndarray:
    """x (T, in), weight (out, in, taps) with an odd number of taps, zeros beyond both ends."""
    num_snippets, taps = len(x), weight.shape[2]
    reach = taps // 2
    padded = np.pad(x, ((reach, reach), (0, 0)))
    out = sum(padded[tap : tap + num_snippets] @ weight[:, :, tap].T for tap in range(taps))
    return out if bias is None else out + bias


def foreground(features: np.ndarray, weights: Weights) -> np.ndarray:
    """(T, F) -> (T,) in (0, 1): the filtering module."""
    name = "filter_module.conv_{}.0.{}".format
    hidden = leaky_relu(conv(features, weights[name(1, "weight")], weights[name(1, "bias")]))
    logit = conv(hidden, weights[name(2, "weight")], weights[name(2, "bias")])[:, 0]
    return 1 / (1 + np.exp(-logit))


def cas(features: np.ndarray, weights: Weights) -> np.ndarray:
    """(T, F) -> (T, C+1), without dropout."""
    name = "cas_module.conv_{}.0.{}".format
    hidden = leaky_relu(conv(features, weights[name(1, "weight")], weights[name(1, "bias")]))
    hidden = leaky_relu(conv(hidden, weights[name(2, "weight")], weights[name(2, "bias")]))
    return conv(hidden, weights[name(3, "weight")])


def class_scores(cas_of_video: np.ndarray) -> np.ndarray:
    """(T, C+1) -> (C+1,): softmax of the temporal mean of the top max(1, T // 8)."""
    k = max(1, len(cas_of_video) // 8)
    return softmax(np.sort(cas_of_video, axis=0)[-k:].mean(axis=0))


def forward(features: np.ndarray, weights: Weights) -> dict[str, np.ndarray]:
    """Both branches on (B, T, F); keys and shapes as in golden/network.npz."""
    weights = {name: np.asarray(w, dtype=np.float64) for name, w in weights.items()}
    videos = np.asarray(features, dtype=np.float64)
    gate = np.stack([foreground(x, weights) for x in videos])[:, :, None]
    base = np.stack([cas(x, weights) for x in videos])
    supp = np.stack([cas(x, weights) for x in gate * videos])
    return {
        "foreground": gate,
        "cas_base": base,
        "cas_supp": supp,
        "score_base": np.stack([class_scores(x) for x in base]),
        "score_supp": np.stack([class_scores(x) for x in supp]),
    }


def activations(cas_of_video: np.ndarray, gate: np.ndarray, kind: str) -> np.ndarray:
    """What a bundle gives for localization: (T, C+1) and (T,) -> (T, C). DESIGN 5.3."""
    if kind == "raw":
        return cas_of_video[:, :-1]
    probability = softmax(cas_of_video)[:, :-1]
    if kind == "softmax":
        return probability
    if kind == "fused":
        return (probability + gate[:, None]) / 2
    raise KeyError(f"activation {kind!r}")


def video_scores(cas_of_video: np.ndarray) -> np.ndarray:
    """(T, C+1) -> (C,): class scores without the background."""
    return video_scores_of(cas_of_video)
