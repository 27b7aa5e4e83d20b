"""The traps that the simulator sets for weak supervision, measured at its default dials."""

from __future__ import annotations

import numpy as np
import pytest
import simulate_measures as m


def ranking(scores, truth):
    """Area under the ROC curve: 1/2 is no relation."""
    above = np.concatenate([[0], np.cumsum(~truth[np.argsort(scores, kind="stable")])])
    hits = truth[np.argsort(scores, kind="stable")]
    return np.sum(above[:-1][hits]) / (hits.sum() * (~hits).sum())


def class_tags(simulation):
    """Whether each snippet's video contains each class. (N, C) bool"""
    tags = [np.isin(simulation.classes, video.timeline.labels) for video in simulation]
    return np.concatenate(
        [np.tile(tag, (len(video), 1)) for tag, video in zip(tags, simulation, strict=True)]
    )


def projected(simulation, rows):
    """Features along each class's row, the mean feature taken off. (N, C)"""
    found = m.features(simulation)
    return (found - found.mean(axis=0)) @ rows.T.astype(np.float64)


def test_context_tells_the_class_of_the_video(simulate):
    """Catches a context that does not follow its class: the trap would be absent."""
    simulation = simulate(context_group=1)
    seen, tags = projected(simulation, simulation.vocabulary.contexts), class_tags(simulation)
    areas = [ranking(seen[:, c], tags[:, c]) for c in range(tags.shape[1]) if tags[:, c].any()]
    assert np.mean(areas) > 0.8


def test_context_does_not_tell_where_the_action_is(simulate):
    """Catches a context that marks the action, near which it is as strong or stronger."""
    simulation = simulate()
    inside, around = [], []
    for video in simulation:
        weights = video.weights()
        busy = weights.action.max(axis=1)
        near = np.convolve(busy > 0, np.ones(7), mode="same") > 0  # about two seconds each side
        context = weights.contexts.sum(axis=1)
        inside.append(context[busy > m.FULL])
        around.append(context[near & (busy == 0)])
    scores = np.concatenate([*inside, *around])
    truth = np.arange(len(scores)) < len(np.concatenate(inside))
    assert 0.2 < ranking(scores, truth) < 0.55


def test_action_can_be_found(simulate):
    """Catches noise that drowns the action: a linear probe with frame labels must find it."""
    simulation = simulate()
    found, busy = m.features(simulation), m.in_action(simulation)
    half = len(found) // 2
    biased = np.column_stack([found, np.ones(len(found))])
    probe = np.linalg.lstsq(biased[:half], busy[:half].astype(float), rcond=None)[0]
    assert ranking(biased[half:] @ probe, busy[half:]) > 0.8


def test_distractors_resemble_classes_that_do_not_occur(simulate):
    """Catches a burst of the video's own class, which would be an unmarked action."""
    simulation = simulate(distractor_rate=10.0)
    for video in simulation:
        seen = video.weights().distractors.any(axis=(0, 2))
        names = {simulation.classes[i] for i in np.flatnonzero(seen)}
        assert not names & set(video.timeline.labels)


def test_phases_follow_one_another(simulate):
    """Catches phases out of order or all at once: an instance must move through them."""
    simulation = simulate(snippet_frames=2, tempo_spread=0.0)
    label, one = next(
        (simulation.classes.index(one.label), one)
        for t in simulation.timelines[:1]
        for one in t.instances
    )
    weights = simulation.video(simulation.timelines[0]).weights()
    step = simulation.config.snippet_seconds
    span = slice(int(one.start / step) + 1, int(one.end / step))
    shares = weights.phases[span, label] / simulation.vocabulary.salience[label]
    centre = (shares * np.arange(4)).sum(axis=1) / shares.sum(axis=1)
    assert np.all(np.diff(centre) > 0)
    assert centre[0] < 0.5
    assert centre[-1] > 2.5


def test_features_look_like_a_rectified_layer(simulate):
    """Catches features with negative or mostly equal values, or of an unusable scale."""
    found = m.features(simulate())
    assert found.min() == 0
    assert 0.1 < np.mean(found == 0) < 0.8
    assert np.mean(found) == pytest.approx(0.6, abs=0.3)
    assert found.max() < 100
