"""Masks, variants and published weights."""

from __future__ import annotations

import pytest
import torch

from basnet_rt import InvalidValue
from basnet_training import BaSNet, LossConfig, basnet_loss
from basnet_training.network import NO_BACKGROUND

LENGTHS = [1, 2, 3, 9, 23]  # below, at and above the reach of two 3-tap layers; k = 1 and 2


def make(variant: str = "full", **options) -> BaSNet:
    torch.manual_seed(1)
    return BaSNet(6, 3, 5, 8, 0.0, variant=variant, **options)


def padded(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Videos of LENGTHS in one batch; what lies beyond their ends is not zero."""
    generator = torch.Generator().manual_seed(seed)
    features = torch.randn(len(LENGTHS), max(LENGTHS), 6, generator=generator)
    mask = torch.arange(max(LENGTHS)) < torch.tensor(LENGTHS).unsqueeze(1)
    return features, mask


@pytest.mark.parametrize("variant", ["full", "base_only", "no_background"])
@torch.no_grad()
def test_padding_acts_as_the_end_of_the_video(variant):
    """Catches hidden padding that is a convolution of zeros, and k of the batch's length."""
    network, (features, mask) = make(variant), padded()
    together = network(features, mask)
    for row, length in enumerate(LENGTHS):
        alone = network(features[row : row + 1, :length])
        torch.testing.assert_close(together.cas[row, :length], alone.cas[0])
        torch.testing.assert_close(together.score[row], alone.score[0])
        torch.testing.assert_close(together.score_base[row], alone.score_base[0])
        torch.testing.assert_close(together.foreground[row, :length], alone.foreground[0])
        assert not together.cas[row, length:].any()
        assert not together.foreground[row, length:].any()


def test_padding_adds_nothing_to_loss_or_gradients():
    features, mask = padded()
    labels = torch.eye(3)[[0, 1, 2, 0, 1]]
    network = make()
    basnet_loss(network(features, mask), labels, LossConfig(alpha=0.1)).total.backward()
    together = [p.grad.clone() for p in network.parameters()]
    network.zero_grad()
    for row, length in enumerate(LENGTHS):
        output = network(features[row : row + 1, :length])
        loss = basnet_loss(output, labels[row : row + 1], LossConfig(alpha=0.1))
        (loss.total / len(LENGTHS)).backward()
    for got, parameter in zip(together, network.parameters(), strict=True):
        torch.testing.assert_close(got, parameter.grad)


@torch.no_grad()
def test_a_full_mask_is_no_mask():
    features, _ = padded()
    mask = torch.ones(features.shape[:2], dtype=torch.bool)
    torch.testing.assert_close(make()(features, mask).score, make()(features).score)


@torch.no_grad()
def test_base_only_is_the_base_branch_of_full():
    full, base = make("full"), make("base_only")
    weights = {k: v for k, v in full.state_dict().items() if k.startswith("cas_module")}
    base.load_published(weights)
    features, _ = padded()
    torch.testing.assert_close(base(features).cas, full(features).cas_base)
    assert base(features).cas_supp is None
    assert bool((base(features).foreground == 1).all())


@torch.no_grad()
def test_no_background_is_a_softmax_over_the_actions_alone():
    network = make("no_background", background_logit=NO_BACKGROUND)
    output = network(padded()[0])
    assert output.cas.shape[2] == 4
    assert not output.score[:, -1].any()
    actions, _ = network.cas_module(network.cas_module.products(padded()[0]), None)
    best = actions.topk(max(LENGTHS) // 8, dim=1).values.mean(dim=1)
    torch.testing.assert_close(output.score[:, :-1], best.softmax(dim=1))


@torch.no_grad()
def test_no_background_with_logit_zero_is_logistic_for_one_class():
    network = BaSNet(6, 1, 5, 8, 0.0, variant="no_background", background_logit=0.0)
    output = network(padded()[0])
    best = output.cas[..., 0].topk(max(LENGTHS) // 8, dim=1).values.mean(dim=1)
    torch.testing.assert_close(output.score[:, 0], best.sigmoid())


def test_published_weights_load_with_and_without_prefix():
    source, target = make(), BaSNet(6, 3, 5, 8)
    target.load_published({f"module.{k}": v for k, v in source.state_dict().items()})
    for got, want in zip(target.parameters(), source.parameters(), strict=True):
        assert torch.equal(got, want)


def test_published_weights_that_do_not_fit_are_named():
    weights = dict(make().state_dict())
    weights["cas_module.conv_3.0.weight"] = torch.zeros(9, 8, 1)
    weights["extra"] = weights.pop("filter_module.conv_2.0.bias")
    with pytest.raises(InvalidValue) as error:
        make().load_published(weights)
    for part in ("conv_2.0.bias is absent", "extra is unknown", "(9, 8, 1), expected (4, 8, 1)"):
        assert part in str(error.value)


@pytest.mark.parametrize("sizes", [(0, 3), (6, 0)])
def test_sizes_below_one_are_refused(sizes):
    with pytest.raises(InvalidValue, match="at least 1"):
        BaSNet(*sizes)


def test_unknown_variant_is_refused():
    with pytest.raises(InvalidValue, match="base_only"):
        make("supp_only")
