"""The events of a stream, its position, and the file from which a killed run continues.

Events with a sequence number are the same in every run of the same input, so a reader drops those
that it has seen before. A file of events is cut back to its length when the state was saved.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from basnet_rt._errors import InvalidValue
from basnet_rt._system.file_digest import file_sha256
from basnet_rt._system.json_file import read_json
from basnet_rt._system.shown import cut, shown
from basnet_rt._system.whole_file import write_whole

_FORMAT = "basnet_rt.stream_state"
_VERSION = 1
_FOREIGN = "not a state of basnet-rt stream, or damaged"


@dataclass
class StreamProgress:
    """The progress of a run of `basnet-rt stream`.

    Attributes:
        source: index of the input.
        snippet: snippets of that input that were consumed.
        chunk: snippets per push; a resumed run must use the same.
        sequence: sequence number of the next onset or final.
        written: bytes in the file of events; None: they went to standard output.
        events: SHA-256 of these bytes.
        inputs: names of the inputs; None: saved by a version that did not keep them.
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
    events: str | None = None
    inputs: list[str] | None = None


def save_progress(path: Path, progress: StreamProgress, localizer: bytes, model: str) -> None:
    """Write the file completely or not at all, and flush it to the disk."""
    content = {"format": _FORMAT, "version": _VERSION, "model": model, **asdict(progress)}
    content["localizer"] = base64.b64encode(localizer).decode("ascii")
    write_whole(path, [json.dumps(content)])


def load_progress(
    path: Path, model: str, chunk: int, inputs: list[str]
) -> tuple[StreamProgress, bytes]:
    """The progress, and the state of the localizer.

    Raises:
        ValueError: not a saved state, damaged, or of another model, chunk or input; says what to
            do.
    """
    content = _content(path)
    saved_model = content.pop("model", None)
    try:
        localizer = base64.b64decode(content.pop("localizer"), validate=True)
        progress = StreamProgress(**content)
    except (KeyError, TypeError, ValueError) as error:
        raise unusable(path, error) from error
    for name, (allowed, kind) in _KINDS.items():
        value = getattr(progress, name)
        if not allowed(value):
            raise unusable(path, f"{name} is {shown(value)}; it must be {kind}")
    if (saved_model, progress.chunk) != (model, chunk):
        raise InvalidValue(
            f"{path}: saved with model {shown(saved_model)} and --chunk {progress.chunk}; this run "
            f"has {shown(model)} and {chunk}: give those, or another file to --save-state"
        )
    used = (progress.inputs or [])[: progress.source + 1]
    if used != inputs[: len(used)]:
        raise InvalidValue(
            f"{path}: saved in a run of {cut(', '.join(used))}; this run has "
            f"{cut(', '.join(inputs))}: give those, or another file to --save-state"
        )
    progress.inputs = inputs
    return progress, localizer


def unusable(path: Path, reason: object, what: str = _FOREIGN) -> InvalidValue:
    """The error of a state that cannot be continued, with the way out."""
    return InvalidValue(
        f"{path}: {what}: {cut(str(reason), 160)}; remove the file to start anew, or give another "
        "to --save-state"
    )


def _content(path: Path) -> dict[str, Any]:
    """The fields, after a check of their form."""
    try:
        content = read_json(path)
    except InvalidValue as error:
        raise unusable(path, str(error).removeprefix(f"{path}: ")) from error
    if not isinstance(content, dict) or content.pop("format", None) != _FORMAT:
        raise unusable(path, f'"format" is not {_FORMAT!r}')
    version = content.pop("version", None)
    if version != _VERSION:
        raise unusable(path, f"it has version {shown(version)}; this program reads {_VERSION}")
    return content


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63


def _is_time(value: Any) -> bool:
    try:
        return bool(datetime.fromisoformat(value))
    except (TypeError, ValueError):
        return False


def _is_digest(value: Any) -> bool:
    return isinstance(value, str) and len(value) == 2 * hashlib.sha256().digest_size


def _are_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


_COUNT = (_is_count, "a whole number, 0 or more")
_KINDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    **dict.fromkeys(("source", "snippet", "chunk", "sequence"), _COUNT),
    "written": (lambda value: value is None or _is_count(value), f"{_COUNT[1]}, or null"),
    "done": (lambda value: isinstance(value, bool), "true or false"),
    "events": (lambda value: value is None or _is_digest(value), "64 hex digits, or null"),
    "inputs": (lambda value: value is None or _are_names(value), "names, or null"),
    "started": (lambda value: value is None or _is_time(value), "a time in ISO 8601, or null"),
}


class EventWriter:
    """Writes JSON lines, each flushed at once, to standard output or a file."""

    def __init__(self, file: BinaryIO | None, *, to_stdout: bool, digest: Any = None) -> None:
        """
        Args:
            digest: of hashlib, of what the file has already.
        """
        self._file, self._to_stdout = file, to_stdout
        self._digest = digest or hashlib.sha256()

    @property
    def digest(self) -> str | None:
        """SHA-256 of the file; None without one."""
        return None if self._file is None else self._digest.hexdigest()

    def write(self, event: dict[str, Any]) -> None:
        line = json.dumps(event) + "\n"
        if self._file is not None:
            self._file.write(line.encode())
            self._digest.update(line.encode())
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
    path: Path | None, progress: StreamProgress, *, to_stdout: bool
) -> Iterator[EventWriter]:
    """Continue the file of events where `progress` says, or start an empty one.

    Raises:
        ValueError: the file is not the one that the progress counts.
    """
    written = progress.written
    if path is None:
        yield EventWriter(None, to_stdout=to_stdout)
        return
    if written is None:
        with path.open("wb") as file:
            yield EventWriter(file, to_stdout=to_stdout)
        return
    if not path.exists():
        raise _not_continued(path, "is not there")
    if path.stat().st_size < written:
        raise _not_continued(path, "is shorter than when the state was saved")
    digest = file_sha256(path, written)
    if path.is_file() and progress.events not in (None, digest.hexdigest()):
        raise _not_continued(path, "begins otherwise than when the state was saved")
    with path.open("r+b") as file:
        file.truncate(written)
        file.seek(written)
        yield EventWriter(file, to_stdout=to_stdout, digest=digest)


def _not_continued(path: Path, why: str) -> InvalidValue:
    return InvalidValue(
        f"--output {path}: {why}; give the file of that run, or remove the file of the state to "
        "start anew"
    )
