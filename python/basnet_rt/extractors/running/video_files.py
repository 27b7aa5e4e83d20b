"""Finds the videos of a command line: files, folders, lists and addresses."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from basnet_rt._errors import Error, InvalidValue, VideoError
from basnet_rt._system.addresses import HIDDEN, decoded, is_address, local_path, shown_source
from basnet_rt._system.file_digest import file_sha256
from basnet_rt._system.text_file import read_text
from basnet_rt.extractors.running.judging import CAMERAS, LIST_SUFFIX, is_list, videos_below
from basnet_rt.video.opening import refuse_special


@dataclass(frozen=True)
class VideoFile:
    """One video and its name: the file's name without its ending.

    `stream`: index of the video stream to read; None: the reader chooses.
    """

    name: str
    source: str
    stream: int | None = None

    @property
    def is_address(self) -> bool:
        return is_address(self.source)

    def sha256(self) -> str | None:
        """The digest of the content and the chosen stream number; None for an address.

        Raises:
            VideoError: the file cannot be read.
        """
        if self.is_address:
            return None
        refuse_special(self.source)
        try:
            digest: str = file_sha256(self.source).hexdigest()
        except OSError as error:
            raise VideoError(f"{self.source}: cannot be read: {error.strerror}") from error
        if self.stream is None:
            return digest
        return hashlib.sha256(f"{digest}:{self.stream}".encode()).hexdigest()


@dataclass
class Listing:
    """The videos that one argument means, and what it means but cannot be used, with reasons."""

    videos: list[VideoFile]
    errors: list[tuple[str, Error]]


def find_video_files(
    given: Sequence[str | Path], stream: int | None = None
) -> tuple[list[VideoFile], list[tuple[str, Error]]]:
    """Every video in files, folders (with subfolders), lists and addresses, in order.

    A list is a `.txt` file with one entry a line, paths relative to its folder; blank lines and
    lines that begin with `#` are skipped.

    Returns:
        The videos; and the refused lists, folders, cameras and names, each with the reason.

    Raises:
        ValueError: two videos have the same name, so their features would be the same file.
    """
    listings = list_videos(given, stream)
    videos = [video for one in listings for video in one.videos]
    return videos, [error for one in listings for error in one.errors]


def list_videos(given: Sequence[str | Path], stream: int | None = None) -> list[Listing]:
    """As `find_video_files`, for each argument by itself; names differ among all of them."""
    listings, named = [], []
    for number, one in enumerate(given):
        listings.append(Listing([], []))
        try:
            sources = list(_sources(local_path(one)))
        except Error as error:
            listings[-1].errors.append((shown_source(one), error))
            continue
        named += [(number, *pair) for pair in _named(local_path(one), sources)]
    names = _apart([name for _, name, _ in named], [source for _, _, source in named])
    for name, (number, _, source) in zip(names, named, strict=True):
        try:
            check_name(name, source)
            listings[number].videos.append(VideoFile(name, source, stream))
        except InvalidValue as error:
            listings[number].errors.append((shown_source(source), error))
    check_names_differ([video for one in listings for video in one.videos])
    return listings


def check_name(name: str, source: object) -> None:
    """Refuse a name that is not UTF-8, which results and pages cannot hold.

    Raises:
        ValueError: it is such a name; the message names the source.
    """
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise InvalidValue(
            f"{shown_source(source)}: its name is not UTF-8, and results are named after it; "
            "rename it"
        ) from error


def check_names_differ(videos: Sequence[VideoFile]) -> None:
    """
    Raises:
        ValueError: two videos have the same name.
    """
    seen: dict[str, VideoFile] = {}
    for video in videos:
        _check_alone(video, seen.get(video.name))
        seen[video.name] = video


def name_of(source: str) -> str:
    """A file's name without its ending; for an address that of its path, or else its host."""
    if not is_address(source):
        return Path(local_path(source)).stem
    parts = urlsplit(shown_source(source))
    host = None if parts.netloc == HIDDEN else parts.hostname
    return PurePosixPath(decoded(parts.path)).stem or host or "video"


def _sources(given: str) -> Iterator[str]:
    path = Path(given)
    if given.startswith(CAMERAS):
        raise InvalidValue(
            f"{shown_source(given)}: a camera, which has no end: basnet-rt stream takes it"
        )
    refuse_special(given)
    if is_address(given):
        yield given
    elif path.is_dir():
        below = [str(one) for one in videos_below(path)]
        if not below:
            raise InvalidValue(f"{given}: no video below this folder")
        yield from below
    elif is_list(path):
        listed = list(_listed(path))
        if not listed:
            raise InvalidValue(f"{path}: lists no video; expected one a line")
        yield from listed
    else:
        yield given


def name_endings(source: str) -> set[str]:
    """The last parts of a file's possible names: without its ending, and with it."""
    return {name_of(source), Path(local_path(source)).name}


def _named(given: str, sources: list[str]) -> list[tuple[str, str]]:
    """Each source with its name; if a folder has two with one name, all its names are paths."""
    names = [name_of(source) for source in sources]
    if len(set(names)) < len(names) and Path(given).is_dir():
        names = _names_below(given, sources)
    return list(zip(names, sources, strict=True))


def _apart(names: list[str], sources: list[str]) -> list[str]:
    """The names; if two are equal, those of all files are paths from their common folder."""
    local = {at: Path(one).absolute() for at, one in enumerate(sources) if not is_address(one)}
    files = {at: Path(os.path.normpath(file)) for at, file in local.items()}
    given_twice = len(set(files.values())) < len(files)
    if len(set(names)) == len(names) or len(files) < 2 or given_twice:
        return names
    try:
        folder = os.path.commonpath([file.parent for file in files.values()])
    except ValueError:  # on two drives
        return names
    below = dict(zip(files, _names_below(folder, list(files.values())), strict=True))
    return [below.get(at, name) for at, name in enumerate(names)]


def _names_below(folder: str, files: Sequence[str | Path]) -> list[str]:
    """Paths relative to a folder, with `__` between their parts, to be file names."""
    below = [Path(file).relative_to(folder) for file in files]
    names = ["__".join((*path.parent.parts, path.stem)) for path in below]
    if len(set(names)) < len(names):  # a.mp4 beside a.mkv
        names = ["__".join(path.parts) for path in below]
    return names


def _listed(path: Path) -> Iterator[str]:
    text = read_text(path)
    if "\0" in text:
        raise InvalidValue(f"{path}: has zero bytes, so it is no list of names; save it as UTF-8")
    for line in map(str.strip, text.splitlines()):
        if line.lower().endswith(LIST_SUFFIX):
            raise InvalidValue(f"{path}: {shown_source(line)}: a list within a list")
        if line and not line.startswith("#"):
            yield from _sources(line if is_address(line) else str(path.parent / local_path(line)))


def _check_alone(video: VideoFile, other: VideoFile | None) -> None:
    if other is not None:
        raise InvalidValue(
            f"{shown_source(other.source)} and {shown_source(video.source)} are both called "
            f"{video.name!r}; give one of them, rename one, or give them to two runs with a folder "
            "each"
        )
