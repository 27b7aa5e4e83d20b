"""The data of the page's script: a JSON heading, a block of arrays, a block for each video."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from basnet_rt.activation_files import Activations
from basnet_rt.evaluation.error_kinds import KINDS
from basnet_rt.report.corpus import Corpus, Video
from basnet_rt.report.judging import Judgement, Kinds
from basnet_rt.report.normalisation import on_threshold_scale
from basnet_rt.report.packing import pack, quantised
from basnet_rt.results import Int64Array
from basnet_rt.tables.predictions import PredictionTable

MOST_LANES_ALONE = 3  # activations shown for a video without detections and marked segments


@dataclass(frozen=True)
class Payload:
    """Attributes:
    heading: plain values.
    corpus: packed arrays of all detections and marked segments, video by video.
    activations: packed, by index of the video.
    """

    heading: dict[str, Any]
    corpus: str
    activations: dict[int, str]


def make_payload(corpus: Corpus, title: str, page: Path, level: float, everything: bool) -> Payload:
    """Everything except embedded media.

    Args:
        level: the tIoU threshold when the page opens.
        everything: whether it opens with all detections, not only events.
    """
    classes = _classes(corpus)
    ids = {name: i for i, name in enumerate(classes)}
    detections, det_ends = _detections(corpus, ids)
    truths, truth_ends = _truths(corpus, ids)
    lanes = _lanes(detections["det_label"], det_ends, truths["truth_label"], truth_ends)
    seen: dict[int, str] = {}
    videos = []
    for i, video in enumerate(corpus.videos):
        found = video.read_activations()
        if found is not None:
            seen[i] = _activations(found, corpus.provenance, lanes[i], ids)
        ends = (detections["det_end"], det_ends), (truths["truth_end"], truth_ends)
        videos.append(_video(video, found, max(_last(*one, i) for one in ends), page))
    heading = {
        "title": title,
        "everything": everything,
        "suggests": _has_confidence(corpus) and not np.array_equal(corpus.suggested, corpus.events),
        "confident": _has_confidence(corpus),
        "classes": classes,
        "videos": videos,
        "detectionEnds": det_ends,
        "truthEnds": truth_ends,
        **_settings(corpus.provenance),
        **_scores(corpus, level),
    }
    return Payload(heading, pack({**detections, **truths}), seen)


def _classes(corpus: Corpus) -> list[str]:
    judged = [] if corpus.judgement is None else list(corpus.judgement.truth.labels)
    known = [*corpus.table.labels, *judged, *corpus.provenance.get("classes", [])]
    return sorted(set(map(str, known)))


def _detections(corpus: Corpus, ids: Mapping[str, int]) -> tuple[dict[str, Any], list[int]]:
    """Arrays of N detections by video, and the end of each video's detections."""
    table = corpus.table
    order = np.argsort(table.video_ids, kind="stable")
    label_ids = np.array([ids[str(label)] for label in table.labels], np.uint16)
    arrays = {
        "det_start": table.segments[order, 0],
        "det_end": table.segments[order, 1],
        "det_score": table.scores[order].astype(np.float32),
        "det_label": label_ids[table.label_ids[order]],
        "det_event": corpus.events[order].astype(np.uint8),
        "det_suggested": corpus.suggested[order].astype(np.uint8),
    }
    if _has_confidence(corpus):
        arrays["det_confidence"] = corpus.confidence[order].astype(np.float32)
    if corpus.judgement is not None:
        for prefix, found in _judged(corpus.judgement):
            arrays[f"{prefix}_kind"] = found.kinds[:, order]
            arrays[f"{prefix}_percent"] = found.percents[:, order]
    return arrays, _ends(table.video_ids, len(corpus.videos))


def _truths(corpus: Corpus, ids: Mapping[str, int]) -> tuple[dict[str, Any], list[int]]:
    """The same for M marked segments; M is 0 without ground truth."""
    if corpus.judgement is None:
        none: dict[str, Any] = {"truth_start": np.zeros(0), "truth_end": np.zeros(0)}
        return none | {"truth_label": np.zeros(0, np.uint16)}, [0] * len(corpus.videos)
    truth, at = corpus.judgement.truth, {v.name: i for i, v in enumerate(corpus.videos)}
    videos = np.array([at[name] for name in truth.videos], np.int64)[truth.video_ids]
    order = np.argsort(videos, kind="stable")
    label_ids = np.array([ids[label] for label in truth.labels], np.uint16)
    places = _new_places(corpus.table)
    arrays = {
        "truth_start": truth.segments[order, 0],
        "truth_end": truth.segments[order, 1],
        "truth_label": label_ids[truth.label_ids[order]],
    }
    for prefix, found in _judged(corpus.judgement):
        arrays[f"{prefix}_taken"] = places[found.taken_by[:, order]]
    return arrays, _ends(videos, len(corpus.videos))


