"""Snippet sampling, against the released code's own words turned into loops."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from basnet_training.sampling import crop, generator, random_perturbed, uniform, with_noise

PAIRS = [(1, 1), (1, 8), (7, 8), (8, 8), (9, 8), (33, 8), (8, 1), (749, 750), (5000, 750)]


@pytest.mark.parametrize(("length", "segments"), PAIRS)
def test_uniform_is_floor_of_even_positions(length, segments):
    want = [int(i * length / segments) for i in range(segments)]
    assert uniform(length, segments).tolist() == want


@pytest.mark.parametrize(("length", "segments"), PAIRS)
def test_random_perturbed_draws_from_the_released_ranges(length, segments):
    """Each index lies in its range, and over many draws every end of a range is met."""
    base = [int(i * length / segments) for i in range(segments)]
    last = [*base[1:], length - 1]
    low, high = np.array(base), np.array(last)
    if length == segments:
        high = low
    draws = np.stack([random_perturbed(length, segments, generator(0, s)) for s in range(200)])
    assert (draws >= low).all()
    assert (draws <= high).all()
    narrow = high - low <= 8
    assert (draws.min(axis=0) == low)[narrow].all()
    assert (draws.max(axis=0) == high)[narrow].all()


def test_crop_stays_inside_and_reaches_both_ends():
    spans = {(s.start, s.stop) for s in (crop(10, 4, generator(i)) for i in range(200))}
    assert spans == {(start, start + 4) for start in range(7)}
    assert crop(4, 4, generator(0)) == slice(0, 4)
    assert crop(3, 4, generator(0)) == slice(0, 3)


def test_draws_depend_on_every_part_of_the_key():
    base = generator(1, 2, 3).random()
    assert base == generator(1, 2, 3).random()
    assert base not in {generator(*key).random() for key in [(0, 2, 3), (1, 0, 3), (1, 2, 0)]}


def test_noise_is_a_share_of_each_channels_own_deviation_in_its_video():
    """Padding counts for nothing, and a channel that stands still stays."""
    torch.manual_seed(0)
    lengths, scales = (4000, 2500), torch.tensor([0.1, 5.0, 0.0])
    features = torch.randn(2, 4000, 3) * scales + 7
    mask = torch.arange(4000) < torch.tensor(lengths).unsqueeze(1)
    features[~mask] = 1e6
    noise = with_noise(features, mask, 0.5) - features
    for video, length in enumerate(lengths):
        own = noise[video, :length]
        torch.testing.assert_close(own.std(dim=0), 0.5 * scales, rtol=0.05, atol=1e-5)
        torch.testing.assert_close(own.mean(dim=0), torch.zeros(3), rtol=0, atol=0.2)


def test_no_noise_draws_nothing():
    features, before = torch.ones(1, 2, 3), torch.get_rng_state()
    assert with_noise(features, None, 0.0) is features
    assert torch.equal(torch.get_rng_state(), before)
