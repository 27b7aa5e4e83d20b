"""Targets of the loss, above all for videos without action."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from basnet_rt import InvalidValue
from basnet_training import BaSNet, LossConfig, NetworkOutput, basnet_loss
from basnet_training.loss import base_target, supp_target

LABELS = torch.tensor([[1.0, 0.0], [1.0, 1.0], [0.0, 0.0]])


def output(score_base: list, score_supp: list | None = None) -> NetworkOutput:
    base = torch.tensor(score_base)
    supp = None if score_supp is None else torch.tensor(score_supp)
    return NetworkOutput(base, torch.zeros(len(base), 4, 3), supp, None, torch.ones(len(base), 4))


def bce(scores, target) -> np.ndarray:
    p, y = np.asarray(scores, float), np.asarray(target, float)
    return -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean(axis=1)


def test_base_target_adds_background_and_divides():
    want = [[1 / 2, 0, 1 / 2], [1 / 3, 1 / 3, 1 / 3], [0, 0, 1]]
    torch.testing.assert_close(base_target(LABELS, "full"), torch.tensor(want))


def test_without_a_background_class_only_empty_videos_are_background():
    want = [[1, 0, 0], [1 / 2, 1 / 2, 0], [0, 0, 1]]
    got = base_target(LABELS, "no_background")
    torch.testing.assert_close(got, torch.tensor(want, dtype=torch.float32))


@pytest.mark.parametrize(
    ("choice", "empty", "counts"),
    [
        ("skip", [0, 0, 0], 0),
        ("none", [0, 0, 0], 1),
        ("background", [0, 0, 1], 1),
        ("uniform", [0.5, 0.5, 0], 1),
    ],
)
def test_supp_target_of_an_empty_video_is_the_setting(choice, empty, counts):
    target, counted = supp_target(LABELS, choice)
    want = torch.tensor([[1, 0, 0], [0.5, 0.5, 0], empty], dtype=torch.float32)
    torch.testing.assert_close(target, want)
    assert counted.tolist() == [1, 1, counts]


@pytest.mark.parametrize("choice", ["skip", "none", "background", "uniform"])
def test_a_batch_of_empty_videos_has_finite_gradients(choice):
    """Catches the released code's 0 / 0."""
    network = BaSNet(4, 2, 3, 5, 0.0)
    features = torch.randn(2, 10, 4, generator=torch.Generator().manual_seed(0))
    settings = LossConfig(background_video_target=choice)
    basnet_loss(network(features), torch.zeros(2, 2), settings).total.backward()
    assert all(bool(p.grad.isfinite().all()) for p in network.parameters())


def test_parts_and_total_by_hand():
    base = [[0.2, 0.3, 0.5], [0.6, 0.1, 0.3], [0.1, 0.1, 0.8]]
    supp = [[0.5, 0.2, 0.3], [0.4, 0.4, 0.2], [0.3, 0.3, 0.4]]
    loss = basnet_loss(
        output(base, supp), LABELS, LossConfig(alpha=0.01, background_video_target="skip")
    )
    want_base = bce(base, base_target(LABELS, "full")).mean()
    want_supp = bce(supp, [[1, 0, 0], [0.5, 0.5, 0], [0, 0, 0]])[:2].sum() / 3
    assert float(loss.parts["base"]) == pytest.approx(want_base, rel=1e-6)
    assert float(loss.parts["supp"]) == pytest.approx(want_supp, rel=1e-6)
    assert float(loss.parts["norm"]) == 4
    assert float(loss.total) == pytest.approx(want_base + want_supp + 0.04, rel=1e-6)


def test_sigmoid_targets_are_not_divided_and_a_video_without_action_is_all_zeros():
    base = [[0.2, 0.3, 0.5], [0.6, 0.1, 0.3], [0.1, 0.1, 0.8]]
    supp = [[0.5, 0.2, 0.3], [0.4, 0.4, 0.2], [0.3, 0.3, 0.4]]
    loss = basnet_loss(output(base, supp), LABELS, LossConfig(), score_function="sigmoid")
    want_base = bce(base, [[1, 0, 1], [1, 1, 1], [0, 0, 1]]).mean()
    want_supp = bce(supp, [[1, 0, 0], [1, 1, 0], [0, 0, 0]]).mean()
    assert float(loss.parts["base"]) == pytest.approx(want_base, rel=1e-6)
    assert float(loss.parts["supp"]) == pytest.approx(want_supp, rel=1e-6)


def test_one_branch_has_the_base_term_alone():
    loss = basnet_loss(output([[0.2, 0.3, 0.5]]), LABELS[:1], LossConfig(), variant="base_only")
    assert list(loss.parts) == ["base"]
    assert torch.equal(loss.total, loss.parts["base"])


def test_wrong_label_shape_is_refused():
    with pytest.raises(InvalidValue, match=r"\(1, 2\)"):
        basnet_loss(output([[0.2, 0.3, 0.5]]), torch.zeros(1, 3))
