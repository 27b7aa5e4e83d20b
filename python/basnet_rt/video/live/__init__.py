"""Cameras and other live sources, over as many connections as it takes."""

from basnet_rt.video.live.settings import LiveSettings
from basnet_rt.video.live.source import LiveSource, open_live

__all__ = [
    "LiveSettings",
    "LiveSource",
    "open_live",
]
