"""Text from files and pipes: bounded in bytes, with a limit on waiting for a pipe's writer."""

from __future__ import annotations

import codecs
import os
import stat
import time
from collections.abc import Sequence
from pathlib import Path

from basnet_rt._errors import InvalidValue

MOST_BYTES = 2 << 30
WRITER_SECONDS, DATA_SECONDS = 3.0, 60.0  # to wait for a pipe's writer, and for its next byte
_POLL_SECONDS, _PIECE = 0.02, 1 << 20
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_UTF32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)  # one begins as UTF-16's
# Wide encodings without a mark, by which of the first four bytes are zero in ASCII text.
_UNMARKED: dict[tuple[bool, ...], str] = {
    (True, True, True, False): "utf-32-be",
    (False, True, True, True): "utf-32-le",
    (True, False, True, False): "utf-16-be",
    (False, True, False, True): "utf-16-le",
}


def read_text(
    path: str | Path,
    *,
    most: int = MOST_BYTES,
    encodings: Sequence[str] = ("utf-8-sig",),
    newline: str | None = None,
) -> str:
    """A whole file, or everything from a pipe such as `<(...)`, as text.

    Args:
        most: most bytes to read.
        encodings: tried in turn; a file in UTF-16 or UTF-32 is recognised by its first bytes.
        newline: "" leaves line ends as they are; None makes each of them a line feed.

    Raises:
        InvalidValue: (a ValueError) the file is absent, a folder, too large, not in one of these
            encodings, or a pipe without a writer; names it.
    """
    text, _ = read_with_encoding(path, most=most, encodings=encodings)
    return text if newline == "" else text.replace("\r\n", "\n").replace("\r", "\n")


def read_with_encoding(
    path: str | Path, *, most: int = MOST_BYTES, encodings: Sequence[str]
) -> tuple[str, str]:
    """As `read_text` with unchanged line ends; also the encoding that the file is in."""
    path = Path(path)
    try:
        content = _bytes(path, most)
    except (OSError, ValueError) as error:
        if isinstance(error, InvalidValue):
            raise
        raise InvalidValue(f"{path}: cannot be read: {error}") from error
    return _decoded(path, content, encodings)


def _decoded(path: Path, content: bytes, encodings: Sequence[str]) -> tuple[str, str]:
    failed: UnicodeDecodeError | None = None
    wide = _wide_encoding(content)
    for encoding in encodings if wide is None else (wide, *encodings):
        try:
            return content.decode(encoding), encoding
        except UnicodeDecodeError as error:
            failed = error
    raise InvalidValue(f"{path}: cannot be read: {failed}") from failed


def _wide_encoding(content: bytes) -> str | None:
    """UTF-16 or UTF-32, by their mark or by the zeros among the first bytes; None: another."""
    if content.startswith(_UTF32):
        return "utf-32"
    if content.startswith(_UTF16):
        return "utf-16"
    return _UNMARKED.get(tuple(byte == 0 for byte in content[:4]))


def _bytes(path: Path, most: int) -> bytes:
    # With this flag, opening a pipe without a writer does not block; files ignore it.
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        kind = os.fstat(handle)
        whole = stat.S_ISREG(kind.st_mode)
        if whole and kind.st_size > most:
            raise InvalidValue(f"{path}: {kind.st_size} bytes; of text at most {most} are read")
        return _all_of(handle, path, most, whole)
    finally:
        os.close(handle)


def _all_of(handle: int, path: Path, most: int, whole: bool) -> bytes:
    """All bytes; from a pipe with at most `DATA_SECONDS` between two pieces."""
    content = bytearray()
    since = time.monotonic()
    while True:
        piece = _piece(handle)
        if piece:
            content += piece
            since = time.monotonic()
            if len(content) > most:
                raise InvalidValue(f"{path}: more than {most} bytes; at most so many are read")
        elif piece == b"" and (whole or content):
            return bytes(content)
        elif time.monotonic() - since > (WRITER_SECONDS if piece == b"" else DATA_SECONDS):
            raise InvalidValue(
                f"{path}: is a pipe without any data; write the text to a file and give that"
            )
        else:
            time.sleep(_POLL_SECONDS)


def _piece(handle: int) -> bytes | None:
    """Some bytes; empty at the end or without a writer; None if the writer has sent nothing yet."""
    try:
        return os.read(handle, _PIECE)
    except BlockingIOError:
        return None
