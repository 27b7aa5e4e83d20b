"""Whole videos: from features or videos to detections, one or many."""

from basnet_rt.localize.from_video import localize_video
from basnet_rt.localize.localizer import Localizer
from basnet_rt.localize.many import Outcome, localize_videos, provenance_of

__all__ = [
    "Localizer",
    "Outcome",
    "localize_video",
    "localize_videos",
    "provenance_of",
]
