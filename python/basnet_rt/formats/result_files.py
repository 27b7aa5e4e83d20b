"""Detections of many videos in a file: ActivityNet's JSON, CSV, and the other `formats`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from basnet_rt._errors import InvalidValue
from basnet_rt._system.arguments import as_path
from basnet_rt._system.json_file import read_json
from basnet_rt._system.shown import shown
from basnet_rt.formats.bridges import seconds_of, suggested_of
from basnet_rt.formats.marks import LARGEST_SCORE, checked_confidence, number
from basnet_rt.results import UNKNOWN_MODE, Detections, Float64Array
from basnet_rt.tables.predictions import PredictionTable, prediction_table


@dataclass(frozen=True, eq=False)
class ResultFile:
    """The content of a result file.

    Attributes:
        detections: by video, in the order of the file. A CSV has no videos without detections.
        provenance: as from `localize.provenance_of`; empty in files of other programs.
    """

    detections: dict[str, Detections]
    provenance: dict[str, Any] = field(default_factory=dict)

    @property
    def simulated(self) -> bool:
        return bool(self.provenance.get("simulated", False))


def write_results(
    path: str | Path,
    detections: Mapping[str, Detections],
    provenance: Mapping[str, Any] | None = None,
    *,
    format: str | None = None,  # noqa: A002
    fps: object = None,
) -> None:
    """Write one file, completely or not at all.

    The evaluator of the ActivityNet challenge can read `.json`, which also has our `provenance`
    under "basnet_rt", the confidence of each detection and the lowest one that the model suggests.
    `.csv` has a row for each detection. In both, numbers can be read back exactly. docs/formats.md
    describes the other formats and their limits.

    Args:
        path: a file; a folder for a format with one file for each video.
        detections: by video.
        provenance: as from `localize.provenance_of`.
        format: its name in `formats.FORMATS`; None: by the ending, `.json` is "activitynet".
        fps: frames a second of the videos, if the format counts frames; 25, "29.97df" ...

    Raises:
        ValueError: the ending or format is unknown, a needed `fps` is missing, or the detections
            have different modes.
        Error: the file cannot be written.
    """
    from basnet_rt.formats import from_results, write_marks

    path = as_path(path, "path")
    chosen = "activitynet" if format is None and path.suffix.lower() == ".json" else format
    write_marks(path, from_results(detections, provenance), format=chosen, fps=fps)


def read_results(
    path: str | Path,
    *,
    format: str | None = None,  # noqa: A002
    fps: object = None,
) -> ResultFile:
    """Read a file of `write_results`, or results of another program in one of the formats.

    Raises:
        ValueError: the file is absent, has an unknown ending or another form, a segment has no
            score or ends before it begins, or a number is not finite; names video and entry, or
            the line.
    """
    path = as_path(path, "path")
    if path.suffix.lower() == ".json" and format in (None, "activitynet"):
        return _read_json_results(path)
    from basnet_rt.formats import read_marks, to_results

    marked = read_marks(path, format=format, fps=fps)
    try:
        return ResultFile(to_results(marked), marked.provenance)
    except InvalidValue as error:
        raise InvalidValue(f"{path}: {error}") from error


def _read_json_results(path: Path) -> ResultFile:
    content = read_json(path)
    if not isinstance(content, dict) or not isinstance(content.get("results"), dict):
        raise InvalidValue(f'{path}: expected an object with "results"')
    provenance = content.get("basnet_rt", {})
    if not isinstance(provenance, dict):
        raise InvalidValue(f'{path}: expected an object under "basnet_rt"')
    known = provenance.get("classes", [])
    if not isinstance(known, list) or not all(isinstance(name, str) for name in known):
        raise InvalidValue(f'{path}: expected a list of names under "basnet_rt", "classes"')
    try:
        table = prediction_table(content)
        check_numbers(table)
        sure = {video: _confidence(video, one) for video, one in content["results"].items()}
    except InvalidValue as error:
        raise InvalidValue(f"{path}: {error}") from error
    return ResultFile(_by_video(table, known, provenance, sure), provenance)


def check_numbers(table: PredictionTable) -> None:
    """Refuse what `checked_mark` refuses in a mark of results.

    Raises:
        ValueError: a number is not finite, a score does not fit float32, or a segment ends before
            it begins; names video and detection.
    """
    starts, ends = table.segments[:, 0], table.segments[:, 1]
    good = (np.abs(table.scores) <= LARGEST_SCORE) & (ends >= starts)  # both false for NaN
    good &= np.isfinite(table.segments).all(axis=1)
    if good.all():
        return
    row = int(np.argmin(good))
    where = table.place(row)
    number(where, "score", score := float(table.scores[row]))
    begins, stops = (number(where, "a time", float(one)) for one in table.segments[row])
    if stops < begins:
        raise InvalidValue(f"{where}: the segment [{begins}, {stops}] ends before it begins")
    raise InvalidValue(
        f"{where}: score is {score:g}; it must be from {-LARGEST_SCORE:.4g} to {LARGEST_SCORE:.4g}"
    )


def _confidence(video: str, records: list[Any]) -> Float64Array | None:
    """(N,) in [0, 1]; None if a record has none."""
    values = [record.get("confidence") for record in records]
    if not values or None in values:
        return None
    where = f"video {shown(video)}, detection"
    found = [checked_confidence(f"{where} {i}", value) for i, value in enumerate(values)]
    return np.array(found, np.float64)


def _by_video(
    table: PredictionTable,
    known: list[str],
    provenance: Mapping[str, Any],
    sure: Mapping[str, Float64Array | None],
) -> dict[str, Detections]:
    classes = tuple(dict.fromkeys([*known, *sorted(map(str, table.labels))]))
    ids = {name: i for i, name in enumerate(classes)}
    labels = np.array([ids[str(label)] for label in table.labels], np.int64)[table.label_ids]
    counts = np.bincount(table.video_ids, minlength=len(table.videos))
    ends = np.cumsum(counts).tolist()
    rows = [slice(end - count, end) for end, count in zip(ends, counts.tolist(), strict=True)]
    mode = str(provenance.get("mode", UNKNOWN_MODE))
    scores = table.scores.astype(np.float32)
    about: dict[str, Any] = {
        "classes": classes,
        "suggested": suggested_of(provenance, classes),
        "snippet_seconds": seconds_of(provenance),
    }
    return {
        video: Detections(
            labels[r], scores[r], table.segments[r], mode, confidence=sure[video], **about
        )
        for video, r in zip(table.videos, rows, strict=True)
    }
