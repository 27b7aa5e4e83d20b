"""Detections of many videos in one file: ActivityNet's JSON, or CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from basnet_rt._core import __version__
from basnet_rt._errors import InvalidValue
from basnet_rt._json_file import read_json
from basnet_rt._prediction_table import PredictionTable, prediction_table
from basnet_rt._whole_file import write_whole
from basnet_rt.config import PostprocessConfig
from basnet_rt.model import Model
from basnet_rt.results import Detections

CSV_COLUMNS = ("video", "label", "score", "start", "end", "mode", "source")
UNKNOWN_MODE = "unknown"  # of files that other programs wrote


@dataclass(frozen=True, eq=False)
class ResultFile:
    """What a result file holds.

    Attributes:
        detections: by video, in the order of the file. A CSV has no videos without detections.
        provenance: as from `provenance_of`; empty in files that other programs wrote.
    """

    detections: dict[str, Detections]
    provenance: dict[str, Any] = field(default_factory=dict)

    @property
    def simulated(self) -> bool:
        return bool(self.provenance.get("simulated", False))


def provenance_of(model: Model, config: PostprocessConfig) -> dict[str, Any]:
    """What results say about where they come from; plain values."""
    return {
        "mode": config.mode,
        "simulated": model.simulated,
        "model": model.name,
        "classes": list(model.classes),
        "feature_extractor": model.metadata.feature_extractor,
        "postprocess": config.to_dict(),
        "bundle": dict(model.metadata.provenance),
    }


def write_results(
    path: str | Path,
    detections: Mapping[str, Detections],
    provenance: Mapping[str, Any] | None = None,
) -> None:
    """Write a `.json` or `.csv` file, whole or not at all.

    The JSON is what the evaluator of the ActivityNet challenge reads, with our `provenance` under
    "basnet_rt". Numbers read back exactly.

    Raises:
        ValueError: another ending, or the videos were not all made in one mode.
        Error: the file cannot be written.
    """
    writers = {".json": _json_pieces, ".csv": _csv_pieces}
    suffix = Path(path).suffix
    if suffix not in writers:
        raise InvalidValue(f"{path}: results are written as .json or .csv")
    modes = sorted({found.mode for found in detections.values()})
    if len(modes) > 1:
        raise InvalidValue(f"results of the modes {modes} do not belong in one file")
    notes = {**({"mode": modes[0]} if modes else {}), **(provenance or {})}
    write_whole(path, writers[suffix](detections, notes))


def read_results(path: str | Path) -> ResultFile:
    """Read a file of `write_results`, or an ActivityNet results file of another program.

    Times and scores are not judged.

    Raises:
        ValueError: absent, another ending, or another form; names video and entry, or the line.
    """
    readers = {".json": _read_json_results, ".csv": _read_csv_results}
    path = Path(path)
    if path.suffix not in readers:
        raise InvalidValue(f"{path}: expected results as .json or .csv")
    return readers[path.suffix](path)


def _json_pieces(
    detections: Mapping[str, Detections], provenance: Mapping[str, Any]
) -> Iterator[str]:
    """One video a line."""
    extractor = provenance.get("feature_extractor", "unknown")
    head = {
        "version": f"basnet_rt {__version__}",
        "external_data": {"used": True, "details": f"features: {extractor}"},
        "basnet_rt": {"version": __version__, **provenance},
    }
    yield json.dumps(head, allow_nan=False)[:-1] + ', "results": {'
    separator = "\n"
    for video, found in detections.items():
        yield f"{separator}{json.dumps(video)}: {json.dumps(found.to_records(), allow_nan=False)}"
        separator = ",\n"
    yield "\n}}\n"


def _csv_pieces(
    detections: Mapping[str, Detections], provenance: Mapping[str, Any]
) -> Iterator[str]:
    source = str(provenance.get("model", ""))
    if provenance.get("simulated"):
        source = f"{source} (simulated)".strip()
    yield ",".join(CSV_COLUMNS) + "\n"
    for video, found in detections.items():
        text = io.StringIO()
        rows = csv.writer(text, lineterminator="\n")
        for one in found:
            label = one.label if one.name is None else one.name
            rows.writerow([video, label, one.score, one.start, one.end, found.mode, source])
        yield text.getvalue()


def _read_json_results(path: Path) -> ResultFile:
    content = read_json(path)
    if not isinstance(content, dict) or not isinstance(content.get("results"), dict):
        raise InvalidValue(f'{path}: expected an object with "results"')
    provenance = content.get("basnet_rt", {})
    if not isinstance(provenance, dict):
        raise InvalidValue(f'{path}: expected an object under "basnet_rt"')
    try:
        table = prediction_table(content)
    except InvalidValue as error:
        raise InvalidValue(f"{path}: {error}") from error
    return ResultFile(_by_video(table, provenance), provenance)


def _read_csv_results(path: Path) -> ResultFile:
    videos: dict[str, list[dict[str, Any]]] = {}
    modes, sources = set(), set()
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            for row in rows:
                videos.setdefault(row["video"], []).append(_record(path, rows.line_num, row))
                modes.add(row.get("mode") or UNKNOWN_MODE)
                sources.add(row.get("source") or "")
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidValue(f"{path}: cannot be read: {error}") from error
    except KeyError as error:
        raise InvalidValue(f"{path}: the column {error} is absent") from error
    provenance = {
        "mode": ", ".join(sorted(modes)),
        "model": ", ".join(sorted(sources)),
        "simulated": any(source.endswith("(simulated)") for source in sources),
    }
    return ResultFile(_by_video(prediction_table(videos), provenance), provenance)


def _record(path: Path, line: int, row: dict[str, Any]) -> dict[str, Any]:
    try:
        segment = [float(row["start"]), float(row["end"])]
        return {"label": row["label"], "score": float(row["score"]), "segment": segment}
    except (TypeError, ValueError) as error:
        raise InvalidValue(f"{path}, line {line}: {error}") from error


def _by_video(table: PredictionTable, provenance: Mapping[str, Any]) -> dict[str, Detections]:
    known = provenance.get("classes", [])
    classes = tuple(dict.fromkeys([*known, *sorted(map(str, table.labels))]))
    ids = {name: i for i, name in enumerate(classes)}
    labels = np.array([ids[str(label)] for label in table.labels], np.int64)[table.label_ids]
    counts = np.bincount(table.video_ids, minlength=len(table.videos))
    ends = np.cumsum(counts).tolist()
    rows = [slice(end - count, end) for end, count in zip(ends, counts.tolist(), strict=True)]
    mode = str(provenance.get("mode", UNKNOWN_MODE))
    scores = table.scores.astype(np.float32)
    return {
        video: Detections(labels[r], scores[r], table.segments[r], mode, classes)
        for video, r in zip(table.videos, rows, strict=True)
    }
