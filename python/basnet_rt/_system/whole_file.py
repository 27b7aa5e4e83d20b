"""Output files that are complete or absent."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path

from basnet_rt._errors import Error


@contextlib.contextmanager
def whole(path: str | Path) -> Iterator[Path]:
    """A file to write to; it becomes `path` if the block succeeds, and is deleted otherwise.

    A link stays a link: the file that it points to is replaced. Missing folders are made.

    Raises:
        Error: the disk is full, or the file may not be written. An older file of that name is
            unchanged, and no incomplete file is left.
    """
    target = Path(os.path.realpath(path))
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part.touch(exist_ok=False)
        yield part
        _sync(part)
        part.replace(target)
    except OSError as error:
        raise Error(f"{path}: cannot be written: {error.strerror or error}") from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # some systems cannot open a folder
        _sync(target.parent)


def write_whole(path: str | Path, pieces: Iterable[str]) -> None:
    """Write text, as `whole` does."""
    with whole(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        file.writelines(pieces)


def _sync(path: Path) -> None:
    """Wait for the disk, so that the content is stored before the rename, and the rename too."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
