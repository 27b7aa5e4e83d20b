"""Output files that are complete or absent."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from basnet_rt._errors import Error, InvalidValue
from basnet_rt._system.addresses import is_address

LONGEST_NAME = 200  # bytes; file systems take 255, with endings and the name of the part


def refuse_long_name(name: str, what: str) -> None:
    """Refuse a name that is too long for an output file, before the work for it is done.

    Args:
        name: of the file, without its ending.
        what: what is named so, for the message.

    Raises:
        InvalidValue: (a ValueError) it has more than `LONGEST_NAME` bytes.
    """
    length = len(os.fsencode(name))
    if length > LONGEST_NAME:
        raise InvalidValue(
            f"{what} {name[:40]}...: its name has {length} bytes, and the names of files written "
            f"for it may have {LONGEST_NAME}; rename it"
        )


def refuse_input(outputs: Iterable[Path | None], inputs: Iterable[str | Path | None]) -> None:
    """Refuse output files that would replace an input, which may be an address, or each other.

    Raises:
        InvalidValue: (a ValueError) an output is an input or another output, or is called `-`.
    """
    written: dict[str, Path] = {}
    for output in (one for one in outputs if one is not None):
        if str(output) == "-":
            raise InvalidValue("-: output is written to files; give the name of a file")
        target = os.path.realpath(output)
        if target in written and not output.is_char_device():
            raise InvalidValue(f"{output}: is the file of two outputs; give each a file of its own")
        written[target] = output
    there = {_identity(one): one for one in written.values() if one.exists()}
    for given in inputs if there else ():
        if given is not None and not is_address(given) and _identity(Path(given)) in there:
            output = there[_identity(Path(given))]
            raise InvalidValue(f"{output}: is an input, which would be lost; give another output")


def _identity(path: Path) -> tuple[int, int] | None:
    """The same for two names of one file or folder; None if there is none."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino


@contextlib.contextmanager
def whole(path: str | Path) -> Iterator[Path]:
    """A file to write to; it becomes `path` if the block succeeds, and is deleted otherwise.

    A link stays a link: the file that it points to is replaced. A device such as /dev/null is
    written to. Missing folders are made.

    Raises:
        Error: the disk is full, or the file may not be written, or it is a pipe or a socket. An
            older file of that name is unchanged, and no incomplete file is left.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file() and not target.is_dir():
        with _into_device(path, target) as part:
            yield part
        return
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part.touch(exist_ok=False)
        yield part
        _sync(part)
        part.replace(target)
    except OSError as error:
        reason = error.strerror or f"{error}; is the disk full?"  # as numpy says it
        raise Error(f"{path}: cannot be written: {reason}") from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # some systems cannot open a folder
        _sync(target.parent)


@contextlib.contextmanager
def _into_device(path: str | Path, target: Path) -> Iterator[Path]:
    """A file whose content goes to a device if the block succeeds."""
    if not target.is_char_device():
        raise Error(f"{path}: is neither a file nor a device to write to; give the name of a file")
    with tempfile.TemporaryDirectory() as folder:
        part = Path(folder) / target.name
        part.touch()
        yield part
        try:
            with part.open("rb") as content, target.open("wb", buffering=0) as device:
                shutil.copyfileobj(content, device)
        except OSError as error:
            raise Error(f"{path}: cannot be written: {error.strerror or error}") from error


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
