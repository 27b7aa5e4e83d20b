"""What a run reads: features and tags in every layout that people have, matched and surveyed."""

from .opening import open_videos
from .videos import TaggedVideos, count_classes, tag

__all__ = ["TaggedVideos", "count_classes", "open_videos", "tag"]
