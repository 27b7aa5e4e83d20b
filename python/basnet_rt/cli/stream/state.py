"""The events of a stream, its position, and the file from which a killed run continues.

Events with a sequence number are the same in every run of the same input, so a reader drops those
that it has seen before. A file of events is cut back to its length when the state was saved.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from basnet_rt._errors import InvalidValue
from basnet_rt._system.whole_file import write_whole

_FORMAT = "basnet_rt.stream_state"
_VERSION = 1


@dataclass
class StreamProgress:
    """The progress of a run of `basnet-rt stream`.

    Attributes:
        source: index of the input.
        snippet: snippets of that input that were consumed.
        chunk: snippets per push; a resumed run must use the same.
        sequence: sequence number of the next onset or final.
        written: bytes in the file of events; None: they went to standard output.
        done: the last input has ended.
        started: time of a camera's first picture, ISO 8601; None for other inputs.
    """

    source: int = 0
    snippet: int = 0
    chunk: int = 1
    sequence: int = 0
    written: int | None = None
    done: bool = False
    started: str | None = None


def save_progress(path: Path, progress: StreamProgress, localizer: bytes, model: str) -> None:
    """Write the file completely or not at all, and flush it to the disk."""
    content = {"format": _FORMAT, "version": _VERSION, "model": model, **asdict(progress)}
    content["localizer"] = base64.b64encode(localizer).decode("ascii")
    write_whole(path, [json.dumps(content)])


def load_progress(path: Path, model: str, chunk: int) -> tuple[StreamProgress, bytes]:
    """The progress, and the state of the localizer.

    Raises:
        ValueError: not a saved state, or of another model or chunk.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content.pop("format") != _FORMAT or content.pop("version") != _VERSION:
            raise InvalidValue(f"{path}: not a state of this version of basnet-rt stream")
        saved_model = content.pop("model")
        localizer = base64.b64decode(content.pop("localizer"), validate=True)
        progress = StreamProgress(**content)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, InvalidValue):
            raise
        raise InvalidValue(f"{path}: not a state of basnet-rt stream: {error}") from error
    if (saved_model, progress.chunk) != (model, chunk):
        raise InvalidValue(
            f"{path}: saved with model {saved_model} and --chunk {progress.chunk}; "
            f"this run has {model} and {chunk}"
        )
    return progress, localizer


class EventWriter:
    """Writes JSON lines, each flushed at once, to standard output or a file."""

    def __init__(self, file: BinaryIO | None, *, to_stdout: bool) -> None:
        self._file, self._to_stdout = file, to_stdout

    def write(self, event: dict[str, Any]) -> None:
        line = json.dumps(event) + "\n"
        if self._file is not None:
            self._file.write(line.encode())
            self._file.flush()
        elif self._to_stdout:
            sys.stdout.write(line)
            sys.stdout.flush()

    def sync(self) -> int | None:
        """Flush everything to the disk; returns the number of bytes."""
        if self._file is None:
            return None
        os.fsync(self._file.fileno())
        return self._file.tell()


@contextlib.contextmanager
def open_events(
    path: Path | None, written: int | None, *, to_stdout: bool
) -> Iterator[EventWriter]:
    """`written`: bytes of an earlier run to keep; None: start an empty file."""
    if path is None:
        yield EventWriter(None, to_stdout=to_stdout)
        return
    with path.open("wb" if written is None else "r+b") as file:
        if written is not None:
            if file.seek(0, os.SEEK_END) < written:
                raise InvalidValue(f"{path}: is shorter than when the state was saved")
            file.truncate(written)
            file.seek(written)
        yield EventWriter(file, to_stdout=to_stdout)
