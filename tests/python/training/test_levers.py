"""Terms of later papers, against the same formulas in numpy and by what they should do."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from basnet_training import BaSNet, LossConfig, NetworkOutput, basnet_loss
from basnet_training.checkpoint import load_tensors
from basnet_training.levers import agreement_term, mixed_rows
from basnet_training.loss import LEVERS, MixedOutput
from basnet_training.trainer import fit

LENGTHS = (40, 23, 31, 17)
LABELS = torch.tensor([[1.0, 0.0], [1.0, 1.0], [0.0, 0.0], [0.0, 1.0]])
MASK = torch.arange(max(LENGTHS)) < torch.tensor(LENGTHS).unsqueeze(1)


def network(score_function: str = "sigmoid") -> BaSNet:
    torch.manual_seed(3)
    return BaSNet(5, 2, 3, 8, 0.0, score_function=score_function)


def rows() -> torch.Tensor:
    generator = torch.Generator().manual_seed(4)
    steps = torch.randn(len(LENGTHS), max(LENGTHS), 5, generator=generator)
    return steps.cumsum(dim=1)  # neighbours resemble each other


def output(score_function: str = "sigmoid") -> NetworkOutput:
    with torch.no_grad():
        return network(score_function)(rows(), MASK)


def parts_of(one: NetworkOutput):
    """(hidden, CAS, tags) of each video alone, as float64 arrays."""
    for place, length in enumerate(LENGTHS):
        hidden = one.hidden[place, :length].double().numpy()
        yield hidden, one.cas[place, :length, :-1].double().numpy(), LABELS[place].numpy()


def unit(values: np.ndarray) -> np.ndarray:
    return values / np.linalg.norm(values, axis=-1, keepdims=True)


def magnitude(one: NetworkOutput) -> float:
    found = []
    for hidden, _, tags in parts_of(one):
        ranked = np.sort(np.sqrt((hidden**2).mean(axis=1)))
        least = ranked[: max(1, len(ranked) // 4)].mean()
        most = ranked[::-1][: max(1, len(ranked) // 9)].mean()
        found.append((max(0.0, 1 - most) * bool(tags.any()) + least) ** 2)
    return float(np.mean(found))


def co_activity(one: NetworkOutput) -> float:
    videos, found = list(parts_of(one)), []
    for label in range(LABELS.shape[1]):
        tagged = [(hidden, cas[:, label]) for hidden, cas, tags in videos if tags[label]]
        sides = []
        for hidden, activation in tagged:
            weight = np.exp(activation - activation.max())
            weight /= weight.sum()
            rest = (1 - weight) / (len(weight) - 1)
            sides.append((unit(weight @ hidden), unit(rest @ hidden)))
        for first in range(len(sides)):
            for second in range(first + 1, len(sides)):
                (high, low), (other_high, other_low) = sides[first], sides[second]
                apart = 1 - high @ other_high
                found.append(
                    0.5 * max(0.0, apart - (1 - high @ other_low) + 0.5)
                    + 0.5 * max(0.0, apart - (1 - low @ other_high) + 0.5)
                )
    return float(np.mean(found))


def ring(active: np.ndarray, narrow: int, wide: int) -> np.ndarray:
    """Places that are not active, more than `narrow` // 2 and at most `wide` // 2 from action."""
    places = np.flatnonzero(active)
    away = np.array([np.abs(places - at).min() for at in range(len(active))])
    return (away > narrow // 2) & (away <= wide // 2)


def contrast(one: NetworkOutput) -> float:
    found = []
    for hidden, cas, tags in parts_of(one):
        if not tags.any():
            continue
        rows_of = unit(hidden)
        activity = cas[:, tags > 0].max(axis=1)
        active = activity > (activity.min() + activity.max()) / 2
        inside, outside = ring(~active, 3, 7), ring(active, 3, 7)
        if not (inside.any() and outside.any()):
            continue
        order, easy = np.argsort(-activity), len(activity) // 5
        certain, rest = order[:easy], order[-easy:]
        total = 0.0
        for hard, like, unlike in ((inside, certain, rest), (outside, rest, certain)):
            query, positive = (unit(rows_of[at].sum(axis=0)) for at in (hard, like))
            near, far = np.exp(query @ positive / 0.07), np.exp(rows_of[unlike] @ query / 0.07)
            total -= np.log(near / (near + far.sum()))
        found.append(total)
    assert found, "no video has both rings"
    return float(np.mean(found))


ORACLES = {"magnitude": magnitude, "co_activity": co_activity, "contrast": contrast}


@pytest.mark.parametrize("name", ORACLES)
def test_a_term_is_its_formula_in_every_video(name):
    one = output()
    found = LEVERS[name](one, LABELS, MASK)
    assert float(found) == pytest.approx(ORACLES[name](one), rel=1e-5)


@pytest.mark.parametrize("name", [*ORACLES, "mixing"])
def test_a_weight_adds_the_term_to_the_total(name):
    one = output()
    mixed = MixedOutput(one, torch.ones(MASK.shape)) if name == "mixing" else None
    plain = basnet_loss(one, LABELS, score_function="sigmoid", mask=MASK)
    settings = LossConfig(**{name: 0.25})
    found = basnet_loss(one, LABELS, settings, score_function="sigmoid", mask=MASK, mixed=mixed)
    assert set(found.parts) == {*plain.parts, name}
    assert float(found.parts[name]) > 0
    assert float(found.total - plain.total) == pytest.approx(0.25 * float(found.parts[name]))


@pytest.mark.parametrize("score_function", ["sigmoid", "softmax"])
@pytest.mark.parametrize("name", [*ORACLES, "mixing"])
def test_gradients_are_finite_also_where_nothing_is_tagged(name, score_function):
    net, share = network(score_function), torch.full(MASK.shape, 0.5)
    for labels in (LABELS, torch.zeros_like(LABELS)):
        net.zero_grad()
        one = net(rows(), MASK)
        mixed = (
            MixedOutput(net(mixed_rows(rows(), MASK, share), MASK), share)
            if name == "mixing"
            else None
        )
        settings = LossConfig(**{name: 1.0})
        loss = basnet_loss(
            one, labels, settings, score_function=score_function, mask=MASK, mixed=mixed
        )
        loss.total.backward()
        assert all(bool(p.grad.isfinite().all()) for p in net.parameters())


def test_mixed_rows_are_between_neighbours_and_the_last_row_of_a_video_stays():
    share = torch.rand(MASK.shape, generator=torch.Generator().manual_seed(5))
    mixed = mixed_rows(rows(), MASK, share)
    for place, length in enumerate(LENGTHS):
        own, part = rows()[place, :length].numpy(), share[place, :length, None].numpy()
        want = part[:-1] * own[:-1] + (1 - part[:-1]) * own[1:]
        np.testing.assert_allclose(mixed[place, : length - 1], want, rtol=1e-5)
        np.testing.assert_array_equal(mixed[place, length - 1], own[-1])
    whole = mixed_rows(rows()[:1, : LENGTHS[0]], None, share[:1])
    torch.testing.assert_close(whole[0], mixed[0, : LENGTHS[0]])


def test_agreement_is_the_squared_difference_from_the_parents_mixture():
    one, share = output(), torch.full(MASK.shape, 0.25)
    assert float(agreement_term(one, one, MASK, torch.ones(MASK.shape))) == 0
    found = float(agreement_term(one, one, MASK, share))
    total = 0.0
    for place, length in enumerate(LENGTHS):
        cas = one.cas[place, :length, :-1].double().numpy()
        own = np.column_stack([1 / (1 + np.exp(-cas)), one.foreground[place, :length].numpy()])
        total += ((own[:-1] - 0.25 * own[:-1] - 0.75 * own[1:]) ** 2).sum()
    assert found == pytest.approx(total / sum(LENGTHS), rel=1e-5)


@pytest.mark.parametrize("name", [*ORACLES, "mixing"])
def test_a_run_learns_with_the_term_and_repeats_it_to_the_bit(name, configure, tmp_path):
    fit(configure(), tmp_path / "plain", shown=False)
    for folder in ("first", "second"):
        fit(configure(loss={name: 0.5}), tmp_path / folder, shown=False)
    plain, first, second = (
        load_tensors(tmp_path / folder / "model.safetensors")[0]
        for folder in ("plain", "first", "second")
    )
    assert any(not torch.equal(plain[key], first[key]) for key in plain)
    assert all(torch.equal(first[key], second[key]) for key in first)
