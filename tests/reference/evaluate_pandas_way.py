"""The same mAP the way the field computes it: data frames, one row at a time.

The rival in `bench/`: a frame per class, `iterrows` over detections, `get_group` to find
the video's ground truth, one NumPy call per row. Written for this project; it follows
the shape of that work, with the tie order of evaluate.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

COLUMNS = ["video", "label", "score", "start", "end"]


def as_frame(per_video: Iterable[tuple[str, list[dict[str, Any]]]]) -> pd.DataFrame:
    """One row per annotation or detection; an annotation's score is 1."""
    rows = [
        (video, item["label"], float(item.get("score", 1.0)), *map(float, item["segment"]))
        for video, items in per_video
        for item in items
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def tiou_with_many(segment: np.ndarray, others: np.ndarray) -> np.ndarray:
    """tIoU of a (2,) segment with (N, 2) others."""
    overlap = np.minimum(segment[1], others[:, 1]) - np.maximum(segment[0], others[:, 0])
    overlap = np.maximum(overlap, 0)
    union = (segment[1] - segment[0]) + (others[:, 1] - others[:, 0]) - overlap
    return overlap / union


def interpolated_ap(precision: np.ndarray, recall: np.ndarray) -> float:
    """Area under the precision envelope."""
    precision = np.concatenate([[0], precision, [0]])
    recall = np.concatenate([[0], recall, [1]])
    for i in range(len(precision) - 2, -1, -1):
        precision[i] = max(precision[i], precision[i + 1])
    steps = np.flatnonzero(recall[1:] != recall[:-1]) + 1
    return float(np.sum((recall[steps] - recall[steps - 1]) * precision[steps]))


def mark_hits(detections: pd.DataFrame, truths: pd.DataFrame, levels: np.ndarray) -> np.ndarray:
    """(levels, detections) bool; detections come by falling score."""
    taken = np.zeros((len(levels), len(truths)), dtype=bool)
    hit = np.zeros((len(levels), len(detections)), dtype=bool)
    by_video = truths.groupby("video")
    for place, (_, row) in enumerate(detections.iterrows()):
        try:
            group = by_video.get_group(row["video"])
        except KeyError:
            continue
        mine = group.index.to_numpy()
        overlap = tiou_with_many(
            row[["start", "end"]].to_numpy(dtype=float), group[["start", "end"]].to_numpy()
        )
        for level, least in enumerate(levels):
            for best in np.argsort(overlap, kind="stable")[::-1]:
                if overlap[best] < least:
                    break
                if not taken[level, mine[best]]:
                    taken[level, mine[best]] = hit[level, place] = True
                    break
    return hit


def class_ap(detections: pd.DataFrame, truths: pd.DataFrame, levels: np.ndarray) -> list[float]:
    """AP of one class at each tIoU level."""
    detections = detections.sort_values("score", ascending=False, kind="stable")
    hit = mark_hits(detections, truths.reset_index(drop=True), levels)
    found = np.cumsum(hit, axis=1).astype(float)
    rank = np.arange(1, len(detections) + 1)
    return [interpolated_ap(row / rank, row / len(truths)) for row in found]


def evaluate(
    ground_truth: dict[str, Any],
    predictions: dict[str, Any],
    *,
    subset: str,
    tiou_thresholds: list[float],
) -> dict[str, Any]:
    """Same arguments and answer as `reference.evaluate.evaluate`."""
    database = ground_truth["database"].items()
    truths = as_frame(
        (v, entry["annotations"]) for v, entry in database if entry["subset"] == subset
    )
    detections = as_frame(predictions["results"].items())
    unknown = set(detections["label"]) - set(truths["label"])
    if unknown:
        raise ValueError(f"labels {sorted(unknown)} are not in the ground truth")
    levels = np.asarray(tiou_thresholds, dtype=float)
    ap = {
        label: class_ap(detections[detections["label"] == label], mine, levels)
        for label, mine in truths.groupby("label", sort=False)
    }
    mean_ap = np.mean(list(ap.values()), axis=0)
    return {
        "tiou": list(tiou_thresholds),
        "mAP": mean_ap.tolist(),
        "average_mAP": float(mean_ap.mean()),
        "ap_per_class": ap,
    }
