"""Which videos a command line means: files, folders, lists of them, addresses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from basnet_rt._errors import Error, InvalidValue, VideoError
from basnet_rt._system.file_digest import file_sha256
from basnet_rt.features.files import SUFFIXES as FEATURE_SUFFIXES
from basnet_rt.video.opening import is_address

# Endings of the files taken from a folder; a file named by itself may have any ending.
VIDEO_SUFFIXES = (
    *(".3gp", ".asf", ".avi", ".f4v", ".flv", ".m2ts", ".m2v", ".m4v", ".mjpeg", ".mkv", ".mov"),
    *(".mp4", ".mpeg", ".mpg", ".mts", ".mxf", ".ogv", ".ts", ".vob", ".webm", ".wmv", ".y4m"),
)
LIST_SUFFIX = ".txt"
_FEATURE_HEADS = (b"\x93NUMPY", b"PK\x03\x04", b"\x89HDF\r\n")


@dataclass(frozen=True)
class VideoFile:
    """One video and its name: the file's name without its ending."""

    name: str
    source: str

    @property
    def is_address(self) -> bool:
        return is_address(self.source)

    def sha256(self) -> str | None:
        """Of the content; None of an address.

        Raises:
            VideoError: the file cannot be read.
        """
        if self.is_address:
            return None
        try:
            digest: str = file_sha256(self.source).hexdigest()
        except OSError as error:
            raise VideoError(f"{self.source}: cannot be read: {error.strerror}") from error
        return digest


# These never end, so no features would ever be written.
_CAMERAS = ("rtsp://", "rtsps://", "rtp://", "udp://", "srt://", "/dev/video")


def find_video_files(
    given: Sequence[str | Path],
) -> tuple[list[VideoFile], list[tuple[str, Error]]]:
    """Every video in files, folders (with what lies below), lists and addresses, in order.

    A list is a `.txt` file with one of them a line, paths from its own folder; blank lines and
    those that begin with `#` are skipped.

    Returns:
        The videos; and lists, folders and cameras that were refused, each with the reason.

    Raises:
        ValueError: two videos have the same name, and their features would be one file.
    """
    found: dict[str, VideoFile] = {}
    errors: list[tuple[str, Error]] = []
    for one in given:
        try:
            sources = list(_sources(str(one)))
        except Error as error:
            errors.append((str(one), error))
            continue
        for source in sources:
            video = VideoFile(name_of(source), source)
            _check_alone(video, found.get(video.name))
            found[video.name] = video
    return list(found.values()), errors


def name_of(source: str) -> str:
    """A file's name without its ending; of an address, that of its path, or else its host."""
    if not is_address(source):
        return Path(source).stem
    parts = urlsplit(source)
    return PurePosixPath(unquote(parts.path)).stem or parts.hostname or "video"


def holds_videos(path: str | Path) -> bool:
    """Whether a path is to be decoded, rather than read as features.

    A folder with features of its own is one of features, whatever else lies there. A file is told
    by its ending, or else by how it begins. An absent one counts as features, but for its ending.
    """
    if is_address(str(path)) or str(path).startswith(_CAMERAS):
        return True
    path = Path(path)
    if path.is_dir():
        parts = [path, path / "rgb", path / "flow"]
        return not any(_has_features(part) for part in parts) and any(_videos_below(path))
    if path.suffix.lower() in (*VIDEO_SUFFIXES, LIST_SUFFIX):
        return True
    return path.suffix not in FEATURE_SUFFIXES and path.is_file() and not _begins_as_features(path)


def _sources(given: str) -> Iterator[str]:
    path = Path(given)
    if given.startswith(_CAMERAS):
        raise InvalidValue(f"{given}: a camera, which has no end: basnet-rt stream takes it")
    if is_address(given):
        yield given
    elif path.is_dir():
        below = [str(one) for one in _videos_below(path)]
        if not below:
            raise InvalidValue(f"{given}: no video below this folder")
        yield from below
    elif path.suffix == LIST_SUFFIX:
        yield from _listed(path)
    else:
        yield given


def _listed(path: Path) -> Iterator[str]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidValue(f"{path}: cannot be read as a list of videos: {error}") from error
    for line in map(str.strip, lines):
        if line.endswith(LIST_SUFFIX):
            raise InvalidValue(f"{path}: {line}: a list within a list")
        if line and not line.startswith("#"):
            yield from _sources(line if is_address(line) else str(path.parent / line))


def _check_alone(video: VideoFile, other: VideoFile | None) -> None:
    if other is not None:
        raise InvalidValue(
            f"{other.source} and {video.source} are both called {video.name!r}; rename one, or "
            "give them to two runs with a folder each"
        )


def _videos_below(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.suffix.lower() in VIDEO_SUFFIXES)


def _has_features(folder: Path) -> bool:
    return folder.is_dir() and any(p.suffix in FEATURE_SUFFIXES for p in folder.iterdir())


def _begins_as_features(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(8).startswith(_FEATURE_HEADS)
