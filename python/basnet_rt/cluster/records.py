"""Results of localization as objects, one for each video; a restart continues from them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from basnet_rt._errors import InvalidValue
from basnet_rt.activation_files import file_name_of
from basnet_rt.cluster.place import Place
from basnet_rt.formats.result_files import ResultFile
from basnet_rt.localize.journal import detections_of, record_of
from basnet_rt.results import Detections

FORMAT = "basnet_rt.record"
FORMAT_VERSION = 1
HEAD = "run.json"
READERS = 16  # objects read at a time, because each request of an object store has a delay


class RecordPlace:
    """`run.json`, and `<video>.record.json` for every finished video.

    A worker writes its record completely or not at all. The record has the run's key; a video whose
    record is of another model or other settings is done again.

    Attributes:
        key: from `localize.many.run_key`.
    """

    def __init__(self, address: str, key: str, mode: str, classes: Sequence[str]) -> None:
        self.place, self.key = Place(address), key
        self.mode, self.classes = mode, tuple(classes)

    def begin(self, provenance: dict[str, Any]) -> None:
        """Write the file that describes the run of the records.

        Raises:
            Error: the place cannot be written to.
        """
        head = {"format": FORMAT, "format_version": FORMAT_VERSION, "key": self.key}
        head |= {"mode": self.mode, "classes": list(self.classes), "provenance": provenance}
        self.place.write(HEAD, json.dumps(head).encode())

    def add(self, video: str, fingerprint: str, found: Detections, offset: float) -> None:
        """
        Raises:
            Error: the record cannot be written.
        """
        record = {"key": self.key, **record_of(video, fingerprint, found, offset)}
        self.place.write(_object_of(video), json.dumps(record).encode())

    def finished(self, videos: Iterable[str]) -> dict[str, tuple[str, Detections, float]]:
        """The records of this run for these videos: fingerprint, detections and offset."""
        there = set(self.place.names())
        wanted = [video for video in videos if _object_of(video) in there]
        with ThreadPoolExecutor(READERS) as threads:
            found = dict(zip(wanted, threads.map(self._read, wanted), strict=True))
        return {video: one for video, one in found.items() if one is not None}

    def remove(self, videos: Iterable[str]) -> None:
        """Delete the records of these videos, and the run's."""
        for video in videos:
            self.place.remove(_object_of(video))
        self.place.remove(HEAD)

    def remove_all(self) -> None:
        """Delete every record, of any run."""
        for name in self.place.names():
            if name.endswith(_ENDING):
                self.place.remove(name)

    def _read(self, video: str) -> tuple[str, Detections, float] | None:
        record = _parsed(self.place.read(_object_of(video)))
        if record.get("key") != self.key or record.get("video") != video:
            return None
        found = detections_of(record, self.mode, self.classes)
        return record["features"], found, float(record.get("offset", 0.0))


def read_records(address: str) -> ResultFile:
    """Every record of a place, by name of the video.

    Raises:
        ValueError: there are no records; names the place.
        Error: the place cannot be read.
    """
    place = Place(address)
    head = _parsed(place.read(HEAD))
    if head.get("format") != FORMAT:
        raise InvalidValue(f"{place}: no {HEAD} of localized videos; expected a place of --records")
    records = RecordPlace(address, head["key"], head["mode"], head["classes"])
    objects = [name for name in place.names() if name.endswith(_ENDING)]
    with ThreadPoolExecutor(READERS) as threads:
        videos = [_parsed(one).get("video") for one in threads.map(place.read, objects)]
    found = records.finished(sorted(video for video in videos if video is not None))
    return ResultFile({video: one[1] for video, one in found.items()}, head["provenance"])


_ENDING = ".record.json"


def _object_of(video: str) -> str:
    return f"{file_name_of(video)}{_ENDING}"


def _parsed(content: bytes | None) -> dict[str, Any]:
    try:
        record = json.loads(content or b"null")
    except ValueError:
        record = None
    return record if isinstance(record, dict) else {}