def _judged(judgement: Judgement) -> list[tuple[str, Kinds]]:
    """The prefixes of names in the page."""
    return [("det", judgement.every), ("event", judgement.events)]


def _new_places(table: PredictionTable) -> Any:
    """The index of each of the table's rows in the page's order; the last entry is for row -1."""
    order = np.argsort(table.video_ids, kind="stable")
    places = np.full(len(table) + 1, -1, np.int32)
    places[order] = np.arange(len(table))
    return places


def _has_confidence(corpus: Corpus) -> bool:
    """Whether every detection has a confidence; otherwise they cannot be compared."""
    return len(corpus.confidence) > 0 and not bool(np.isnan(corpus.confidence).any())


def _ends(video_ids: Int64Array, count: int) -> list[int]:
    return list(np.cumsum(np.bincount(video_ids, minlength=count)).tolist())


def _rows(ends: list[int], i: int) -> slice:
    return slice(ends[i - 1] if i else 0, ends[i])


def _last(times: Any, ends: list[int], i: int) -> float:
    return float(times[_rows(ends, i)].max(initial=0.0))


def _lanes(
    labels: Any, ends: list[int], truth_labels: Any, truth_ends: list[int]
) -> list[set[int]]:
    """Per video, the classes with detections or marked segments."""
    count = range(len(ends))
    return [
        {*labels[_rows(ends, i)].tolist(), *truth_labels[_rows(truth_ends, i)].tolist()}
        for i in count
    ]


def _video(video: Video, found: Activations | None, last: float, page: Path) -> dict[str, Any]:
    sampled = 0.0 if found is None else len(found.activations) * found.snippet_seconds
    media = video.media
    source: dict[str, Any] = {}
    if media is not None:
        source = {"type": media.type, "name": Path(media.source).name}
        source |= {} if media.embed else {"url": media.reference(page)}
        source |= {"offset": media.offset} if media.offset else {}
    return {
        "name": video.name,
        "duration": video.duration or sampled or last or 1.0,
        "guessed": not video.duration and not sampled,
        "media": source or None,
        "activations": found is not None,
    }


def _activations(
    found: Activations, provenance: Mapping[str, Any], lanes: set[int], ids: Mapping[str, int]
) -> str:
    """(L, T) of the classes with a lane; if there is none, of the strongest classes."""
    values = on_threshold_scale(found, provenance.get("postprocess", {}))
    columns = [i for i, name in enumerate(found.classes) if ids.get(name) in lanes]
    if not columns:
        columns = np.argsort(-values.max(axis=0))[:MOST_LANES_ALONE].tolist()
    ranges, rows = [], []
    for column in columns:
        steps, low, high = quantised(values[:, column])
        rows.append(steps)
        ranges.append((low, high))
    foreground, low, high = quantised(found.foreground)
    return pack(
        {
            "rows": np.stack(rows),
            "ranges": np.array(ranges),
            "labels": np.array([ids.get(found.classes[c], 65535) for c in columns], np.uint16),
            "foreground": foreground,
            "foreground_range": np.array([low, high]),
            "snippet_seconds": np.array([found.snippet_seconds]),
        }
    )


def _settings(provenance: Mapping[str, Any]) -> dict[str, Any]:
    """The provenance that the results state."""
    settings = provenance.get("postprocess", {})
    mode = str(provenance.get("mode", "unknown"))
    return {
        "mode": mode,
        "model": str(provenance.get("model", "")),
        "simulated": bool(provenance.get("simulated", False)),
        "thresholds": [float(level) for level in settings.get("cas_thresholds", [])],
        # A snippet's time is its start in mode "published", and its centre in "continuous".
        "snippetPoint": 0.0 if mode == "published" else 0.5,
    }


def _scores(corpus: Corpus, level: float) -> dict[str, Any]:
    """Average precision, in [0, 1]; nothing without ground truth."""
    if corpus.judgement is None:
        return {"kinds": [], "levels": [], "level": 0, "ap": {}, "map": [], "averageMap": None}
    report = corpus.judgement.report
    levels = report.tiou_thresholds.tolist()
    nearest = min(range(len(levels)), key=lambda i: abs(levels[i] - level))
    return {
        "kinds": list(KINDS),
        "levels": levels,
        "level": nearest,
        "ap": {label: _plain(row) for label, row in zip(report.labels, report.ap, strict=True)},
        "map": _plain(report.map),
        "averageMap": float(report.average_map),
    }


def _plain(values: Any) -> list[float | None]:
    return [float(value) if math.isfinite(value) else None for value in values]


def embedded_media(corpus: Corpus) -> Iterator[tuple[int, Path]]:
    """Index and file of every video to embed."""
    for i, video in enumerate(corpus.videos):
        if video.media is not None and video.media.embed:
            yield i, Path(video.media.source)
