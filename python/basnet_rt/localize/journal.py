"""The finished videos of a long run, kept on disk so that a restart can continue."""

from __future__ import annotations

import json
from pathlib import Path
from typing import IO, Any

import numpy as np

from basnet_rt._errors import Error
from basnet_rt.results import Detections, Float64Array

FORMAT = "basnet_rt.journal"
FORMAT_VERSION = 1


class Journal:
    """A file of JSON lines: a heading with the run's key, then one finished video a line.

    Lines are only added, so in a killed run only the last line can be incomplete. That line is cut
    off, and its video is done again. A journal with another key is discarded.

    Attributes:
        path: beside the output, `<output>.partial.jsonl`.
        done: videos that an earlier run finished: fingerprint and detections of each.
        offsets: seconds, for videos whose file begins before its first picture.
        discarded: whether a journal of another model or other settings was discarded.
    """

    def __init__(
        self, output: Path, key: str, mode: str, classes: tuple[str, ...], *, resume: bool = True
    ) -> None:
        self.path = output.with_name(output.name + ".partial.jsonl")
        self._mode, self._classes = mode, classes
        self.done: dict[str, tuple[str, Detections]] = {}
        self.offsets: dict[str, float] = {}
        self.discarded = False
        try:
            kept = self._read(key) if resume and self.path.exists() else 0
            self._file = self._open(kept)
            if kept == 0:
                self._write({"format": FORMAT, "format_version": FORMAT_VERSION, "key": key})
        except OSError as error:
            raise Error(f"{self.path}: cannot be written: {error.strerror or error}") from error

    def add(self, video: str, fingerprint: str, found: Detections, offset: float = 0.0) -> None:
        """Add a finished video; its fingerprint shows later whether its features have changed."""
        try:
            self._write(record_of(video, fingerprint, found, offset))
        except OSError as error:
            raise Error(f"{self.path}: cannot be written: {error.strerror or error}") from error

    def close(self) -> None:
        """Close the file and keep it for a later run."""
        try:
            self._file.close()
        except OSError as error:  # of a full disk, for what could not be written before
            raise Error(f"{self.path}: cannot be written: {error.strerror or error}") from error

    def remove(self) -> None:
        """Delete the file, because the output is written."""
        self._file.close()
        self.path.unlink(missing_ok=True)

    def _open(self, kept: int) -> IO[str]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.touch()
        with self.path.open("r+b") as file:
            file.truncate(kept)
        return self.path.open("a", encoding="utf-8", newline="")

    def _read(self, key: str) -> int:
        """Read the lines of a journal with this key; returns the number of bytes to keep."""
        lines = self.path.read_bytes().splitlines(keepends=True)
        if not lines or _parse(lines[0]).get("key") != key:
            self.discarded = len(lines) > 1
            return 0
        size = len(lines[0])
        for line in lines[1:]:
            record = _parse(line)
            if "video" not in record:
                break
            found = detections_of(record, self._mode, self._classes)
            self.done[record["video"]] = record["features"], found
            if "offset" in record:
                self.offsets[record["video"]] = float(record["offset"])
            size += len(line)
        return size

    def _write(self, record: dict[str, Any]) -> None:
        self._file.write(json.dumps(record) + "\n")
        self._file.flush()


def record_of(
    video: str, fingerprint: str, found: Detections, offset: float = 0.0
) -> dict[str, Any]:
    """A finished video as plain values, which can be read back exactly."""
    return {
        "video": video,
        "features": fingerprint,
        "labels": found.labels.tolist(),
        "scores": found.scores.tolist(),
        "segments": found.segments.tolist(),
        "backend": found.backend,
        "snippet_seconds": found.snippet_seconds,
        "confidence": _listed(found.confidence),
        "suggested": _listed(found.suggested),
        **({"offset": offset} if offset else {}),
    }


def detections_of(record: dict[str, Any], mode: str, classes: tuple[str, ...]) -> Detections:
    """The detections of a record; mode and classes are those of the run."""
    return Detections(
        np.array(record["labels"], np.int64),
        np.array(record["scores"], np.float32),
        np.array(record["segments"], np.float64).reshape(-1, 2),
        mode,
        classes,
        backend=record.get("backend", "cpu"),
        snippet_seconds=record.get("snippet_seconds"),
        confidence=_array(record.get("confidence")),
        suggested=_array(record.get("suggested")),
    )


def _listed(values: Float64Array | None) -> list[float] | None:
    return None if values is None else values.tolist()


def _array(values: list[float] | None) -> Float64Array | None:
    return None if values is None else np.array(values, np.float64)


def _parse(line: bytes) -> dict[str, Any]:
    """The record of a complete line; empty for an incomplete one."""
    try:
        record = json.loads(line) if line.endswith(b"\n") else None
    except ValueError:
        record = None
    return record if isinstance(record, dict) else {}
