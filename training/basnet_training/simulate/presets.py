"""Presets: named dials (settings of the simulator) with the made timelines that go with them."""

from __future__ import annotations

import dataclasses

from basnet_rt import InvalidValue

from .config import SimulationConfig
from .made import MadeTimelines


@dataclasses.dataclass(frozen=True)
class Preset:
    """Dials, and the made timelines to use if no real ones are given."""

    dials: SimulationConfig
    timelines: MadeTimelines


PRESETS = {
    # For the example and for tests: trains in seconds. Fewer channels average out less white
    # noise, so its level is lower; the other dials are those of the full size.
    "small": Preset(
        SimulationConfig(feature_dim=96, white_noise=0.4),
        MadeTimelines(
            classes=5,
            train_videos=40,
            test_videos=20,
            median_seconds=80.0,
            seconds_spread=0.4,
            pause_seconds=8.0,
        ),
    ),
    # F = 2048, 200 + 210 videos; with the real timelines, the size of the real data set.
    "thumos14": Preset(SimulationConfig(), MadeTimelines()),
}


def find_preset(name: str) -> Preset:
    """The preset of that name.

    Raises:
        InvalidValue: no preset has this name; the message lists them.
    """
    if name not in PRESETS:
        raise InvalidValue(f"preset {name!r}: expected one of {', '.join(sorted(PRESETS))}")
    return PRESETS[name]
