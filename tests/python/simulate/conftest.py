"""What the simulator's tests share: a few made videos, and dials that are silent."""

from __future__ import annotations

import pytest

from basnet_training.simulate import MadeTimelines, Simulation, SimulationConfig

# Everything that can be seen or heard, off: a test turns on what it is about.
SILENCE = {
    "action_strength": 0.0,
    "context_strength": 0.0,
    "context_leak": 0.0,
    "background_strength": 0.0,
    "distractor_rate": 0.0,
    "style_noise": 0.0,
    "scene_noise": 0.0,
    "drift_noise": 0.0,
    "white_noise": 0.0,
    "rectify": False,
}

VIDEOS = MadeTimelines(
    classes=8, train_videos=30, test_videos=0, median_seconds=60.0, empty_share=0.1
)


@pytest.fixture(scope="session")
def videos():
    """Thirty made videos of about a minute; some hold no action, some two classes."""
    return VIDEOS.timelines(seed=5)


@pytest.fixture(scope="session")
def simulate(videos):
    """A simulation of `videos` with default dials at F = 128, some of them replaced."""

    def make(**dials) -> Simulation:
        return Simulation(videos, SimulationConfig(**({"feature_dim": 128} | dials)), seed=1)

    return make


@pytest.fixture(scope="session")
def silent(simulate):
    """As `simulate`, everything silent but for what is named."""
    return lambda **dials: simulate(**(SILENCE | dials))
