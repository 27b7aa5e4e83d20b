"""One fit of the input projection for many runs on the same videos.

It depends only on the training snippets, not on seed or variant, and takes half the time of a small
run. The runs get the same projection, bit for bit, as with their own fit.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from torch import Tensor

from basnet_training import trainer
from basnet_training.dataset import TaggedVideos
from basnet_training.projection import InputProjection
from basnet_training.projection_fit import fit_projection


@contextmanager
def remembered_projections() -> Iterator[None]:
    """A block in which every `fit` must have the same features; each size is fitted once."""
    fitted: dict[tuple[tuple[int, ...], tuple[str, ...]], tuple[Tensor, Tensor]] = {}

    def fit_once(layer: InputProjection, videos: TaggedVideos) -> None:
        key = (tuple(layer.weight.shape), videos.names)
        if key not in fitted:
            fit_projection(layer, videos)
            fitted[key] = (layer.weight.clone(), layer.bias.clone())
        layer.weight.copy_(fitted[key][0])
        layer.bias.copy_(fitted[key][1])

    with mock.patch.object(trainer, "fit_projection", fit_once):
        yield
