"""The weights that golden/network.npz was made with: sines by formula, not a checkpoint."""

from __future__ import annotations

import math

import numpy as np


def parameter_shapes(
    feature_dim: int, num_classes: int, filter_hidden: int = 512, cas_hidden: int = 2048
) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the released checkpoint, in the order of `named_parameters()`."""
    return {
        "filter_module.conv_1.0.weight": (filter_hidden, feature_dim, 1),
        "filter_module.conv_1.0.bias": (filter_hidden,),
        "filter_module.conv_2.0.weight": (1, filter_hidden, 1),
        "filter_module.conv_2.0.bias": (1,),
        "cas_module.conv_1.0.weight": (cas_hidden, feature_dim, 3),
        "cas_module.conv_1.0.bias": (cas_hidden,),
        "cas_module.conv_2.0.weight": (cas_hidden, cas_hidden, 3),
        "cas_module.conv_2.0.bias": (cas_hidden,),
        "cas_module.conv_3.0.weight": (num_classes + 1, cas_hidden, 1),
    }


def filled(index: int, shape: tuple[int, ...]) -> np.ndarray:
    """Parameter number `index`, in float64, then rounded to float32."""
    wave = np.sin(np.arange(math.prod(shape)) * 0.7310585 + 1.3 * index)
    is_weight = len(shape) > 1
    scale = 1.7 / math.sqrt(math.prod(shape[1:])) if is_weight else 0.05
    return (wave * scale).reshape(shape).astype(np.float32)


def formula_weights(
    feature_dim: int, num_classes: int, filter_hidden: int = 512, cas_hidden: int = 2048
) -> dict[str, np.ndarray]:
    """All parameters as float32 arrays."""
    shapes = parameter_shapes(feature_dim, num_classes, filter_hidden, cas_hidden)
    return {name: filled(i, shape) for i, (name, shape) in enumerate(shapes.items())}
