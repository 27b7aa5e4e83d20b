"""Known motion gives the features it should: directions, rotation, growth, cuts, stillness."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from motion_inputs import HEIGHT, WIDTH, features, frames, motion, moved, shifted, texture

from basnet_rt.extractors.motion.cells import ENERGIES, HISTOGRAMS
from basnet_rt.extractors.motion.cuts import LEAST_CHANGE, change

INNER = np.zeros((15, 20), dtype=bool)
INNER[3:-3, 3:-3] = True  # what comes in at the edge moves otherwise


def cells_of(images):
    """The cells of the first pair."""
    session = motion().start()
    prepared = [session.prepare(one) for one in frames(images)]
    return next(one.pair for one in prepared if one.pair is not None)[0]


def energy(cells, name):
    return cells.energies[INNER.ravel(), ENERGIES.index(name)].mean()


# Pixels per frame right and down, and the bin: 0 is right, 2 down, 4 left, 6 up.
DIRECTIONS = [((1, 0), 0), ((1, 1), 1), ((0, 1), 2), ((-1, 0), 4), ((0, -1), 6), ((1, -1), 7)]


@pytest.mark.parametrize(("shift", "expected"), DIRECTIONS)
def test_flow_histogram_points_where_the_texture_goes(shift, expected):
    cells = cells_of(shifted(texture(2), *shift, 3))

    hof = cells.histograms[HISTOGRAMS.index("hof"), INNER.ravel()].sum(axis=0)

    assert hof.argmax() == expected
    assert hof[expected] > 0.8 * hof.sum()


@pytest.mark.parametrize("shift", [0.5, 1.0, 2.0])
def test_speed_is_in_pixels_per_frame(shift):
    cells = cells_of(shifted(texture(3), shift, 0, 3))
    assert energy(cells, "speed") == pytest.approx(shift, rel=0.1)


def matrix(scale: float, degrees: float) -> np.ndarray:
    return cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), degrees, scale)


def test_rotation_is_curl_and_growth_is_divergence():
    """By w radians per frame: curl 2 w. By a share g per frame: divergence 2 g."""
    turning = cells_of(moved(texture(4), lambda k: matrix(1, 1.0 * k), 3))
    growing = cells_of(moved(texture(4), lambda k: matrix(1 + 0.02 * k, 0), 3))

    assert energy(turning, "curl") == pytest.approx(2 * np.radians(1.0), rel=0.25)
    assert energy(turning, "divergence") < energy(turning, "curl") / 2
    assert energy(growing, "divergence") == pytest.approx(2 * 0.02, rel=0.25)
    assert energy(growing, "curl") < energy(growing, "divergence") / 2


def test_a_steady_drift_is_fast_but_not_accelerated():
    speed, acceleration = features(shifted(texture(14), 1, 0, 16))[0, :70].reshape(10, 7)[[0, 6]]
    assert speed[-1] == pytest.approx(np.log1p(1 / 0.05), rel=0.1)
    assert np.expm1(acceleration[-1]) < 0.3 * np.expm1(speed[-1])


@pytest.mark.parametrize("at", range(1, 16))
def test_every_pair_of_a_snippet_counts_alike(at):
    """One move of a pixel counts wherever it happens; after frame 14 it is in no pair."""
    picture = texture(15)
    images = [picture] * at + [np.roll(picture, 1, axis=1)] * (16 - at)
    mean_speed = np.expm1(features(images)[0, 6]) * 0.05
    expected = 1 / 2 / 7 if at <= 14 else 0
    assert mean_speed == pytest.approx(expected, rel=0.15, abs=0.005)


def test_a_moving_edge_is_motion_boundary_and_smooth_drift_is_not():
    still, patch = texture(5), texture(6)[:40, :40]
    images = []
    for k in range(3):
        image = still.copy()
        image[40:80, 60 + 2 * k : 100 + 2 * k] = patch
        images.append(image)

    boundary, drift = cells_of(images), cells_of(shifted(still, 2, 0, 3))

    assert energy(boundary, "gradient_u") > 3 * energy(drift, "gradient_u")


def test_constant_video_is_finite_and_says_nothing_moves():
    black, grey = (features([np.full((HEIGHT, WIDTH), g, np.uint8)] * 32) for g in (0, 130))
    assert np.isfinite(black).all()
    np.testing.assert_array_equal(black, grey)
    assert not black[:, :231].any()  # every strength


@pytest.mark.parametrize("at", range(1, 16))
def test_a_cut_between_still_shots_is_no_motion(at):
    """Wherever in the snippet it lies, even between the two frames of a pair."""
    first, second = texture(7), texture(8)
    joined = features([first] * at + [second] * (16 - at))[0]
    moving = [n for n, name in enumerate(ENERGIES) if name != "texture"]

    strengths = joined[:210].reshape(3, 10, 7)  # mean, deviation, peak; energy; strongest

    assert np.abs(strengths[:, moving]).max() < 0.01
    assert np.abs(joined[210:231]).max() < 0.01


def test_shots_around_a_cut_keep_their_own_motion():
    """Two shots that drift alike, cut in the middle: as fast as one of them, not faster."""
    one, other = (shifted(texture(seed), 1, 0, 16) for seed in (9, 10))
    whole, joined = features(one)[0], features(one[:8] + other[8:])[0]
    np.testing.assert_allclose(joined[:7], whole[:7], atol=0.15)  # mean speed
    np.testing.assert_allclose(joined[70:77], whole[70:77], atol=0.35)  # its deviation


def test_violent_motion_is_no_cut():
    """Every pair changes by more than a cut must, alike: motion, for the shot stays like itself."""
    coarse = cv2.resize(texture(11), None, fx=4, fy=4)[:HEIGHT, :WIDTH]
    flung = shifted(coarse, 4, 0, 16)
    small = [cv2.resize(one, (20, 15), interpolation=cv2.INTER_AREA) for one in flung[:3:2]]
    assert change(*map(np.float32, small))[0] > LEAST_CHANGE

    assert features(flung)[0, 6] > np.log1p(2 / 0.05)


def test_disorder_tells_one_direction_from_many():
    """The sorted histograms of flow, not its strength, part a drift from a dance."""
    picture = texture(12)
    drift = features(shifted(picture, 1, 0, 16))[0]
    way = np.cumsum([(np.cos(k * 2.4), np.sin(k * 2.4)) for k in range(16)], axis=0)
    dance = features(
        moved(picture, lambda k: np.float32([[1, 0, way[k, 0]], [0, 1, way[k, 1]]]), 16)
    )[0]
    first_bins = slice(271, 279)  # of one-cell blocks, the ten busiest
    assert drift[first_bins][0] ** 2 > 0.8
    assert dance[first_bins][0] ** 2 < 0.6


@pytest.mark.parametrize("turn", [cv2.ROTATE_180, "mirror"])
def test_without_layout_a_turned_video_has_the_same_features(turn):
    """Strength, spread and disorder do not know left from right nor up from down."""
    images = shifted(texture(13), 1.2, 0.7, 16)
    turned = [cv2.flip(one, 1) if turn == "mirror" else cv2.rotate(one, turn) for one in images]
    extractor = motion(layout=0)
    # Flow itself is not computed alike in both directions, so this holds only nearly.
    difference = np.abs(features(images, extractor) - features(turned, extractor))
    assert np.median(difference) < 0.01
    assert difference.mean() < 0.03
