"""Tells videos from features and from other files, by their content before their ending."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from basnet_rt._system.addresses import is_address, local_path
from basnet_rt.features.files import SUFFIXES as FEATURE_SUFFIXES
from basnet_rt.features.files import form_of, has_features
from basnet_rt.video.content import (
    file_kind,
    front_of,
    holds_rows,
    is_text,
    other_kind,
    picture_kind,
    video_kind,
)

# Endings of the files taken from a folder; a file named by itself may have any ending.
VIDEO_SUFFIXES = (
    *(".264", ".265", ".3gp", ".asf", ".avi", ".dv", ".f4v", ".flv", ".gif", ".h264", ".h265"),
    *(".hevc", ".ivf", ".m2ts", ".m2v", ".m4v", ".mjpeg", ".mjpg", ".mkv", ".mov", ".mp4"),
    *(".mpeg", ".mpg", ".mts", ".mxf", ".nut", ".ogm", ".ogv", ".rm", ".rmvb", ".ts", ".vob"),
    *(".webm", ".wmv", ".wtv", ".y4m"),
)
LIST_SUFFIX = ".txt"
_SOURCE_CODE = {".ts", ".mts"}  # endings of videos, and of programs in TypeScript
# Usual files beside videos, which need no message.
_BESIDE = {
    *(".csv", ".html", ".ini", ".jpeg", ".jpg", ".json", ".jsonl", ".log", ".md", ".nfo", ".pdf"),
    *(".png", ".py", ".sh", ".srt", ".txt", ".vtt", ".xml", ".yaml", ".yml", *FEATURE_SUFFIXES),
}
# These never end, so no features would ever be written.
CAMERAS = ("rtsp://", "rtsps://", "rtp://", "udp://", "srt://", "/dev/video")


def holds_videos(path: str | Path) -> bool:
    """Whether a path must be decoded, rather than read as features.

    A folder that has features counts as features, even with other files. A file is judged by its
    first bytes: a video or a picture is decoded whatever its ending. Other bytes are what the
    ending says; with another ending they are features if they begin as a file of features does, or
    are rows of numbers. An absent file counts as features unless its ending is that of a video.
    """
    if is_address(str(path)) or str(path).startswith(CAMERAS):
        return True
    path = Path(local_path(path))
    if path.is_dir():
        parts = [path, path / "rgb", path / "flow"]
        return not any(map(has_features, parts)) and any(map(is_video_file, _files_below(path)))
    if str(path) == "-" or (path.exists() and not path.is_file()):
        return True  # a pipe is refused as a video
    if path.suffix.lower() in (*VIDEO_SUFFIXES, LIST_SUFFIX):
        return True
    front = front_of(path)
    if video_kind(front) or picture_kind(front):
        return True
    known = form_of(path) is not None
    return path.is_file() and not known and (bool(other_kind(front)) or not holds_rows(front))


def is_list(path: Path) -> bool:
    """Whether a file is a list of videos, by its ending; a video with this ending is none."""
    return path.suffix.lower() == LIST_SUFFIX and file_kind(path) is None


def is_video_file(path: str | Path) -> bool:
    """Whether a file of a folder is a video, by its ending or else by its first bytes.

    Rows of numbers may have any other ending, so an unknown file is not a video. A text is no
    video if its ending is that of source code too.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix in _SOURCE_CODE:
        return not is_text(front_of(path))
    if suffix in VIDEO_SUFFIXES or suffix in FEATURE_SUFFIXES:
        return suffix in VIDEO_SUFFIXES
    return file_kind(path) is not None


def videos_below(folder: Path) -> list[Path]:
    """The videos in a folder and its subfolders, sorted; also links that lead nowhere."""
    return sorted(filter(is_video_file, _files_below(folder)))


def passed_over(folder: Path) -> list[Path]:
    """Files below a folder that are neither videos nor usual files beside videos."""
    return sorted(
        path
        for path in _files_below(folder)
        if path.suffix.lower() not in _BESIDE and not is_video_file(path)
    )


def _files_below(folder: Path) -> Iterator[Path]:
    """Every file but resource forks (`._x`) and hidden ones; linked folders are followed once."""
    seen = set()
    for place, folders, files in os.walk(folder, followlinks=True):
        real = os.path.realpath(place)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders.sort()
        yield from (Path(place, name) for name in files if not name.startswith("."))
