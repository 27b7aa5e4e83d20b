"""Every dial moves what its documentation says it moves.

Each entry of `EFFECTS` is one dial: what to measure, at which two settings, and by what factor
the measure must grow. All else is silent unless named, so nothing but that dial can do it. Where
the dial is a strength, the factor is exact and the measure is taken on the features themselves.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
import simulate_measures as m

from basnet_rt import InvalidValue
from basnet_training.simulate import SimulationConfig


@dataclasses.dataclass(frozen=True)
class Effect:
    """`measure` at `high` over that at `low` lies in `factor`; `others` are set for both."""

    measure: Callable[[Any], float]
    low: Any
    high: Any
    factor: tuple[float, float]
    others: dict[str, Any] = dataclasses.field(default_factory=dict)


MORE = (1.25, float("inf"))  # clearly more
DOUBLE = (1.9, 2.1)
ACTION = {"action_strength": 1.0, "strength_spread": 0.0}
CONTEXT = {"context_strength": 1.0}
BACKGROUND = {"background_strength": 1.0}
BURSTS = {"distractor_rate": 4.0, "distractor_strength": 1.0}
DRIFT = {"drift_noise": 1.0}

EFFECTS = {
    "feature_dim": Effect(m.channels, 64, 128, DOUBLE),
    "fps": Effect(m.snippets, 12.5, 25.0, DOUBLE),
    "snippet_frames": Effect(m.snippets, 16, 8, DOUBLE),
    "phases": Effect(m.rows_per_action, 2, 4, DOUBLE, ACTION),
    "weakest_phase": Effect(m.weakest_salience, 0.4, 0.8, DOUBLE),
    "action_strength": Effect(m.rms_in_action, 0.5, 1.0, DOUBLE),
    "action_common": Effect(m.cosine_between_classes, 0.1, 0.5, MORE, ACTION),
    "strength_spread": Effect(m.spread_of_strength, 0.2, 0.4, DOUBLE, {"action_strength": 1.0}),
    "tempo_spread": Effect(m.warp_of_progress, 0.1, 0.2, (1.8, 2.2), ACTION),
    "style_noise": Effect(m.rms_in_action, 0.5, 1.0, DOUBLE),
    "context_strength": Effect(m.rms, 0.5, 1.0, DOUBLE),
    "context_reach_seconds": Effect(m.far_context, 2.0, 10.0, MORE, CONTEXT),
    "context_floor": Effect(m.far_context, 0.1, 0.8, MORE, CONTEXT),
    "context_in_action": Effect(m.rms_in_action, 0.4, 0.8, DOUBLE, CONTEXT),
    "context_cut_seconds": Effect(m.smoothness, 2.0, 20.0, MORE, CONTEXT | {"context_floor": 1.0}),
    "context_group": Effect(m.mean_context_cosine, 1, 4, MORE, {"density": 0.05}),
    "context_sharing": Effect(m.mean_context_cosine, 0.1, 0.9, MORE, {"density": 0.05}),
    "context_leak": Effect(m.leaked_share, 0.3, 0.9, (2.0, 5.0), CONTEXT),
    "background_modes": Effect(m.rank, 4, 8, DOUBLE, BACKGROUND),
    "background_strength": Effect(m.rms, 0.5, 1.0, DOUBLE),
    "background_seconds": Effect(m.smoothness, 2.0, 20.0, MORE, BACKGROUND),
    "background_sharpness": Effect(m.largest_mode, 0.5, 5.0, MORE, BACKGROUND),
    "occlusion": Effect(m.rms_in_action, 0.9, 0.8, DOUBLE, BACKGROUND),
    "distractor_rate": Effect(m.burst_share, 1.0, 2.0, (1.6, 2.4), BURSTS),
    "distractor_seconds": Effect(m.burst_share, 1.0, 3.0, (2.4, 3.6), BURSTS),
    "distractor_strength": Effect(m.rms, 0.5, 1.0, DOUBLE, {"distractor_rate": 4.0}),
    "distractor_similarity": Effect(m.burst_cosine, 0.1, 0.9, MORE, BURSTS | {"density": 0.05}),
    "scene_noise": Effect(m.rms_of_video_means, 0.5, 1.0, DOUBLE),
    "drift_noise": Effect(m.rms_about_video_means, 0.5, 1.0, DOUBLE),
    "drift_seconds": Effect(m.smoothness, 2.0, 20.0, MORE, DRIFT),
    "nuisance_rank": Effect(m.rank, 8, 16, DOUBLE, DRIFT),
    "white_noise": Effect(m.rms, 0.5, 1.0, DOUBLE),
    "density": Effect(m.excited_share, 0.2, 0.4, (1.8, 2.2), BACKGROUND | {"background_modes": 1}),
    "rectify": Effect(m.share_not_negative, False, True, DOUBLE, {"white_noise": 1.0}),
}


@pytest.mark.parametrize("name", EFFECTS)
def test_dial_does_what_it_says(silent, name):
    """Catches a dial that is ignored, inverted, or scaled by something it should not be."""
    effect = EFFECTS[name]
    low = effect.measure(silent(**(effect.others | {name: effect.low})))
    high = effect.measure(silent(**(effect.others | {name: effect.high})))
    least, most = effect.factor
    assert least * low <= high <= most * low
    assert high > 0


def test_every_dial_has_an_effect():
    """Catches a new dial without a test."""
    assert set(EFFECTS) == {field.name for field in dataclasses.fields(SimulationConfig)}


@pytest.mark.parametrize("field", dataclasses.fields(SimulationConfig), ids=lambda f: f.name)
def test_every_dial_is_documented_and_checked(field):
    """Catches a dial without text, and one whose range is not enforced."""
    assert len(field.metadata["text"]) > 15
    wrong = [None, "1", float("nan")]
    if not isinstance(field.default, bool):
        wrong += [field.metadata["low"] - 1, field.metadata["high"] + 1, True]
    for value in wrong:
        with pytest.raises(InvalidValue, match=field.name):
            SimulationConfig(**{field.name: value})


def test_dials_cannot_be_changed_unchecked():
    """Catches a mutable configuration."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        SimulationConfig().white_noise = 5.0
