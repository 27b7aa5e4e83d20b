"""Runs a bundle's module on one video; a long video is computed in pieces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from basnet_rt import _core
from basnet_rt.config import PostprocessConfig

if TYPE_CHECKING:
    from torch import Tensor

    from basnet_rt.model.bundle import BundleMetadata

# The two 3-tap convolutions see two snippets to each side.
REACH = 2
# A piece needs some 60 kB a snippet in the hidden layers of the published size.
PIECE = 4096

Outputs = tuple["Tensor", "Tensor | None", "Tensor", "Tensor"]


def run(
    module: Any,
    features: Tensor,
    metadata: BundleMetadata,
    piece: int = PIECE,
    *,
    with_scores: bool = True,
) -> Outputs:
    """activations (T, C), video scores (C,), foreground (T,), cas (T, C+1); float32, C-contiguous.

    Args:
        module: a bundle's.
        features: (T, F) float32, on the module's device.
        metadata: the bundle's; it has the settings of video scores.
        piece: snippets computed at once. Pieces overlap by the network's receptive field, so they
            agree with the whole up to float32 rounding.
        with_scores: False if the caller does not need video scores; they may then be None.
    """
    import torch

    with torch.no_grad():
        if len(features) <= piece:
            activations, scores, foreground, cas = module(features.unsqueeze(0))
            return activations[0].contiguous(), scores[0], foreground[0], cas[0].contiguous()
        parts = [_piece(module, features, start, piece) for start in range(0, len(features), piece)]
        activations, foreground, cas = (torch.cat(part) for part in zip(*parts, strict=True))
        scores = _scores(cas, metadata) if with_scores else None
        return activations, scores, foreground, cas


def _scores(cas: Tensor, metadata: BundleMetadata) -> Tensor:
    """Video scores from the core, on the host; the module's float32 scores agree up to rounding."""
    import torch

    config = PostprocessConfig.continuous(
        score_function=metadata.score_function, topk_divisor=metadata.topk_divisor
    )
    scores = _core.video_scores(np.ascontiguousarray(cas.cpu().numpy()), config.native)
    return torch.from_numpy(scores).to(cas.device)


def _piece(module: Any, features: Tensor, start: int, size: int) -> tuple[Tensor, ...]:
    """Everything but the video scores, of snippets [start, start + size)."""
    first = max(0, start - REACH)
    activations, _, foreground, cas = module(features[first : start + size + REACH].unsqueeze(0))
    kept = slice(start - first, start - first + min(size, len(features) - start))
    return activations[0, kept], foreground[0, kept], cas[0, kept]
