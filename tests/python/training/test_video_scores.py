"""The three forms of the video score agree: the core's, the one that is trained, the exported one.

The core's, in float64, is the definition (csrc/src/formulas/video_score.h). Training needs one that
can be differentiated and takes padded batches; a module of TorchScript cannot call the core. Both
compute in float32, so they agree to 1e-6. Catches a k that is counted differently, a background
column that is dropped too early, and snippets beyond a video's end that count.
"""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from basnet_rt import PostprocessConfig, _core  # noqa: E402
from basnet_training import BaSNet  # noqa: E402
from basnet_training.scripted import InferenceNetwork  # noqa: E402

LENGTHS = [1, 7, 8, 15, 16, 41]  # T // 8 is 0, 0, 1, 1, 2, 5
FUNCTIONS = ["softmax", "sigmoid"]
FEATURE_DIM, NUM_CLASSES = 6, 3
TOLERANCE = 1e-6


def network_of(function: str, divisor: int) -> BaSNet:
    torch.manual_seed(divisor)
    network = BaSNet(
        FEATURE_DIM, NUM_CLASSES, 5, 7, score_function=function, topk_divisor=divisor
    ).eval()
    with torch.no_grad():
        network.cas_module.conv_3[0].weight.mul_(20)  # else all scores are nearly equal
    return network


def features_of(num_snippets: int) -> torch.Tensor:
    return torch.randn(1, num_snippets, FEATURE_DIM, generator=torch.Generator().manual_seed(5))


def core_scores(cas: torch.Tensor, function: str, divisor: int) -> np.ndarray:
    config = PostprocessConfig.continuous(score_function=function, topk_divisor=divisor)
    rows = np.ascontiguousarray(cas.detach().numpy(), np.float32)
    return _core.video_scores(rows, config.native)


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("divisor", [1, 3, 8])
@pytest.mark.parametrize("num_snippets", LENGTHS)
def test_training_and_the_core_agree(num_snippets: int, divisor: int, function: str):
    with torch.no_grad():
        output = network_of(function, divisor)(features_of(num_snippets))
    for scores, cas in (
        (output.score_base, output.cas_base),
        (output.score_supp, output.cas_supp),
    ):
        want = core_scores(cas[0], function, divisor)
        got = scores[0, :NUM_CLASSES].numpy()
        np.testing.assert_allclose(got, want, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("count", [7, 12])
def test_a_class_may_have_fewer_best_snippets(count: int):
    network, most = network_of("sigmoid", 3), torch.tensor([[2, 12, 1, 3], [12, 1, 12, 12]])
    features = torch.cat((features_of(12), features_of(12).flip(1)))
    mask = torch.arange(12) < torch.tensor([[count], [12]])
    with torch.no_grad():
        output = network(features, None if count == 12 else mask, most=most)
    for video, length in enumerate([count, 12]):
        ranked = -np.sort(-output.cas[video, :length].numpy().astype(np.float64), axis=0)
        best = np.minimum(most[video].numpy(), length // 3)
        want = [ranked[:k, column].mean() for column, k in enumerate(best)]
        got = output.score[video].numpy()
        np.testing.assert_allclose(got, 1 / (1 + np.exp(-np.array(want))), atol=TOLERANCE)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_padding_of_a_batch_does_not_count(function: str):
    """A video's own length decides k, and what lies behind it is not looked at."""
    network, divisor = network_of(function, 4), 4
    longest = max(LENGTHS)
    features = torch.full((len(LENGTHS), longest, FEATURE_DIM), 50.0)
    mask = torch.zeros(len(LENGTHS), longest, dtype=torch.bool)
    for i, count in enumerate(LENGTHS):
        features[i, :count], mask[i, :count] = features_of(count)[0], True
    with torch.no_grad():
        output = network(features, mask)
    for i, count in enumerate(LENGTHS):
        want = core_scores(output.cas_supp[i, :count], function, divisor)
        got = output.score_supp[i, :NUM_CLASSES].numpy()
        np.testing.assert_allclose(got, want, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("num_snippets", LENGTHS)
def test_an_exported_module_and_the_core_agree(num_snippets: int, function: str):
    module = InferenceNetwork(network_of(function, 8), "softmax", torch.float32)
    with torch.no_grad():
        _, scores, _, cas = module(features_of(num_snippets))
    want = core_scores(cas[0], function, 8)
    np.testing.assert_allclose(scores[0].numpy(), want, rtol=0, atol=TOLERANCE)


def test_the_form_in_training_can_be_differentiated():
    network = network_of("softmax", 4)
    network(features_of(16)).score_supp[0, 0].backward()
    assert network.cas_module.conv_3[0].weight.grad.abs().sum() > 0
