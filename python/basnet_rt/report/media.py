"""The file of each video, and its address in the page."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from basnet_rt._errors import InvalidValue
from basnet_rt._system.addresses import names_user, shown_source

# Files that browsers may play, and their types for embedding.
TYPES = {
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".mov": "video/mp4",
    ".webm": "video/webm",
    ".mkv": "video/webm",
    ".ogv": "video/ogg",
}


@dataclass(frozen=True)
class Media:
    """A video's moving picture.

    Attributes:
        source: a URL, or a path on this machine.
        is_url: whether `source` is a URL.
        embed: whether the page contains the file itself; not for a URL.
        offset: seconds of the file before its first picture, which is second 0 of the results.
    """

    source: str
    is_url: bool
    embed: bool
    offset: float = 0.0

    @property
    def type(self) -> str:
        return TYPES.get(_suffix(self.source), "video/mp4")

    def reference(self, page: Path) -> str:
        """The address for a page at that path: a URL, or a path relative to the page."""
        if self.is_url:
            return self.source
        target = Path(self.source).resolve()
        try:
            path = Path(os.path.relpath(target, page.resolve().parent))
        except ValueError:  # another drive
            return target.as_uri()
        return quote(os.fsencode(path.as_posix()))  # names of files may be no UTF-8


def find_media(
    given: Sequence[str], videos: Sequence[str], *, embed: bool = False
) -> dict[str, Media]:
    """Media by video, from URLs, files and folders.

    A file or URL belongs to the video with its name without the ending (ActivityNet's prefix `v_`
    is allowed). A single video and a single file belong together.

    Raises:
        ValueError: a path is absent, a file or a folder belongs to no video, two files belong to
            one video, or a URL should be embedded.
    """
    if embed and any(_is_url(one) for one in given):
        raise InvalidValue("a video at a URL cannot be embedded; download it first")
    if len(given) == len(videos) == 1 and not Path(given[0]).is_dir():
        return {videos[0]: _media(given[0], embed)}
    found: dict[str, Media] = {}
    for one in given:
        for video, media in _belonging(one, set(videos), embed).items():
            if video in found:
                first, second = shown_source(found[video].source), shown_source(one)
                raise InvalidValue(f"{first} and {second} are both video {video!r}")
            found[video] = media
    return found


def recorded_media(
    provenance: Mapping[str, Any], results: Path, videos: Sequence[str], *, embed: bool = False
) -> list[str]:
    """Video files that `localize` recorded in its results, those that exist.

    Results may come from anybody, so recorded addresses are left out: a page loads from the network
    only if the user names the address. Files with other endings are not videos.

    Raises:
        ValueError: `embed` is set, and a file is outside of the results' folder.
    """
    recorded = provenance.get("media", {})
    known = recorded if isinstance(recorded, Mapping) else {}
    given = [one for name, one in known.items() if name in videos and isinstance(one, str)]
    paths = [results.parent / one for one in given if not _is_url(one)]
    files = [one for one in paths if one.suffix.lower() in TYPES and one.is_file()]
    inside = results.resolve().parent
    for path in files:
        if embed and not path.resolve().is_relative_to(inside):
            raise InvalidValue(
                f"--embed-video: the results name {path}, which lies outside of their folder; "
                f"to put it into the page, name it too: --video {path}"
            )
    return [str(one) for one in files]


def recorded_offset(provenance: Mapping[str, Any], video: str) -> float:
    """Seconds of a video's file before its first picture, as `localize` recorded them; else 0."""
    recorded = provenance.get("media_offsets", {})
    found = recorded.get(video) if isinstance(recorded, Mapping) else None
    if isinstance(found, bool) or not isinstance(found, int | float):
        return 0.0
    return float(found) if 0 < found < float("inf") else 0.0


def origins(media: Iterable[Media]) -> list[str]:
    """Scheme and host of every URL, sorted: the page may load from these."""
    parts = [urlsplit(one.source) for one in media if one.is_url]
    return sorted({f"{part.scheme}://{part.netloc}" for part in parts})


def _belonging(given: str, videos: set[str], embed: bool) -> Mapping[str, Media]:
    path = Path(given)
    folder = not _is_url(given) and path.is_dir()
    inside = sorted(p for p in path.iterdir() if p.suffix.lower() in TYPES) if folder else []
    files = [str(p) for p in inside] if folder else [given]
    named = [(name, file) for file in files if (name := _name(file, videos)) is not None]
    if not named:
        some = ", ".join(sorted(videos)[:3])
        raise InvalidValue(
            f"--video {shown_source(given)}: belongs to no video of the results, such as {some}"
        )
    return {name: _media(file, embed) for name, file in named}


def _media(given: str, embed: bool) -> Media:
    if _is_url(given):
        if names_user(given):
            raise InvalidValue(
                f"--video {shown_source(given)}: may name a user, and the page would hold the "
                "password; give an address without (an @ of a path is %40), or a file"
            )
        return Media(given, True, False)
    if not Path(given).is_file():
        raise InvalidValue(f"--video {shown_source(given)}: no such file")
    return Media(given, False, embed)


def _name(given: str, videos: set[str]) -> str | None:
    path = unquote(urlsplit(given).path) if _is_url(given) else Path(given).as_posix()
    stem = PurePosixPath(path).stem
    return next((name for name in (stem, stem.removeprefix("v_")) if name in videos), None)


def _suffix(given: str) -> str:
    return PurePosixPath(urlsplit(given).path if _is_url(given) else given).suffix.lower()


def _is_url(given: str) -> bool:
    return given.startswith(("http://", "https://"))
