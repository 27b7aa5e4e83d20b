"""ActivityNet-style mean average precision, plain loops.

Where section 8 can be read in two ways:

- A detection in a video outside the subset can match nothing: a false positive, as in
  the evaluator of the ActivityNet challenge.
- Equal tIoU with two free ground truths: the later one in the file is taken. Golden needs
  it: with the earlier one, PoleVault of `thumos14_detections_b` at tIoU 0.1 is off by 5e-3.
- Equal scores keep the order of the file: videos as listed, detections as listed.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Found(NamedTuple):
    """One detection or ground truth of one class; times in seconds."""

    video: str
    score: float
    start: float
    end: float


def tiou(a: Found, b: Found) -> float:
    """Intersection over union in time; 0 where both have no length."""
    overlap = max(0.0, min(a.end, b.end) - max(a.start, b.start))
    union = (a.end - a.start) + (b.end - b.start) - overlap
    return overlap / union if union > 0 else 0.0


def truths_of(database: dict[str, Any], subset: str) -> dict[str, list[Found]]:
    """Ground truth by label, labels in order of first appearance. Times may be strings."""
    truths: dict[str, list[Found]] = {}
    for video, entry in database.items():
        if entry["subset"] != subset:
            continue
        for annotation in entry["annotations"]:
            start, end = (float(t) for t in annotation["segment"])
            truths.setdefault(annotation["label"], []).append(Found(video, 1.0, start, end))
    return truths


def detections_of(results: dict[str, Any], labels: set[str]) -> dict[str, list[Found]]:
    """Detections by label in file order; a label that no ground truth has is a ValueError."""
    found: dict[str, list[Found]] = {label: [] for label in labels}
    for video, detections in results.items():
        for detection in detections:
            if detection["label"] not in labels:
                raise ValueError(f"label {detection['label']!r} is not in the ground truth")
            start, end = (float(t) for t in detection["segment"])
            found[detection["label"]].append(Found(video, float(detection["score"]), start, end))
    return found


def best_free(detection: Found, truths: list[Found], taken: set[int], least: float) -> int | None:
    """The free ground truth of the same video with the highest tIoU of at least `least`.

    `truths` are all of one class, in file order; of equal ones the last.
    """
    best, best_tiou = None, least
    for i, truth in enumerate(truths):
        if truth.video != detection.video or i in taken:
            continue
        overlap = tiou(detection, truth)
        if overlap >= best_tiou:
            best, best_tiou = i, overlap
    return best


def hits(detections: list[Found], truths: list[Found], least: float) -> list[bool]:
    """For each detection by falling score: does it find a ground truth nobody found before?"""
    taken: set[int] = set()
    answers = []
    for detection in sorted(detections, key=lambda d: -d.score):
        match = best_free(detection, truths, taken, least)
        answers.append(match is not None)
        if match is not None:
            taken.add(match)
    return answers


def average_precision(answers: list[bool], num_truths: int) -> float:
    """Area under precision over recall, precision made falling from the right."""
    precision, found = [], 0
    for rank, hit in enumerate(answers, start=1):
        found += hit
        precision.append(found / rank)
    area, best = 0.0, 0.0
    for rank in range(len(answers) - 1, -1, -1):
        best = max(best, precision[rank])
        if answers[rank]:
            area += best / num_truths
    return area


def evaluate(
    ground_truth: dict[str, Any],
    predictions: dict[str, Any],
    *,
    subset: str,
    tiou_thresholds: list[float],
) -> dict[str, Any]:
    """mAP of an ActivityNet results file.

    Returns `tiou`, `mAP` per tIoU, `average_mAP`, and `ap_per_class` (label to AP per tIoU)
    for the labels that the subset's ground truth has.
    """
    truths = truths_of(ground_truth["database"], subset)
    detections = detections_of(predictions["results"], set(truths))
    ap = {}
    for label, mine in truths.items():
        answers_at = [hits(detections[label], mine, least) for least in tiou_thresholds]
        ap[label] = [average_precision(answers, len(mine)) for answers in answers_at]
    mean_ap = [sum(column) / len(ap) for column in zip(*ap.values(), strict=True)]
    return {
        "tiou": list(tiou_thresholds),
        "mAP": mean_ap,
        "average_mAP": sum(mean_ap) / len(mean_ap),
        "ap_per_class": ap,
    }
