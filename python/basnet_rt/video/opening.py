"""Opening a file or an address with PyAV, and choosing its stream of pictures."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from basnet_rt._errors import VideoError
from basnet_rt._system.extras import from_extra
from basnet_rt.video.frames import MOST_PIXELS

OPEN_SECONDS, READ_SECONDS = 15.0, 15.0  # for addresses; a file does not keep one waiting

# libav* reads any text as pictures of characters, by its suffix alone.
_TEXT_CODECS = {"ansi", "bintext", "xbin", "idf"}


def pyav() -> Any:
    """The package, imported here alone."""
    return from_extra("av", "video", "reading video")


def is_address(source: str | os.PathLike[str]) -> bool:
    """Whether it is `scheme://...` rather than a file."""
    return isinstance(source, str) and "://" in source


def open_container(
    source: str | os.PathLike[str],
    *,
    format: str | None = None,  # noqa: A002 (PyAV's word)
    options: dict[str, str] | None = None,
    timeout: tuple[float, float] | None = None,
) -> Any:
    """PyAV's container, opened for reading.

    Args:
        source: a file, or an address.
        format: of libavformat, where it cannot be told from the content.
        options: of libavformat.
        timeout: seconds to wait for opening and for each read.

    Raises:
        VideoError: absent, a folder, empty, unreadable, not a video; names it.
    """
    av = pyav()
    address = is_address(source)
    if not address and format is None:
        _check_file(Path(source))
    if address and timeout is None:
        timeout = (OPEN_SECONDS, READ_SECONDS)
    try:
        return av.open(
            os.fspath(source) if address or format else f"file:{os.fspath(source)}",
            format=format,
            options=options or {},
            metadata_errors="replace",
            timeout=timeout,
        )
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise VideoError(f"{source}: {_reason(error, address)}") from error


def video_stream(container: Any, source: object) -> Any:
    """The stream of pictures: of several the one marked default, else the first.

    Raises:
        VideoError: no video stream, no decoder for it, or its pictures are too large.
    """
    streams = [one for one in container.streams.video if not _is_cover(one)]
    if not streams:
        raise VideoError(f"{source}: holds no video stream, only {_content(container)}")
    stream = next((one for one in streams if _marked(one, "default")), streams[0])
    context = stream.codec_context
    if context is None or context.name in _TEXT_CODECS:
        what = "text" if context is not None else "pictures that no decoder here can read"
        raise VideoError(f"{source}: not a video, but {what}")
    check_size(context.width, context.height, source)
    return stream


def check_size(width: int, height: int, source: object) -> None:
    """Refuse pictures that would take gigabytes."""
    if max(width, height) > MOST_PIXELS:
        raise VideoError(
            f"{source}: pictures of {width} x {height}; at most {MOST_PIXELS} a side are read"
        )


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise VideoError(f"{path}: is a folder; expected a video file")
    if not path.exists():
        raise VideoError(f"{path}: no such file")
    if path.is_file() and path.stat().st_size == 0:
        raise VideoError(f"{path}: is empty")


def _reason(error: Exception, address: bool) -> str:
    text = getattr(error, "strerror", None) or str(error)
    if isinstance(error, TimeoutError) or "timed out" in text.lower() or "exit" in text.lower():
        return f"no answer in time ({text})"
    if address or isinstance(error, PermissionError):
        return f"cannot be opened: {text}"
    return f"not a video that can be read: {text}"


def _is_cover(stream: Any) -> bool:
    return _marked(stream, "attached_pic") or _marked(stream, "timed_thumbnails")


def _marked(stream: Any, name: str) -> bool:
    disposition = stream.disposition
    return bool(disposition & type(disposition)[name])


def _content(container: Any) -> str:
    kinds = sorted({"cover pictures" if s.type == "video" else s.type for s in container.streams})
    return " and ".join(kinds) or "nothing"
