"""BaS-Net: one class-activation network, applied with and without a background filter.

Source: Lee, Uh and Byun, AAAI 2020 (arXiv:1911.09963). Parameter names and shapes are those of
the authors' released checkpoint, so that it can be loaded unchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Literal, NamedTuple, cast, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from basnet_rt import InvalidValue

from .projection import InputProjection
from .taps import shifted_sum, tap_products
from .tiles import convolved

Variant = Literal["full", "base_only", "no_background"]
ScoreFunction = Literal["softmax", "sigmoid"]
Pooling = Callable[[Tensor], Tensor]  # (B, T, C+1) CAS to (B, C+1)

# A constant background activation this low does not change a float32 softmax, and stays finite.
NO_BACKGROUND = -1e4


class NetworkOutput(NamedTuple):
    """Both branches of one batch; snippets beyond a video's end are 0 everywhere.

    Attributes:
        score_base, score_supp: (B, C+1) float32, softmax over classes or sigmoid of each;
            background last.
        cas_base, cas_supp: (B, T, C+1) float32, before any normalisation.
        foreground: (B, T) float32 in (0, 1); ones if the variant has no filter.
        hidden: (B, T, H) channels before the classifier, of the localizing branch; they are
            not 0 beyond a video's end.

    The `supp` entries are None for a variant without suppression branch.
    """

    score_base: Tensor
    cas_base: Tensor
    score_supp: Tensor | None
    cas_supp: Tensor | None
    foreground: Tensor
    hidden: Tensor | None = None

    @property
    def score(self) -> Tensor:
        """Scores of the localizing branch: suppression, if there is one, else base."""
        return self.score_base if self.score_supp is None else self.score_supp

    @property
    def cas(self) -> Tensor:
        """CAS of the localizing branch."""
        return self.cas_base if self.cas_supp is None else self.cas_supp


class FilterModule(nn.Module):
    """Foreground weight of every snippet, (B, T, F) to (B, T)."""

    def __init__(self, feature_dim: int, hidden: int) -> None:
        super().__init__()
        self.conv_1 = nn.Sequential(nn.Conv1d(feature_dim, hidden, 1), nn.LeakyReLU())
        self.conv_2 = nn.Sequential(nn.Conv1d(hidden, 1, 1), nn.Sigmoid())

    def forward(self, rows: Tensor) -> Tensor:
        hidden = F.leaky_relu(_pointwise(rows, self.conv_1[0]))
        return _pointwise(hidden, self.conv_2[0]).sigmoid().squeeze(2)


class CasModule(nn.Module):
    """Class activations of every snippet, (B, T, F) to (B, T, outputs).

    The layers have the released names of weights; `forward` uses the weights as matrices.
    """

    def __init__(self, feature_dim: int, outputs: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.conv_1 = nn.Sequential(nn.Conv1d(feature_dim, hidden, 3, padding=1), nn.LeakyReLU())
        self.conv_2 = nn.Sequential(nn.Conv1d(hidden, hidden, 3, padding=1), nn.LeakyReLU())
        self.drop_out = nn.Dropout(dropout)
        self.conv_3 = nn.Sequential(nn.Conv1d(hidden, outputs, 1, bias=False))

    def products(self, rows: Tensor) -> Tensor:
        """(B, T, F) to (B, T, 3, H): the part of the first layer that branches share."""
        return tap_products(rows, self._convolution(1))

    def forward(
        self, products: Tensor, mask: Tensor | None, row_weights: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Activations (B, T, outputs) and hidden channels (B, T, H) of one branch.

        Args:
            products: of the rows, from `products`.
            mask: (B, T), true for a video's snippets; None: all are.
            row_weights: (B, T) weights of the rows in this branch; None: ones.
        """
        first, second = self._convolution(1), self._convolution(2)
        hidden = F.leaky_relu(shifted_sum(products, row_weights) + cast(Tensor, first.bias))
        if mask is not None:  # zero padding beyond a video's end, in the hidden layer too
            hidden = hidden * mask.unsqueeze(2)
        hidden = F.leaky_relu(convolved(hidden, second) + cast(Tensor, second.bias))
        return _pointwise(self.drop_out(hidden), self.conv_3[0]), hidden

    def _convolution(self, layer: int) -> nn.Conv1d:
        return cast(nn.Conv1d, (self.conv_1 if layer == 1 else self.conv_2)[0])


