"""What keeps precision down on shrec21_gestures: the wrong class, or the wrong place.

    python -m bench.accuracy.one_command --inputs shrec21_gestures
    python -m bench.accuracy.boundaries

It looks at the held-out parts of the training recordings, which every run of `one_command` leaves:
each recording is localized by a network that has not learned from it. The first table removes the
detections of classes that a recording does not have; what that gains is what wrong classes cost.
The second compares the best detection of each gesture's class with the gesture. The tables go into
docs/results.md.
"""

from __future__ import annotations

import argparse
import statistics
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from basnet_rt import Detections, evaluate
from basnet_rt.annotations import Segment, read_annotations
from basnet_training.config import load_config
from basnet_training.run.folds import read_folds
from bench.accuracy.one_command import INPUTS, TIOU, key_of
from bench.tables import DOCS, RUNS, machine, markdown_table, publish, spread

NAME = "shrec21_gestures"
Found = dict[str, Detections]


@dataclass(frozen=True)
class Hit:
    """A gesture, and the best detection of its class in the recording, in seconds."""

    length: float
    start: float  # of the detection after the gesture's
    end: float
    iou: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, default=RUNS / "one_command")
    parser.add_argument("--seeds", type=int, default=9)
    options = parser.parse_args()
    truth = read_annotations(INPUTS[NAME].truth).subset("train").videos
    segments = {name: one.segments for name, one in truth.items()}
    whole, known = [], []
    hits: dict[str, list[Hit]] = defaultdict(list)
    for seed in range(options.seeds):
        found = held_out(options.work / key_of(NAME, seed))
        whole.append(average_precision(found))
        known.append(average_precision(with_tags_known(found, segments)))
        for label, hit in best_of_each(found, segments):
            hits[label].append(hit)
    publish(DOCS / "results.md", "boundaries", page(whole, known, hits))


def held_out(run: Path) -> Found:
    """Detections of all training recordings, each by the network that was trained without it."""
    config = load_config(run / "settings.yaml")
    return read_folds(sorted((run / "folds").iterdir()), config).detections


def average_precision(found: Found) -> float:
    report = evaluate(INPUTS[NAME].truth, found, subset="train", tiou_thresholds=TIOU)
    return 100 * report.average_map


def with_tags_known(found: Found, segments: Mapping[str, tuple[Segment, ...]]) -> Found:
    """Without the detections of classes that a recording does not have."""
    kept = {}
    for name, one in found.items():
        tags = {segment.label for segment in segments[name]}
        kept[name] = one[np.array([one.classes[at] in tags for at in one.labels], bool)]
    return kept


def best_of_each(
    found: Found, segments: Mapping[str, tuple[Segment, ...]]
) -> list[tuple[str, Hit]]:
    """For each gesture whose class has a detection in its recording."""
    hits = []
    for name, one in found.items():
        for truth in segments[name]:
            of_class = np.flatnonzero(one.labels == one.classes.index(truth.label))
            if len(of_class) == 0:
                continue
            start, end = one.segments[of_class[np.argmax(one.scores[of_class])]]
            both = max(0.0, min(end, truth.end) - max(start, truth.start))
            either = (end - start) + (truth.end - truth.start) - both
            hit = Hit(truth.end - truth.start, start - truth.start, end - truth.end, both / either)
            hits.append((truth.label, hit))
    return hits


def page(whole: list[float], known: list[float], hits: Mapping[str, list[Hit]]) -> str:
    gains = [b - a for a, b in zip(whole, known, strict=True)]
    precision = [
        ["all", spread(whole)],
        ["of the classes that a recording has", spread(known)],
        ["gain, paired", spread(gains)],
    ]
    gestures = sorted(hits, key=lambda label: median_of(hits[label], "length"))
    head = ["gesture", "length, s", "start, s", "end, s", "tIoU of 0.1 or more", "0.5 or more"]
    note = (
        "Average mAP@0.1:0.7 in percent on the 108 training recordings, each localized by a "
        f"network that has not learned from it, {len(whole)} seeds: median (least to most)."
    )
    explained = (
        "The best detection of each gesture's class, against the gesture: medians of its length, "
        "and of how much later the detection starts and ends; the share of gestures with at least "
        "that tIoU."
    )
    first = markdown_table(["detections", "average mAP"], precision)
    second = markdown_table(head, [row_of(label, hits[label]) for label in gestures])
    return f"{note} {machine()}\n\n{first}\n\n{explained}\n\n{second}"


def row_of(label: str, hits: list[Hit]) -> list[str]:
    ious = np.array([one.iou for one in hits])
    return [
        label,
        f"{median_of(hits, 'length'):.2f}",
        *(f"{median_of(hits, edge):+.2f}" for edge in ("start", "end")),
        *(f"{np.mean(ious >= least):.0%}" for least in (0.1, 0.5)),
    ]


def median_of(hits: list[Hit], field: str) -> float:
    return statistics.median(getattr(one, field) for one in hits)


if __name__ == "__main__":
    main()
