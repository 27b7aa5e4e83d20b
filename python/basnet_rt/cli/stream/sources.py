"""Sources of a stream's features: bytes that arrive, files that grow, files played back."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import numpy as np
import numpy.typing as npt

from basnet_rt._errors import InvalidValue
from basnet_rt.features.files import form_of
from basnet_rt.features.source import open_features
from basnet_rt.stream.live_features import Missing
from basnet_rt.video.content import FRONT_BYTES, holds_rows, other_kind, picture_kind, video_kind

Rows = npt.NDArray[np.float32]

_MAGIC = b"\x93NUMPY"
POLL_SECONDS = 0.05  # how often a growing file is looked at


class RowSource(Protocol):
    """One stream of snippets.

    Attributes:
        name: for events.
        starts_over: when opened again, it begins with its first snippet.
        live: it continues even if it is not read, and may break off.
    """

    name: str
    starts_over: bool
    live: bool

    @property
    def duration(self) -> float | None:
        """Seconds, known after the end; None: the end of the last snippet."""
        ...

    @property
    def offset(self) -> float:
        """Seconds of a file before its first picture, which is second 0; known after the end."""
        ...

    @property
    def started(self) -> datetime | None:
        """Date and time of its start, if known."""
        ...

    @property
    def problems(self) -> Mapping[str, int] | None:
        """Counts of faults that were repaired or left out, by kind; None if none are looked for."""
        ...

    @property
    def remarks(self) -> Sequence[str]:
        """Sentences on how the source was read, after the end."""
        ...

    def read(self, count: int) -> Rows | Missing:
        """The next `count` snippets (N, F), fewer before a gap and at the end; or a gap."""
        ...

    def skip(self, count: int) -> None:
        """Leave out snippets that an earlier run has seen."""
        ...

    def close(self) -> None: ...


class ByteSource:
    """Raw float32 rows, or a `.npy` (told by its first bytes), from a pipe or a file.

    Args:
        name: for events and errors.
        file: binary, at its start.
        feature_dim: F.
        follow_seconds: how long to wait for more at the current end; 0 does not wait. If it waits,
            the length in the header of a `.npy` is ignored, because the file grows.
    """

    live, duration, started, problems = False, None, None, None
    offset = 0.0
    remarks: Sequence[str] = ()

    def __init__(
        self, name: str, file: BinaryIO, feature_dim: int, follow_seconds: float = 0.0
    ) -> None:
        self.name, self._file, self._dim, self._follow = name, file, feature_dim, follow_seconds
        self.starts_over = file.seekable() and file is not sys.stdin.buffer
        self._dtype = np.dtype("<f4")
        self._left = math.inf  # snippets left, according to a header
        self._unknown = FRONT_BYTES  # so many bytes may still turn out to be no rows
        self._head: bytes | None = None  # read to look for a header, and not used yet

    def read(self, count: int) -> Rows:
        if self._head is None:
            self._begin()
        size = self._dim * self._dtype.itemsize
        data = self._bytes(int(min(count, self._left)) * size)
        if self._unknown > 0:
            self._check_content(data)
        if len(data) % size:
            raise InvalidValue(
                f"{self.name}: ends within a snippet: {len(data) % size} of {size} bytes "
                f"({self._dim} channels of {self._dtype})"
            )
        rows = np.frombuffer(data, self._dtype).reshape(-1, self._dim)
        self._left -= len(rows)
        return np.array(rows, np.float32)

    def skip(self, count: int) -> None:
        skip_rows(self, count)

    def close(self) -> None:
        if self._file is not sys.stdin.buffer:
            self._file.close()

    def _check_content(self, data: bytes) -> None:
        """Refuse other content than rows; after zeros it may be recognised late."""
        first = self._unknown == FRONT_BYTES
        self._unknown -= len(data)
        if first and (kind := video_kind(data) or picture_kind(data)) is not None:
            raise InvalidValue(
                f"{self.name}: begins as a video does ({kind}), not as rows of features; give the "
                "video as a file: videos are not read from a pipe"
            )
        known = other_kind(data) if first else None
        if known is not None or not holds_rows(data):
            kind = known or "of another kind, such as a video"
            raise InvalidValue(
                f"{self.name}: the content is {kind}, not rows of float32 features; a pipe brings "
                "such rows or a .npy, all else is read as a file"
            )

    def _begin(self) -> None:
        self._head = b""
        head = self._bytes(len(_MAGIC))
        if head != _MAGIC:
            self._head = head
            return
        version = self._bytes(2)
        width = 2 if version[:1] == b"\x01" else 4
        length = int.from_bytes(self._bytes(width), "little")
        self._parse(self._bytes(length))

    def _parse(self, header: bytes) -> None:
        import ast

        try:
            fields: dict[str, Any] = ast.literal_eval(header.decode("latin1").strip())
            dtype, shape = np.dtype(fields["descr"]), tuple(fields["shape"])
            columns_first = bool(fields["fortran_order"])
        except (ValueError, SyntaxError, KeyError, TypeError) as error:
            raise InvalidValue(f"{self.name}: not a whole .npy header: {error}") from error
        if dtype.kind != "f" or columns_first or len(shape) != 2 or shape[1] != self._dim:
            raise InvalidValue(
                f"{self.name}: holds {dtype} of shape {shape}{', by columns' * columns_first}; "
                f"expected floating point (N, {self._dim}), by rows"
            )
        self._dtype, self._unknown = dtype, 0
        self._left = math.inf if self._follow > 0 else shape[0]

    def _bytes(self, count: int) -> bytes:
        """`count` bytes, or fewer at the end."""
        data, self._head = (self._head or b"")[:count], (self._head or b"")[count:]
        quiet_since = time.monotonic()
        while len(data) < count:
            more = self._file.read(count - len(data))
            if more:
                data, quiet_since = data + more, time.monotonic()
            elif time.monotonic() - quiet_since >= self._follow:
                break
            else:
                time.sleep(POLL_SECONDS)
        return data


def skip_rows(source: RowSource, count: int) -> None:
    """Read on and throw away."""
    while count > 0:
        rows = source.read(min(count, 1024))
        if not len(rows) or isinstance(rows, Missing):
            raise InvalidValue(f"{source.name}: has {count} snippets fewer than were read before")
        count -= len(rows)


class ArraySource:
    """A `.npz` or `.h5` of one video."""

    live, duration, started, problems = False, None, None, None
    offset = 0.0
    remarks: Sequence[str] = ()

    def __init__(self, path: Path, feature_dim: int, modality: str) -> None:
        self.name, self.starts_over = path.stem, True
        features = open_features(path, feature_dim=feature_dim, modality=modality)
        if len(features.names) != 1:
            raise InvalidValue(f"{path}: holds {len(features.names)} videos; a stream is of one")
        self._rows = features.read(features.names[0])

    def read(self, count: int) -> Rows:
        rows, self._rows = self._rows[:count], self._rows[count:]
        return rows

    def skip(self, count: int) -> None:
        self.read(count)

    def close(self) -> None:
        """Nothing is open."""


class Paced:
    """Plays a source at its real speed: gives each snippet at the time when it ends.

    The video starts with the first `read`.
    """

    live, started = False, None

    def __init__(self, source: RowSource, snippet_seconds: float) -> None:
        self.name, self.starts_over = source.name, source.starts_over
        self._source, self._seconds = source, snippet_seconds
        self._start: float | None = None
        self._given = 0

    @property
    def duration(self) -> float | None:
        return self._source.duration

    @property
    def offset(self) -> float:
        return self._source.offset

    @property
    def problems(self) -> Mapping[str, int] | None:
        return self._source.problems

    @property
    def remarks(self) -> Sequence[str]:
        return self._source.remarks

    def read(self, count: int) -> Rows | Missing:
        if self._start is None:
            self._start = time.monotonic()
        rows = self._source.read(count)
        if isinstance(rows, Missing):
            return rows
        due = self._start + (self._given + len(rows)) * self._seconds
        time.sleep(max(0.0, due - time.monotonic()))
        self._given += len(rows)  # after the sleep: an interrupted sleep gives no snippets
        return rows

    def skip(self, count: int) -> None:
        self._source.skip(count)

    def close(self) -> None:
        self._source.close()


def open_source(path: Path, feature_dim: int, modality: str, follow_seconds: float) -> RowSource:
    """`-` is standard input; other names are files."""
    if str(path) == "-":
        return ByteSource("stdin", sys.stdin.buffer, feature_dim)
    if form_of(path) in (".npz", ".h5", ".hdf5"):
        return ArraySource(path, feature_dim, modality)
    try:
        if not follow_seconds and path.is_file() and path.stat().st_size == 0:
            raise InvalidValue(f"{path}: is empty")
        file = path.open("rb")
    except OSError as error:
        raise InvalidValue(f"{path}: cannot be read: {error.strerror}") from error
    return ByteSource(path.stem, file, feature_dim, follow_seconds)