def _pointwise(rows: Tensor, layer: nn.Module) -> Tensor:
    """A Conv1d of one tap on (B, T, F) rows."""
    convolution = cast(nn.Conv1d, layer)
    return F.linear(rows, convolution.weight.squeeze(2), convolution.bias)


class BaSNet(nn.Module):
    """The network of the paper, and the two smaller ones of its ablation.

    Args:
        feature_dim: F, channels of a snippet.
        num_classes: C, without background.
        hidden_filter, hidden_cas: hidden sizes; the defaults are the released ones.
        dropout: share of hidden channels dropped before the classifier, in training.
        topk_divisor: a video score is the mean over its best max(1, T // topk_divisor) snippets.
        variant:
            "full": both branches.
            "base_only": the base branch with its background class; no filter.
            "no_background": the base branch with C outputs. The background column is a constant,
                so that shapes are the same for all variants.
        score_function: from a class's top-k mean to its video score: "softmax" over C+1 as
            published, or "sigmoid" of each class alone, whose activations are near 0 on background.
        projection_dim: D of the fixed `InputProjection` in front of both modules, which then take
            D channels; None: no projection, as published.
        background_logit: the constant of variant "no_background". `NO_BACKGROUND` gives the
            softmax over C of the paper's baseline. 0 gives logistic scores against "none of these";
            it is needed for a single class or videos without action, because a softmax over C
            cannot express "none".
    """

    def __init__(
        self,
        feature_dim: int,
        num_classes: int,
        hidden_filter: int = 512,
        hidden_cas: int = 2048,
        dropout: float = 0.7,
        *,
        topk_divisor: int = 8,
        variant: Variant = "full",
        background_logit: float = NO_BACKGROUND,
        score_function: ScoreFunction = "softmax",
        projection_dim: int | None = None,
    ) -> None:
        super().__init__()
        _check_sizes(feature_dim, num_classes, hidden_filter, hidden_cas, topk_divisor)
        if variant not in get_args(Variant):
            raise InvalidValue(f"variant: expected one of {get_args(Variant)}, got {variant!r}")
        if score_function not in get_args(ScoreFunction):
            raise InvalidValue(
                f"score_function: expected one of {get_args(ScoreFunction)}, got {score_function!r}"
            )
        self.feature_dim, self.num_classes = feature_dim, num_classes
        self.score_function = score_function
        self.projection: InputProjection | None = None
        if projection_dim is not None:
            self.projection = InputProjection(feature_dim, projection_dim)
        inputs = feature_dim if projection_dim is None else projection_dim
        self.topk_divisor, self.variant = topk_divisor, variant
        self.background_logit = background_logit
        outputs = num_classes + (variant != "no_background")
        self.filter_module = FilterModule(inputs, hidden_filter) if variant == "full" else None
        self.cas_module = CasModule(inputs, outputs, hidden_cas, dropout)

    def forward(
        self,
        features: Tensor,
        mask: Tensor | None = None,
        topk_divisor: int | None = None,
        most: Tensor | None = None,
    ) -> NetworkOutput:
        """Run both branches.

        Args:
            features: (B, T, F) float32; values beyond a video's end are ignored.
            mask: (B, T) bool, true for a video's snippets, which come first; None: all are.
            topk_divisor: used instead of the network's; None: the network's.
            most: (B, C+1) int64, largest number of best snippets of a score; None: no limit.
        """
        divisor = self.topk_divisor if topk_divisor is None else topk_divisor
        pool = partial(topk_mean, mask=mask, divisor=divisor, most=most)
        rows = features if self.projection is None else self.projection(features)
        if mask is not None:
            rows = rows.masked_fill(~mask.unsqueeze(2), 0)
        products = self.cas_module.products(rows)
        score_base, cas_base, hidden = self._branch(products, mask, None, pool)
        if self.filter_module is None:
            ones = torch.ones(features.shape[:2], device=features.device)
            return NetworkOutput(score_base, cas_base, None, None, _masked(ones, mask), hidden)
        foreground = _masked(self.filter_module(rows).float(), mask)
        score_supp, cas_supp, hidden = self._branch(products, mask, foreground, pool)
        return NetworkOutput(score_base, cas_base, score_supp, cas_supp, foreground, hidden)

    def load_published(self, state_dict: Mapping[str, Tensor]) -> None:
        """Load a released checkpoint; a `module.` prefix on every name is removed.

        Raises:
            ValueError: a name is absent or unknown, or a shape differs; the message lists them.
        """
        given = without_prefix(state_dict)
        problems = _differences(dict(self.state_dict()), given)
        if problems:
            raise InvalidValue("this is not the network's state dict: " + "; ".join(problems))
        self.load_state_dict(given)

    def _branch(
        self, products: Tensor, mask: Tensor | None, row_weights: Tensor | None, pool: Pooling
    ) -> tuple[Tensor, Tensor, Tensor]:
        """(score, CAS, hidden channels) of one branch."""
        cas, hidden = self.cas_module(products, mask, row_weights)
        cas = cas.float()  # B, T, outputs
        if self.variant == "no_background":
            cas = F.pad(cas, (0, 1), value=self.background_logit)
        if mask is not None:
            cas = cas * mask.unsqueeze(2)
        means = pool(cas)
        score = means.softmax(dim=1) if self.score_function == "softmax" else means.sigmoid()
        return score, cas, hidden


