"""Cameras and other live sources, which are connected again when necessary."""

from basnet_rt.video.live.settings import LiveSettings
from basnet_rt.video.live.source import LiveSource, open_live

__all__ = [
    "LiveSettings",
    "LiveSource",
    "open_live",
]
