"""The exported network: equal to BaSNet on whole videos, and to itself on any chunks."""

from __future__ import annotations

import pytest
import torch

from basnet_rt._system.torchscript import quiet_torchscript
from basnet_training import BaSNet
from basnet_training.network import NO_BACKGROUND
from basnet_training.scripted import InferenceNetwork

F, C = 10, 3
VARIANTS = [
    ("full", 0.0),
    ("base_only", 0.0),
    ("no_background", 0.0),
    ("no_background", NO_BACKGROUND),
]
# Below, at and above the reach of the two layers; around the tiles' length; several tiles.
LENGTHS = [1, 2, 3, 4, 5, 63, 66, 150]
CHUNKS = [1, 2, 3, 7, 64, 1000]


def make(variant: str = "full", logit: float = 0.0) -> BaSNet:
    torch.manual_seed(2)
    return BaSNet(F, C, 6, 16, variant=variant, background_logit=logit).eval()


def script(network: BaSNet, activation: str = "raw", dtype: torch.dtype = torch.float32):
    with quiet_torchscript():
        return torch.jit.script(InferenceNetwork(network, activation, dtype).eval())


def videos(length: int, batch: int = 2) -> torch.Tensor:
    return torch.randn(batch, length, F, generator=torch.Generator().manual_seed(length))


def stream(module, features: torch.Tensor, chunks: list[int]) -> list[torch.Tensor]:
    """Activations, foreground and CAS of a stream fed in chunks of these sizes, in turn."""
    state, start, parts = module.initial_state(len(features)), 0, []
    for turn in range(features.shape[1]):
        if start >= features.shape[1]:
            break
        stop = start + chunks[turn % len(chunks)]
        *out, state = module.step(features[:, start:stop], state)
        assert out[0].shape[1] == max(0, min(stop, features.shape[1]) - 2) - max(0, start - 2)
        parts.append(out)
        start = stop
    *out, state = module.flush(state)
    assert not state[0].any()
    return [torch.cat(pieces, dim=1) for pieces in zip(*parts, out, strict=True)]


@pytest.fixture(scope="module", params=VARIANTS, ids=lambda v: f"{v[0]}{v[1]:g}")
def pair(request):
    network = make(*request.param)
    return network, script(network)


@torch.no_grad()
def test_forward_equals_the_network(pair):
    network, module = pair
    for length in LENGTHS:
        features = videos(length)
        want = network(features)
        activations, scores, foreground, cas = module(features)
        torch.testing.assert_close(cas, want.cas, atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(activations, cas[..., :C])
        torch.testing.assert_close(scores, want.score[:, :C], atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(foreground, want.foreground, atol=1e-6, rtol=1e-5)
        assert all(t.dtype == torch.float32 for t in (activations, scores, foreground, cas))


@torch.no_grad()
def test_any_chunks_equal_the_whole(pair):
    """Catches padding of the hidden layer by a convolution of zeros, and snippets off by one."""
    _, module = pair
    for length in LENGTHS:
        features = videos(length)
        activations, _, foreground, cas = module(features)
        for chunks in [[size] for size in CHUNKS] + [[1, 5, 2]]:
            got = stream(module, features, chunks)
            for value, want in zip(got, (activations, foreground, cas), strict=True):
                torch.testing.assert_close(value, want, atol=1e-5, rtol=0)


@torch.no_grad()
def test_streams_of_one_batch_may_stand_at_different_places():
    """A pool stacks states; a young stream finds its rows at the end, zeros before them."""
    module = script(make(), "softmax")
    features = videos(40, batch=3)
    alone = [stream(module, features[i : i + 1], [1000]) for i in range(3)]
    ahead = (0, 1, 9)  # snippets that each stream saw before they are put together
    states = []
    for row, count in enumerate(ahead):
        state = module.initial_state(1)
        if count:
            *_, state = module.step(features[row : row + 1, :count], state)
        states.append(state)
    together = [torch.cat(parts) for parts in zip(*states, strict=True)]
    chunk = torch.stack([features[i, n : n + 4] for i, n in enumerate(ahead)])
    activations, foreground, cas, state = module.step(chunk, together)
    assert state[0].tolist() == [4, 5, 13]
    for row, count in enumerate(ahead):
        first, stop = max(0, count - 2), count + 2
        own = stop - first
        for got, want in zip((activations, foreground, cas), alone[row], strict=True):
            torch.testing.assert_close(got[row, -own:], want[0, first:stop], atol=1e-5, rtol=0)
            assert not got[row, : 4 - own].any()


@torch.no_grad()
def test_a_step_leaves_the_state_it_was_given():
    """Catches a view into the last state: a pool that retries a step would go on from garbage."""
    module, features = script(make()), videos(9)
    *_, state = module.step(features[:, :5], module.initial_state(2))
    kept = [tensor.clone() for tensor in state]
    first = module.step(features[:, 5:], state)[2]
    assert all(torch.equal(a, b) for a, b in zip(state, kept, strict=True))
    assert torch.equal(module.step(features[:, 5:], state)[2], first)


@torch.no_grad()
def test_activations_are_what_they_say():
    features, network = videos(20), make()
    cas, foreground = network(features).cas, network(features).foreground
    softmax = cas.softmax(dim=2)[..., :C]
    fused = (softmax + foreground.unsqueeze(2)) / 2
    for activation, want in (("softmax", softmax), ("fused", fused)):
        got = script(network, activation)(features)[0]
        torch.testing.assert_close(got, want, atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_bfloat16_stays_near_and_streams():
    features, network = videos(150), make()
    module = script(network, "raw", torch.bfloat16)
    want = network(features).cas
    for cas in (module(features)[3], stream(module, features, [1, 70])[2]):
        assert cas.dtype == torch.float32
        assert float((cas - want).abs().max() / want.abs().max()) < 0.02
    assert module.initial_state(1)[2].dtype == torch.bfloat16


@torch.no_grad()
def test_a_float32_module_can_be_cast():
    """A runtime may load a float32 bundle as bfloat16; catches constants that lose precision."""
    features, network = videos(150), make()
    cas = script(network).to(torch.bfloat16)(features)[3]
    want = network(features).cas
    assert float((cas - want).abs().max() / want.abs().max()) < 0.02


@pytest.mark.parametrize("shape", [(F,), (3, F), (1, 0, F), (1, 3, F + 1)])
def test_wrong_shapes_are_refused(shape):
    module = script(make())
    with pytest.raises(torch.jit.Error, match=rf"expected a shape \(B, T, {F}\)"):
        module(torch.zeros(shape))
