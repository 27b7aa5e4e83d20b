"""Reads features and tags in every layout that people have, matches and surveys them."""

from .opening import open_videos
from .videos import TaggedVideos, count_classes, tag

__all__ = ["TaggedVideos", "count_classes", "open_videos", "tag"]
