"""Samples the snippets of a video for training, and adds noise to them.

Every draw except the noise is a function of (seed, epoch, video), so that workers, ranks and
resumed runs agree. Noise and dropout are functions of (seed, iteration, rank).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

Indices = npt.NDArray[np.int64]


def generator(*key: int) -> np.random.Generator:
    """A generator that depends only on the numbers of the key, each >= 0."""
    return np.random.default_rng(np.random.SeedSequence(key))


def uniform(length: int, num_segments: int) -> Indices:
    """`num_segments` snippets at even distances, floor(i * length / num_segments).

    Source: the released code's test sampling. A short video repeats snippets.
    """
    return np.arange(num_segments, dtype=np.int64) * length // num_segments


def random_perturbed(length: int, num_segments: int, rng: np.random.Generator) -> Indices:
    """Even positions, each moved to a random snippet up to and including the next position.

    Source: the released code's training sampling. The last one may reach the video's end; a video
    of exactly `num_segments` snippets is not changed.
    """
    first = uniform(length, num_segments)
    if length == num_segments:
        return first
    return rng.integers(first, np.append(first[1:], length - 1), endpoint=True)


def crop(length: int, max_length: int, rng: np.random.Generator) -> slice:
    """A random stretch of at most `max_length` snippets at native rate."""
    if length <= max_length:
        return slice(0, length)
    start = int(rng.integers(0, length - max_length, endpoint=True))
    return slice(start, start + max_length)


def with_noise(features: Tensor, mask: Tensor | None, share: float) -> Tensor:
    """Features with added normal noise from torch's generator.

    Args:
        features: (B, T, F) float32.
        mask: (B, T) bool, true on a video's own snippets; None: all are.
        share: the noise's deviation, as a share of each channel's deviation in the video; 0: no
            noise, and no random draw.
    """
    if share == 0:
        return features
    own = torch.ones_like(features[..., :1]) if mask is None else mask.unsqueeze(2).to(features)
    count = own.sum(dim=1, keepdim=True)
    mean = (features * own).sum(dim=1, keepdim=True) / count
    variance = ((features - mean).square() * own).sum(dim=1, keepdim=True) / count
    return features + share * variance.sqrt() * torch.randn_like(features)
