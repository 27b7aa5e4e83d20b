"""The loss of BaS-Net, as a weighted sum of named terms.

Source: Lee, Uh and Byun, AAAI 2020; tests compare it with numbers from the released code. A new
term is one function in `LEVERS`, and one field of `LossConfig` with its name and weight.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from basnet_rt import InvalidValue

from .config import BackgroundVideoTarget, LossConfig
from .levers import agreement_term, co_activity_term, contrast_term, magnitude_term
from .network import NetworkOutput, ScoreFunction, Variant

DEFAULTS = LossConfig()


@dataclass(frozen=True)
class Loss:
    """`total` (a scalar to differentiate) and its unweighted parts by name."""

    total: Tensor
    parts: dict[str, Tensor]


@dataclass(frozen=True)
class Case:
    """Values that a term may use, in addition to outputs and labels."""

    settings: LossConfig
    score_function: ScoreFunction
    variant: Variant

    @property
    def background_video_target(self) -> BackgroundVideoTarget:
        """The choice, with "auto" resolved."""
        choice = self.settings.background_video_target
        if choice != "auto":
            return choice
        return "none" if self.score_function == "sigmoid" else "uniform"


class MixedOutput(NamedTuple):
    """The network's output for rows that are mixed with the row after them.

    share: (B, T) of a row itself, in [0, 1]; see `levers.mixed_rows`.
    """

    output: NetworkOutput
    share: Tensor


# Of the output, (B, C) labels, and the mask.
Lever = Callable[[NetworkOutput, Tensor, Tensor | None], Tensor]


def basnet_loss(
    output: NetworkOutput,
    labels: Tensor,
    settings: LossConfig = DEFAULTS,
    *,
    variant: Variant = "full",
    score_function: ScoreFunction = "softmax",
    targets: Mapping[str, Tensor] | None = None,
    mask: Tensor | None = None,
    mixed: MixedOutput | None = None,
) -> Loss:
    """The training loss of one batch.

    Args:
        output: both branches, from `BaSNet.forward`.
        labels: (B, C), 1 if the video contains the class; a row of zeros is a video without action.
        settings: weights and choices; see `LossConfig`.
        variant, score_function: of the network.
        targets: (B, T, C) targets of snippets, NaN where they are unknown: "corrected" by a person,
            "distilled", the mean activations of teachers, or "pseudo_segments", the same with
            pseudo-segments of some classes.
        mask: (B, T) bool, true on a video's own snippets, which come first; None: all are.
        mixed: the outputs of the same videos with mixed neighbours; None: no such term.

    Returns:
        Loss with `total` = base + supp + alpha * norm and the parts "base", "supp", "norm"; a
        variant without suppression branch has only "base". Each of the targets, and each of
        `LEVERS` whose weight is above 0, is a part of its own, with the weight of that name in
        `settings`.

    Raises:
        ValueError: the labels have another shape.
    """
    expected = (output.score_base.shape[0], output.score_base.shape[1] - 1)
    if tuple(labels.shape) != expected:
        raise InvalidValue(f"labels: expected shape {expected}, got {tuple(labels.shape)}")
    labels = labels.float()
    case = Case(settings, score_function, variant)
    parts = video_terms(output, labels, case)
    if output.score_supp is not None:
        parts["norm"] = norm_term(output)
    parts |= {name: snippet_term(output, one) for name, one in (targets or {}).items()}
    weights = {"base": 1.0, "supp": 1.0, "norm": settings.alpha}
    weights |= {name: getattr(settings, name) for name in (*TARGETS, MIXING, *LEVERS)}
    for name, term in LEVERS.items():
        if weights[name] > 0:
            parts[name] = term(output, labels, mask)
    if mixed is not None:
        tags = sum(video_terms(mixed.output, labels, case).values())
        parts[MIXING] = tags + agreement_term(output, mixed.output, mask, mixed.share)
    total = torch.stack([weights[name] * value for name, value in parts.items()]).sum()
    return Loss(total, parts)


def video_terms(output: NetworkOutput, labels: Tensor, case: Case) -> dict[str, Tensor]:
    """The terms that compare a video's scores with its tags."""
    terms = {"base": base_term(output, labels, case)}
    if output.score_supp is not None:
        terms["supp"] = supp_term(output, labels, case)
    return terms


