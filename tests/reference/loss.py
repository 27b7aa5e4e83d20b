"""The losses of BaS-Net on the output of `network.forward`."""

from __future__ import annotations

import numpy as np


def targets(labels: np.ndarray, background: float) -> np.ndarray:
    """(B, C) zeros and ones -> (B, C+1), background appended, each row divided by its sum.

    A row of zeros with background 0 has no sum to divide by; DESIGN leaves its target open,
    so it is an error here: pass a target of your own to `binary_cross_entropy`.
    """
    labels = np.asarray(labels, dtype=np.float64)
    full = np.concatenate([labels, np.full((len(labels), 1), background)], axis=1)
    total = full.sum(axis=1, keepdims=True)
    if not total.all():
        raise ValueError("labels: a video without action has no target without background")
    return full / total


def binary_cross_entropy(scores: np.ndarray, target: np.ndarray) -> float:
    """Mean over all B * (C+1) entries; logarithms no lower than -100, as PyTorch has them."""
    with np.errstate(divide="ignore"):
        log_yes = np.maximum(np.log(scores), -100)
        log_no = np.maximum(np.log(1 - scores), -100)
    return float(-np.mean(target * log_yes + (1 - target) * log_no))


def losses(output: dict[str, np.ndarray], labels: np.ndarray, alpha: float) -> dict[str, float]:
    """loss_base, loss_supp, loss_norm, loss_total; names as in golden/network.npz."""
    base = binary_cross_entropy(output["score_base"], targets(labels, 1.0))
    supp = binary_cross_entropy(output["score_supp"], targets(labels, 0.0))
    norm = float(np.mean(np.abs(output["foreground"]).sum(axis=(1, 2))))
    return {
        "loss_base": base,
        "loss_supp": supp,
        "loss_norm": norm,
        "loss_total": base + supp + alpha * norm,
    }
