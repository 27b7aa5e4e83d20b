"""Opens a file or an address with PyAV; messages show addresses without secrets."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from basnet_rt._errors import VideoError
from basnet_rt._system.addresses import is_address, local_path, shown_source
from basnet_rt._system.arguments import as_path
from basnet_rt._system.extras import from_extra
from basnet_rt._system.special_files import why_no_file
from basnet_rt.video.content import why_unreadable
from basnet_rt.video.frames import MOST_PIXELS

OPEN_SECONDS, READ_SECONDS = 15.0, 15.0  # for addresses; a file needs no waiting


def pyav() -> Any:
    """The package PyAV, imported only here."""
    return from_extra("av", "video", "reading video")


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
        format: of libavformat, if it cannot be found from the content.
        options: of libavformat.
        timeout: seconds to wait for opening and for each read.

    Raises:
        VideoError: the source is absent, a folder, empty, unreadable or not a video; names it.
    """
    as_path(source, "source")
    av = pyav()
    address = is_address(source)
    if not address and format is None:
        source = local_path(source)
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
        # The cause is not kept for an address, because its text has the address with password.
        cause = None if address else error
        known = None if address or format else why_unreadable(os.fspath(source))
        raise VideoError(f"{shown_source(source)}: {known or _reason(error, address)}") from cause


def check_size(width: int, height: int, source: object) -> None:
    """Refuse pictures that would take gigabytes."""
    if max(width, height) > MOST_PIXELS:
        raise VideoError(
            f"{shown_source(source)}: pictures of {width} x {height}; at most {MOST_PIXELS} a side "
            "are read"
        )


def refuse_special(source: str | os.PathLike[str]) -> None:
    """
    Raises:
        VideoError: it is a pipe, a socket or a device.
    """
    if str(source) == "-":
        raise VideoError("-: standard input is a pipe; write the video to a file and give that")
    if (reason := why_no_file(Path(source))) is not None:
        raise VideoError(f"{source}: {reason}; write it to a file and give that")


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise VideoError(f"{path}: is a folder; expected a video file")
    refuse_special(path)
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
