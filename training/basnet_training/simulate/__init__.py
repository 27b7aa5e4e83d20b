"""Simulated features for real or made timelines. Nothing here was measured on video.

    simulation = Simulation(read_timelines("gt.json", "durations.json"), seed=0)
    for video in simulation:
        use(video.timeline, video.read())
    write_dataset(simulation, "folder")

A feature is a sum of what can be seen, plus noise, clipped at zero: the sub-action phases of an
action, the context of its class (which is not the action), backgrounds that all videos share,
distractors that resemble other actions, and what scene, camera and style add. `SimulationConfig`
holds and documents every dial. Any stretch of any video can be had without the rest of it.
"""

from .config import SimulationConfig
from .features import Simulation, VideoFeatures
from .made import MadeTimelines
from .presets import PRESETS, Preset, find_preset
from .timelines import Timeline, read_timelines
from .writer import write_dataset

__all__ = [
    "PRESETS",
    "MadeTimelines",
    "Preset",
    "Simulation",
    "SimulationConfig",
    "Timeline",
    "VideoFeatures",
    "find_preset",
    "read_timelines",
    "write_dataset",
]