def without_prefix(state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same without the `module.` that DataParallel puts before every name."""
    return {name.removeprefix("module."): value for name, value in state_dict.items()}


def topk_mean(cas: Tensor, mask: Tensor | None, divisor: int, most: Tensor | None = None) -> Tensor:
    """Mean of the best k = max(1, T // divisor) activations in time, per class; at most `most`.

    cas (B, T, K) float32, mask (B, T) bool or None, most (B, K) of at least 1 or None; returns
    (B, K). T is each video's own.
    """
    if mask is None and most is None:
        return cas.topk(max(1, cas.shape[1] // divisor), dim=1).values.mean(dim=1)
    if mask is None:
        mask = torch.ones(cas.shape[:2], dtype=torch.bool, device=cas.device)
    best = torch.clamp(mask.sum(dim=1) // divisor, min=1).unsqueeze(1)  # B, 1
    if most is not None:
        best = torch.minimum(best, most)  # B, K
    ranked = cas.masked_fill(~mask.unsqueeze(2), -torch.inf).sort(dim=1, descending=True).values
    places = torch.arange(cas.shape[1], device=cas.device).unsqueeze(1)  # T, 1
    kept = torch.where(places < best.unsqueeze(1), ranked, torch.zeros_like(ranked))
    return kept.sum(dim=1) / best


def _masked(values: Tensor, mask: Tensor | None) -> Tensor:
    return values if mask is None else values * mask


def _check_sizes(*sizes: int) -> None:
    names = ("feature_dim", "num_classes", "hidden_filter", "hidden_cas", "topk_divisor")
    for name, size in zip(names, sizes, strict=True):
        if size < 1:
            raise InvalidValue(f"{name}: expected at least 1, got {size}")


def _differences(own: Mapping[str, Tensor], given: Mapping[str, Tensor]) -> list[str]:
    problems = [f"{name} is absent" for name in own if name not in given]
    problems += [f"{name} is unknown" for name in given if name not in own]
    problems += [
        f"{name} has shape {tuple(given[name].shape)}, expected {tuple(value.shape)}"
        for name, value in own.items()
        if name in given and given[name].shape != value.shape
    ]
    return problems
