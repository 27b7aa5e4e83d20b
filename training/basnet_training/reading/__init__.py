"""Reads features and tags in many layouts, matches them, and describes them."""

from .opening import open_videos
from .videos import TaggedVideos, count_classes, tag

__all__ = ["TaggedVideos", "count_classes", "open_videos", "tag"]
