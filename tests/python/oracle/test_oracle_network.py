"""The oracle's network and losses against the released network's numbers, to 1e-4 relative."""

from __future__ import annotations

import numpy as np
import pytest

from reference.formula_weights import formula_weights, parameter_shapes
from reference.loss import binary_cross_entropy, losses, targets
from reference.network import activations, class_scores, conv, forward, video_scores

OUTPUTS = ["foreground", "cas_base", "cas_supp", "score_base", "score_supp"]
LOSSES = ["loss_base", "loss_supp", "loss_norm", "loss_total"]


@pytest.fixture(scope="module", params=["case0", "case1"])
def case(request, shared):
    """One golden case, and what the oracle makes of its features."""
    with np.load(shared / "golden" / "network.npz") as file:
        prefix = request.param + "/"
        golden = {n.removeprefix(prefix): file[n] for n in file.files if n.startswith(prefix)}
    weights = formula_weights(golden["features"].shape[2], golden["labels"].shape[1])
    return golden, forward(golden["features"], weights)


@pytest.mark.parametrize("name", OUTPUTS)
def test_forward_is_the_released_one(case, name):
    """Catches wrong padding, slope, tap order, sigmoid, k, or weights filled by a wrong rule.

    Entries near zero get an absolute allowance: 1e-6 of the largest entry.
    """
    golden, output = case
    largest = np.abs(golden[name]).max()
    np.testing.assert_allclose(output[name], golden[name], rtol=1e-4, atol=1e-6 * largest)


@pytest.mark.parametrize("name", LOSSES)
def test_losses_are_the_released_ones(case, name):
    golden, output = case
    got = losses(output, golden["labels"], float(golden["alpha"]))
    assert got[name] == pytest.approx(float(golden[name]), rel=1e-4)


def test_names_are_those_of_the_checkpoint(shared):
    """Golden lists a gradient per parameter: the names must be these, in this order."""
    with np.load(shared / "golden" / "network.npz") as file:
        prefix = "case0/grad_norm/"
        names = [n.removeprefix(prefix) for n in file.files if n.startswith(prefix)]
    assert list(parameter_shapes(32, 5)) == names


def test_conv_by_hand():
    """Taps left, middle, right of 1, 10, 100 over 1, 2, 3 with zeros beyond the ends:
    0 + 10 + 200 = 210; 1 + 20 + 300 = 321; 2 + 30 + 0 = 32."""
    x, weight = np.array([[1.0], [2.0], [3.0]]), np.array([[[1.0, 10.0, 100.0]]])
    assert conv(x, weight)[:, 0].tolist() == [210.0, 321.0, 32.0]


def test_few_snippets_still_have_a_best_one():
    """k = max(1, T // 8): with T = 7 the mean is the maximum; catches k = 0."""
    cas = np.zeros((7, 2))
    cas[3] = [np.log(3.0), 0.0]
    np.testing.assert_allclose(class_scores(cas), [0.75, 0.25])
    np.testing.assert_allclose(video_scores(cas), [0.75])


def test_activations_of_a_bundle():
    """Softmax of (log 3, 0) is (3/4, 1/4); fused with weight 1/4 it is (3/4 + 1/4) / 2."""
    cas = np.array([[np.log(3.0), 0.0]])
    gate = np.array([0.25])
    np.testing.assert_allclose(activations(cas, gate, "raw"), [[np.log(3.0)]])
    np.testing.assert_allclose(activations(cas, gate, "softmax"), [[0.75]])
    np.testing.assert_allclose(activations(cas, gate, "fused"), [[0.5]])


def test_targets_by_hand():
    """Two actions and background share 1 in three; without background, in two."""
    labels = np.array([[1, 1, 0]])
    np.testing.assert_allclose(targets(labels, 1.0), [[1 / 3, 1 / 3, 0, 1 / 3]])
    np.testing.assert_allclose(targets(labels, 0.0), [[1 / 2, 1 / 2, 0, 0]])


def test_video_without_action():
    """All background in the base branch; undefined in the other, and never a silent NaN."""
    labels = np.zeros((1, 2))
    np.testing.assert_allclose(targets(labels, 1.0), [[0, 0, 1]])
    with pytest.raises(ValueError, match="without action"):
        targets(labels, 0.0)


def test_certain_and_wrong_costs_one_hundred():
    """PyTorch cuts log 0 at -100; the mean over two entries is (100 + 0) / 2."""
    assert binary_cross_entropy(np.array([[0.0, 1.0]]), np.array([[1.0, 1.0]])) == 50.0
