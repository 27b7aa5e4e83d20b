"""The formulas of `motion` against an oracle written pixel by pixel; a golden vector besides."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from motion_inputs import features, motion, random_pairs, shifted, texture

from basnet_rt.extractors.motion import pooling
from basnet_rt.extractors.motion.cells import CellMaker, Cells
from basnet_rt.extractors.motion.cuts import change, find_cuts
from reference import motion as reference

# (difference, correlation) of the pairs of a snippet
QUIET = [(1.0, 0.99)] * 7
CHANGES = {
    "no cut": QUIET,
    "a cut": [*QUIET[:3], (60.0, 0.1), *QUIET[4:]],
    "a cut at the start": [(60.0, 0.1), *QUIET[1:]],
    "two cuts": [QUIET[0], (60.0, 0.1), QUIET[0], (70.0, 0.2), *QUIET[:3]],
    "all cuts": [(60.0, 0.1)] * 7,
    "violent, not cut": [(20.0, 0.8)] * 7,
    "violent, cut": [*[(20.0, 0.8)] * 6, (60.0, 0.2)],
    "similar shots": [*QUIET[:6], (16.0, 0.9)],
    "one pair": [(1.0, 0.9)],
}


@pytest.mark.parametrize("layout", [0, 1, 3])
@pytest.mark.parametrize("grid", [(15, 20), (4, 4), (6, 9)])
@pytest.mark.parametrize("changes", CHANGES.values(), ids=CHANGES.keys())
def test_pooling_matches_reference(changes, grid, layout):
    pairs = random_pairs(len(changes), len(changes), *grid)
    cuts = find_cuts(changes)

    snippet = pooling.Snippet.of([Cells(*one) for one in pairs], cuts, grid[0])
    got = pooling.pool(snippet, layout)

    want = reference.pool([tuple(map(np.float64, one)) for one in pairs], changes, grid[0], layout)
    assert got.dtype == np.float32
    assert got.shape == (pooling.size(layout),)
    np.testing.assert_allclose(got, want, rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize("seed", range(3))
def test_cells_match_reference(seed):
    rng = np.random.default_rng(seed)
    flow, before_flow = rng.normal(0, 2, (2, 40, 48, 2)).astype(np.float32)
    flow[:8] = 0  # nothing moves there: no direction, and no weight either
    before, after = rng.integers(0, 256, (2, 40, 48)).astype(np.uint8)

    got = CellMaker(cv2, 48, 40)(flow, before_flow, before, after.astype(np.float32))

    energies, vectors, histograms = reference.cells(flow, before_flow, before, after)
    np.testing.assert_allclose(got.energies, energies, rtol=2e-5, atol=1e-5)
    np.testing.assert_allclose(got.vectors, vectors, rtol=2e-5, atol=1e-5)
    # cv2.phase is exact to a hundredth of a degree or so, where it is not to the last bit.
    np.testing.assert_allclose(got.histograms, histograms, rtol=0, atol=2e-3 * texture_scale(after))
    np.testing.assert_allclose(
        got.histograms.sum(axis=2), histograms.sum(axis=2), rtol=2e-5, atol=1e-5
    )


def texture_scale(picture: np.ndarray) -> float:
    """Largest gradient: a histogram's error grows with the magnitudes it holds."""
    return float(np.hypot(*reference.gradient(picture)).max())


@pytest.mark.parametrize("changes", CHANGES.values(), ids=CHANGES.keys())
def test_cuts_match_reference(changes):
    assert find_cuts(changes).tolist() == reference.cuts(changes)


def test_change_of_known_pictures():
    a = np.arange(300, dtype=np.float32).reshape(15, 20) % 97
    assert change(a, a) == (0.0, pytest.approx(1))
    assert change(a, a + 30) == (pytest.approx(30), pytest.approx(1))
    assert change(a, 96 - a)[1] == pytest.approx(-1)
    assert change(a, np.full_like(a, 7))[1] == 0  # one grey: no likeness, and no division by 0


# Every 40th channel of the second snippet of a texture that moves, made by version 1. Where this
# fails after a change of the formulas, raise `motion.VERSION` and print new values.
GOLDEN_VERSION = 1
GOLDEN = [
    3.5233,
    0.1258,
    0.1036,
    3.7301,
    0.1068,
    2.6244,
    0.0,
    0.6352,
    0.6343,
    0.1242,
    0.0955,
    0.3463,
]


def test_golden_vector_guards_the_version():
    drifting = shifted(texture(1), 1.5, 0.5, 34)

    got = features(drifting)[1, ::40]

    assert motion().spec.version == GOLDEN_VERSION
    # Another build of OpenCV may differ in flow's last digits; a change of formula does by more.
    np.testing.assert_allclose(got, GOLDEN, rtol=0.02, atol=0.01)
