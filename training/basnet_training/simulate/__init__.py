"""Simulated features for real or made timelines. Nothing here was measured on video.

    simulation = Simulation(read_timelines("gt.json", "durations.json"), seed=0)
    for video in simulation:
        use(video.timeline, video.read())
    write_dataset(simulation, "folder")

A feature is a weighted sum of visible parts plus noise, clipped at zero. The parts are the
sub-action phases of an action, the context of its class (which is not the action), backgrounds that
all videos share, distractors that resemble other actions, and effects of scene, camera and style.
A dial is one setting of the simulator; `SimulationConfig` holds and documents them all. Any range
of any video can be computed without the rest.
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
