"""Terms of papers after BaS-Net that need the same tags and features. Each is off by default.

They change the loss alone: the network, its bundle and its streams stay as they are. All numbers
that a paper fixes by hand are constants here, and all magnitudes are free of the hidden size.

A term takes the network's output, (B, C) labels and the (B, T) mask of the videos' own snippets
(None: all are), and gives a scalar.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from .network import NetworkOutput, topk_mean

# Uncertainty modelling.
ACTION_SHARE, BACKGROUND_SHARE = 9, 4  # 1 / share of a video's snippets
MARGIN = 1.0  # of the root mean square of the hidden channels
# Snippet contrast.
EASY = 5  # 1 / share of a video's snippets
NARROW, WIDE = 3, 7  # snippets, of erosion and dilation
TEMPERATURE = 0.07
# Co-activity.
DISTANCE = 0.5


def magnitude_term(output: NetworkOutput, labels: Tensor, mask: Tensor | None) -> Tensor:
    """Large hidden values on action, small ones on background.

    Source: Lee, Wang, Lu and Byun, "Weakly-supervised temporal action localization by uncertainty
    modeling", AAAI 2021, without its entropy loss of background. The magnitude of a snippet is the
    root mean square of its hidden channels. Per video the largest ninth should reach 1 and the
    smallest quarter be 0; a video without action has the second alone.
    """
    magnitude = _hidden(output).square().mean(dim=2, keepdim=True).clamp(min=1e-12).sqrt()
    largest = topk_mean(magnitude, mask, ACTION_SHARE).squeeze(1)
    smallest = -topk_mean(-magnitude, mask, BACKGROUND_SHARE).squeeze(1)
    wanting = F.relu(MARGIN - largest) * labels.any(dim=1)
    return (wanting + smallest).square().mean()


def co_activity_term(output: NetworkOutput, labels: Tensor, mask: Tensor | None) -> Tensor:
    """In two videos of a class, its snippets resemble each other more than other snippets.

    Source: Paul, Roy and Roy-Chowdhury, "W-TALC", ECCV 2018. Per video and class, the softmax in
    time of the CAS weights the hidden rows of the class, and what it leaves the other rows. The
    cosine distance of two videos' class rows is to be smaller by 0.5 than that of either to the
    other's rest. Mean over all pairs of videos that share a class.
    """
    hidden, own = _hidden(output), _own(output, mask)
    cas = output.cas[..., :-1].masked_fill(~own.unsqueeze(2), -torch.inf)
    weights = cas.softmax(dim=1)
    others = own.sum(dim=1).clamp(min=2)[:, None, None] - 1
    rest = (1 - weights) * own.unsqueeze(2) / others
    of_class, of_rest = (
        F.normalize(torch.einsum("btc,bth->cbh", one, hidden), dim=2) for one in (weights, rest)
    )
    between = 1 - of_class @ of_class.transpose(1, 2)  # C, B, B
    to_rest = 1 - of_class @ of_rest.transpose(1, 2)
    tagged = labels.t() > 0
    pairs = (tagged.unsqueeze(2) & tagged.unsqueeze(1)).float()
    pairs = pairs.triu(1) + pairs.tril(-1)  # a pair counts once for either video's rest
    excess = F.relu(between - to_rest + DISTANCE) * pairs
    return excess.sum() / pairs.sum().clamp(min=1)


def contrast_term(output: NetworkOutput, labels: Tensor, mask: Tensor | None) -> Tensor:
    """Snippets at an action's edges resemble certain ones of their own side.

    Source: Zhang, Cao, Yang, Chen and Zou, "CoLA", CVPR 2021. Actionness is the largest CAS of a
    tagged class, from 0 to 1 in each video; above 1/2 is action. The ring inside its edges is hard
    action, the ring outside hard background; the most and least active fifths are easy. InfoNCE
    draws the mean of hard action to that of easy action, away from easy background, and the reverse
    for hard background. Mean over the tagged videos that have both rings.
    """
    hidden, own = F.normalize(_hidden(output), dim=2), _own(output, mask)
    activity = _activity(output, labels, own)
    active = (activity > 0.5) & own
    inside = _eroded(active, own, NARROW) & ~_eroded(active, own, WIDE)
    outside = _dilated(active, WIDE) & ~_dilated(active, NARROW) & own
    certain, rest = _best(activity, own), _best(-activity, own)
    each = _info_nce(hidden, inside, certain, rest) + _info_nce(hidden, outside, rest, certain)
    counted = labels.any(dim=1) & inside.any(dim=1) & outside.any(dim=1)
    return each[counted].sum() / counted.sum().clamp(min=1)


def mixed_rows(features: Tensor, mask: Tensor | None, share: Tensor) -> Tensor:
    """Convex combinations of neighbours: share * row + (1 - share) * the row after it.

    Args:
        features: (B, T, F).
        mask: (B, T) bool, true on a video's own snippets; the last one has no row after it.
        share: (B, T) in [0, 1].
    """
    own = torch.ones_like(share, dtype=torch.bool) if mask is None else mask
    followed = torch.cat((own[:, 1:], torch.zeros_like(own[:, :1])), dim=1)
    share = share.masked_fill(~followed, 1).unsqueeze(2)
    return share * features + (1 - share) * features.roll(-1, dims=1)


def agreement_term(
    output: NetworkOutput, mixed: NetworkOutput, mask: Tensor | None, share: Tensor
) -> Tensor:
    """Mean squared difference of a mixed snippet's probabilities and its parents' mixture.

    Source: Liu et al., "Convex combination consistency between neighbors for weakly-supervised
    action localization" (C3BN, arXiv:2205.00400), without its consistency of hidden rows. The
    probabilities are the sigmoid of each class's CAS, and the foreground weight.
    """
    own = _own(output, mask).unsqueeze(2)
    wanted = mixed_rows(_probabilities(output).detach(), mask, share)
    return ((_probabilities(mixed) - wanted).square() * own).sum(dim=2).sum() / own.sum()


def _probabilities(output: NetworkOutput) -> Tensor:
    return torch.cat((output.cas[..., :-1].sigmoid(), output.foreground.unsqueeze(2)), dim=2)


def _hidden(output: NetworkOutput) -> Tensor:
    assert output.hidden is not None
    return output.hidden.float()


def _own(output: NetworkOutput, mask: Tensor | None) -> Tensor:
    return torch.ones_like(output.foreground, dtype=torch.bool) if mask is None else mask


def _activity(output: NetworkOutput, labels: Tensor, own: Tensor) -> Tensor:
    """(B, T) largest CAS of a tagged class, from 0 to 1 in each video; 0 without a tag."""
    untagged = (labels == 0).unsqueeze(1)
    best = output.cas[..., :-1].detach().masked_fill(untagged, -torch.inf).amax(dim=2)
    best = best.where(labels.any(dim=1, keepdim=True), torch.zeros_like(best))
    least = best.masked_fill(~own, torch.inf).amin(dim=1, keepdim=True)
    most = best.masked_fill(~own, -torch.inf).amax(dim=1, keepdim=True)
    return (best - least) / (most - least).clamp(min=1e-6)


def _dilated(active: Tensor, width: int) -> Tensor:
    grown = F.max_pool1d(active.float().unsqueeze(1), width, 1, width // 2)
    return grown.squeeze(1) > 0


def _eroded(active: Tensor, own: Tensor, width: int) -> Tensor:
    return active & ~_dilated(~active & own, width)


def _best(values: Tensor, own: Tensor) -> Tensor:
    """(B, T) bool: the largest fifth of each video's values."""
    ranks = values.masked_fill(~own, -torch.inf).argsort(dim=1, descending=True).argsort(dim=1)
    return (ranks < (own.sum(dim=1, keepdim=True) // EASY).clamp(min=1)) & own


def _info_nce(hidden: Tensor, hard: Tensor, like: Tensor, unlike: Tensor) -> Tensor:
    """(B,) InfoNCE of the mean of `hard` rows: to the mean of `like`, against each of `unlike`."""
    query, positive = (
        F.normalize((hidden * one.unsqueeze(2)).sum(dim=1), dim=1) for one in (hard, like)
    )
    near = (query * positive).sum(dim=1, keepdim=True) / TEMPERATURE
    far = (hidden @ query.unsqueeze(2)).squeeze(2) / TEMPERATURE
    every = torch.cat((near, far.masked_fill(~unlike, -torch.inf)), dim=1)
    return every.logsumexp(dim=1) - near.squeeze(1)
