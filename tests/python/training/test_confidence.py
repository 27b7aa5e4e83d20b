"""Confidence: a rising curve from scores to shares of tagged videos, and thresholds that help."""

from __future__ import annotations

import json

import numpy as np
import pytest

from basnet_rt import InvalidValue
from basnet_training.confidence import (
    FittedConfidence,
    best_scores,
    fit_curves,
    fit_platt,
    half_of_best_f1,
    saved_confidence,
    suggest_thresholds,
)


def drawn(count, slope, offset, seed=0):
    """Scores, and labels that are true with chance sigmoid(slope * score + offset)."""
    rng = np.random.default_rng(seed)
    scores = rng.uniform(0, 2, count)
    return scores, rng.random(count) < 1 / (1 + np.exp(-(slope * scores + offset)))


def test_platt_finds_the_curve_that_the_labels_were_drawn_from():
    scores, labels = drawn(20000, 4.0, -3.0)
    slope, offset = fit_platt(scores, labels)
    assert slope == pytest.approx(4.0, abs=0.25)
    assert offset == pytest.approx(-3.0, abs=0.25)


def test_platt_is_the_minimum_of_its_loss():
    """Catches Newton steps that stop early or leave the target of the source."""
    scores, labels = drawn(60, 3.0, -2.0, seed=3)
    positive = labels.sum()
    target = np.where(labels, (positive + 1) / (positive + 2), 1 / (60 - positive + 2))

    def loss(slope, offset):
        p = 1 / (1 + np.exp(-(slope * scores + offset)))
        return -(target * np.log(p) + (1 - target) * np.log(1 - p)).sum()

    best = fit_platt(scores, labels)
    for change in ((1e-3, 0), (-1e-3, 0), (0, 1e-3), (0, -1e-3)):
        assert loss(best[0] + change[0], best[1] + change[1]) >= loss(*best)


@pytest.mark.parametrize("labels", [[True] * 9, [False] * 9, [False, True, True] * 3])
def test_separable_equal_and_falling_scores_stay_within_bounds(labels):
    present = np.array(labels)
    for scores in (present.astype(float), 1.0 - present, np.full(9, 0.3), np.arange(9) / 9):
        slope, offset = fit_platt(scores, present)
        assert slope >= 0
        values = 1 / (1 + np.exp(-(slope * scores + offset)))
        assert ((values > 0) & (values < 1)).all()


def test_curves_rise_and_classes_with_few_videos_share_one():
    scores, labels = drawn(80, 6.0, -4.0)
    rare = np.zeros(80, bool)
    rare[:3] = True
    best = np.stack((scores, scores), axis=1)
    own, pooled = fit_curves(best, np.stack((labels, rare), axis=1))
    assert (own.pooled, pooled.pooled) == (False, True)
    assert (own.videos, own.positive, pooled.videos) == (80, labels.sum(), 160)
    values = own(np.linspace(-1, 3, 50))
    assert (np.diff(values) >= 0).all()
    assert ((values >= 0) & (values <= 1)).all()


def test_no_detection_counts_as_the_lowest_score():
    """Else a faint detection, which held-out videos have none of, is as sure as a strong one."""
    best = np.where(np.arange(40) < 20, 1.2, np.nan)[:, None]
    (curve,) = fit_curves(best, (np.arange(40) < 20)[:, None])
    assert curve(0.0) < 0.1
    assert curve(0.05) < 0.2
    assert curve(1.2) > 0.9


def test_best_scores_are_per_class_and_absent_where_nothing_was_found():
    found = best_scores({"a": ([0, 1, 0], [0.2, 0.9, 0.7]), "b": ([], [])}, ["b", "a"], 3)
    np.testing.assert_array_equal(found, [[np.nan] * 3, [0.7, 0.9, np.nan]])


def test_the_threshold_is_half_of_the_best_f1():
    """F1 by hand: of 0.9, 0.8, 0.7, 0.2 with tags 1, 0, 1, 0 the best is 4 / 5, at 0.7."""
    confidence, present = np.array([0.9, 0.8, 0.7, 0.2]), np.array([True, False, True, False])
    assert half_of_best_f1(confidence, present) == pytest.approx(0.4)
    assert half_of_best_f1(np.array([0.9, 0.8, -1.0]), np.array([True, True, False])) == 0.5
    assert half_of_best_f1(np.array([-1.0, 0.9]), np.array([True, False])) == 0.5  # nothing right


def test_the_threshold_is_where_expected_f1_is_highest():
    """The theorem, on confidences that are true chances."""
    rng = np.random.default_rng(1)
    chance = rng.beta(0.6, 1.4, 40000)
    present = rng.random(40000) < chance
    levels = np.linspace(0.05, 0.6, 56)
    f1 = [
        2 * (present & (chance >= x)).sum() / (present.sum() + (chance >= x).sum()) for x in levels
    ]
    found = half_of_best_f1(np.round(chance, 3), present)
    assert found == pytest.approx(levels[int(np.argmax(f1))], abs=0.03)


def test_classes_with_few_videos_share_a_threshold():
    scores = np.linspace(0.1, 1, 40)
    present = np.stack((scores > 0.5, np.arange(40) < 3, np.arange(40) >= 38), axis=1)
    best = np.stack((scores, scores, scores), axis=1)
    own, *rare = suggest_thresholds(fit_curves(best, present), best, present)
    assert own == 0.5
    assert rare[0] == rare[1] < 0.5


def test_what_is_saved_is_what_the_bundle_gets(tmp_path):
    curves = fit_curves(*(column[:, None] for column in drawn(30, 4, -3)))
    made = FittedConfidence({"video": curves, "none": curves}, (0.4,), 30, 4)
    made.save(tmp_path, "sigmoid")
    found = saved_confidence(tmp_path, "sigmoid", 1)
    assert found == json.loads(json.dumps(made.to_dict()))
    assert saved_confidence(tmp_path, "raw", 1) is None
    with pytest.raises(InvalidValue, match="2 classes"):
        saved_confidence(tmp_path, "sigmoid", 2)
    assert saved_confidence(tmp_path / "elsewhere", "sigmoid", 1) is None


def test_the_runtime_reads_what_is_fitted():
    """The same numbers on both sides of the bundle."""
    from basnet_rt.model.confidence import Confidence as Read

    scores, labels = drawn(60, 5, -4)
    curves = fit_curves(scores[:, None], labels[:, None])
    read = Read.from_dict(FittedConfidence({"video": curves}, (0.4,), 60, 4).to_dict(), 1)
    at = np.linspace(-1, 3, 40)
    np.testing.assert_array_equal(read.curves["video"][0](at), curves[0](at))


@pytest.mark.parametrize(("share", "events"), [(0.3, False), (0.7, True)])
def test_a_curve_that_tells_nothing_makes_no_events_of_a_rare_class(share, events):
    """Every detection of a class that was not learned passed: 549 events, none of them right."""
    present = (np.arange(40) < 40 * share)[:, None]
    best = np.where(present, 0.2, 0.6)  # the wrong way round: the fit is a constant
    curves = fit_curves(best, present)
    assert curves[0].silent == (not events)
    (threshold,) = suggest_thresholds(curves, best, present)
    assert bool((curves[0](best) >= threshold).all()) == events
    assert bool((curves[0](best) < threshold).all()) != events
    assert 0 < threshold <= 0.5