def base_term(output: NetworkOutput, labels: Tensor, case: Case) -> Tensor:
    """BCE of the base branch: every video also contains background."""
    return _bce(output.score_base, base_target(labels, case.variant, case.score_function)).mean()


def supp_term(output: NetworkOutput, labels: Tensor, case: Case) -> Tensor:
    """BCE of the suppression branch, whose target has no background."""
    assert output.score_supp is not None
    target, counts = supp_target(labels, case.background_video_target, case.score_function)
    return (_bce(output.score_supp, target).mean(dim=1) * counts).mean()


def norm_term(output: NetworkOutput) -> Tensor:
    """L1 norm in time of the foreground weights, mean over videos."""
    return output.foreground.abs().sum(dim=1).mean()


def snippet_term(output: NetworkOutput, targets: Tensor) -> Tensor:
    """BCE of the snippets that have targets.

    Class activations of the localizing branch are logits of their class. If all classes of a
    snippet are known, it is also known whether it is foreground, and the foreground weight is the
    probability of that. Sum over classes, mean over the known snippets of a video, mean over the
    videos with any.

    Args:
        targets: (B, T, C) in [0, 1]; NaN where they are unknown.
    """
    known = ~targets.isnan()
    target = targets.nan_to_num()
    counted = known.any(dim=2).any(dim=1)
    if not bool(counted.any()):
        return output.foreground.sum() * 0
    with torch.autocast(targets.device.type, enabled=False):
        logits = output.cas[..., :-1].float()
        each = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
        found = _mean_of_known(each.where(known, each.new_zeros(())).sum(dim=2), known.any(dim=2))
        if output.score_supp is not None:
            action = target.max(dim=2).values
            each = F.binary_cross_entropy(output.foreground.float(), action, reduction="none")
            found = found + _mean_of_known(each, known.all(dim=2))
    return found[counted].mean()


def _mean_of_known(values: Tensor, known: Tensor) -> Tensor:
    """(B,) means of (B, T) values over the known snippets; 0 if there are none."""
    return (values * known).sum(dim=1) / known.sum(dim=1).clamp(min=1)


TARGETS = ("corrected", "distilled", "pseudo_segments")
MIXING = "mixing"
# Terms of later papers, by the name of their weight.
LEVERS: dict[str, Lever] = {
    "magnitude": magnitude_term,
    "co_activity": co_activity_term,
    "contrast": contrast_term,
}


def base_target(
    labels: Tensor, variant: Variant, score_function: ScoreFunction = "softmax"
) -> Tensor:
    """(B, C+1): labels and background 1; for softmax scores divided by their sum.

    Without a background class, background is 0 for sigmoid scores; for softmax scores it is 1 only
    for videos without action.
    """
    background = torch.ones_like(labels[:, :1])
    if score_function == "sigmoid":
        return torch.cat((labels, background * (variant != "no_background")), dim=1)
    if variant == "no_background":
        background = without_action(labels).float().unsqueeze(1)
    target = torch.cat((labels, background), dim=1)
    return target / target.sum(dim=1, keepdim=True)


def supp_target(
    labels: Tensor, choice: BackgroundVideoTarget, score_function: ScoreFunction = "softmax"
) -> tuple[Tensor, Tensor]:
    """(B, C+1) labels and background 0, and (B,) 1 if the video counts.

    For softmax scores the target is divided by its sum.
    """
    empty = without_action(labels)
    target = torch.cat((labels, torch.zeros_like(labels[:, :1])), dim=1)
    if score_function == "softmax":
        target = target / target.sum(dim=1, keepdim=True).clamp(min=1)
    if choice == "uniform":
        target[empty, :-1] = 1 / labels.shape[1] if score_function == "softmax" else 0.5
    elif choice == "background":
        target[empty, -1] = 1
    counts = ~empty if choice == "skip" else torch.ones_like(empty)
    return target, counts.float()


def without_action(labels: Tensor) -> Tensor:
    """(B,) bool: the videos that contain none of the classes."""
    return labels.sum(dim=1) == 0


def _bce(scores: Tensor, target: Tensor) -> Tensor:
    # Probabilities, not logits, as published; autocast refuses that in half precision.
    with torch.autocast(scores.device.type, enabled=False):
        return F.binary_cross_entropy(scores.float(), target, reduction="none")
