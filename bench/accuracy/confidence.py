"""Checks on test videos that confidence has the meaning in docs/scores.md, with existing runs.

    python -m bench.accuracy.confidence --work runs/one_command

Reads the files of `bench.accuracy.one_command` for each seed: `model.pt`, and `results.json` with
the test videos. Nothing is trained, and nothing in that folder is changed. The
tables go into docs/results.md, the diagram into docs/images/reliability.png.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from basnet_rt import evaluate
from basnet_rt.annotations import AnnotationSet, read_annotations
from basnet_rt.formats.result_files import read_results
from basnet_rt.model import read_metadata
from basnet_rt.model.confidence import Confidence
from basnet_rt.results import Detections
from bench.accuracy.one_command import INPUTS, key_of, title_of
from bench.accuracy.reliability import Bin, draw, reliability
from bench.tables import DOCS, RUNS, markdown_table, publish, spread

BINS = 5  # of equal width: the 28 test videos of cctv_fights fill no more
TIOU = 0.5
PREDICTIONS = ("events at the suggested threshold", "all detections")

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Statements:
    """One for each video and class: "the video has this tag, with this confidence".

    Attributes:
        confidence: (N,) in [0, 1], of the best detection of the class in the video.
        present: (N,) whether the video is tagged with the class.
        base: (N,) share of training videos with the class: what is known without looking.
    """

    confidence: Floats
    present: Bools
    base: Floats


@dataclass(frozen=True)
class Found:
    """The number of segments in a set of predictions, and their quality as shares."""

    count: int
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True)
class Judged:
    """One run; `found` in the order of PREDICTIONS."""

    brier: float
    base_brier: float
    bins: Sequence[Bin | None]
    found: Sequence[Found]


def main() -> None:
    options = parse()
    judged: dict[str, list[Judged]] = {}
    for name, one in INPUTS.items():
        folders = finished(options.work, name)
        if folders:
            truth = read_annotations(one.truth)
            judged[title_of(name)] = [judge(folder, truth) for folder in folders]
    if not judged:
        raise SystemExit(
            f"{options.work}: no finished run; `python -m bench.accuracy.one_command --work "
            f"{options.work}` makes them"
        )
    publish(DOCS / "results.md", "confidence", text_of(judged))
    draw({name: [one.bins for one in runs] for name, runs in judged.items()})


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--work", type=Path, default=RUNS / "one_command", help="that of bench.accuracy.one_command"
    )
    return parser.parse_args()


def finished(work: Path, name: str) -> list[Path]:
    """The folders of all seeds of an input that have a bundle and results, sorted."""
    folders = sorted(work.glob(key_of(name, "[0-9]*")))
    return [
        one for one in folders if all((one / f).is_file() for f in ("model.pt", "results.json"))
    ]


def judge(folder: Path, truth: AnnotationSet) -> Judged:
    results = read_results(folder / "results.json")
    fields = read_metadata(folder / "model.pt")
    curves = Confidence.from_dict(fields.confidence, fields.num_classes).curves
    least = {
        name: curve.confidence[0]
        for name, curve in zip(
            fields.classes, curves[results.provenance["postprocess"]["gate"]], strict=True
        )
    }
    said = statements(results.detections, truth, least)
    events = {name: one.events() for name, one in results.detections.items()}
    return Judged(
        brier(said.confidence, said.present),
        brier(said.base, said.present),
        reliability(said.confidence, said.present, BINS),
        [segments_found(one, truth) for one in (events, results.detections)],
    )


def statements(
    detections: Mapping[str, Detections], truth: AnnotationSet, least: Mapping[str, float]
) -> Statements:
    """Of all test videos and classes.

    least: by class, the confidence of the lowest score, which the fit gives to no detection.
    """
    train = truth.subset("train").videos.values()
    rows = []
    for name, video in truth.subset("test").videos.items():
        for label, lowest in least.items():
            sure = [one.confidence for one in detections[name] if one.name == label]
            base = np.mean([label in one.tags for one in train])
            rows.append((max(sure, default=lowest), label in video.tags, base))
    confidence, present, base = map(np.array, zip(*rows, strict=True))
    return Statements(confidence, present, base)


def brier(confidence: Floats, present: Bools) -> float:
    """Mean square of confidence less truth: 0 is best, and 0.25 is what 0.5 for all gives.

    Source: Brier, "Verification of forecasts expressed in terms of probability" (1950).
    """
    return float(np.mean((confidence - present) ** 2))


def segments_found(detections: Mapping[str, Detections], truth: AnnotationSet) -> Found:
    """Those of the test videos, matched as the evaluator matches them."""
    report = evaluate(truth, detections, subset="test", tiou_thresholds=[TIOU])
    correct = report.errors(tiou_threshold=TIOU).counts["correct"]
    return shares_found(correct, report.num_detections, report.num_truths)


def shares_found(correct: int, found: int, marked: int) -> Found:
    """Precision without segments is 1, because nothing is wrong."""
    precision = correct / found if found else 1.0
    return Found(found, precision, correct / marked, 2 * correct / (found + marked))


def text_of(judged: Mapping[str, Sequence[Judged]]) -> str:
    seeds = ", ".join(f"{len(runs)} of {name}" for name, runs in judged.items())
    parts = [
        f"Medians (least to most) of seeds: {seeds}.",
        brier_table(judged),
        "Reliability; a bin's seeds are those in which it holds any video:",
        reliability_table(judged),
        f"Segments at tIoU {TIOU:g}, shares in percent:",
        found_table(judged),
    ]
    return "\n\n".join(parts)


def brier_table(judged: Mapping[str, Sequence[Judged]]) -> str:
    head = ["features", "Brier score", "of the base rate", "better than the base rate"]
    rows = []
    for name, runs in judged.items():
        better = sum(one.brier < one.base_brier for one in runs)
        scores = [spread([one.brier for one in runs], 3), f"{runs[0].base_brier:.3f}"]
        rows.append([name, *scores, f"{better} of {len(runs)} seeds"])
    return markdown_table(head, rows)


def reliability_table(judged: Mapping[str, Sequence[Judged]]) -> str:
    head = ["confidence", "seeds", "videos", "mean confidence", "share with the tag"]
    rows = []
    for name, runs in judged.items():
        for place in range(BINS):
            there = [one.bins[place] for one in runs]
            bins = [one for one in there if one is not None]
            bounds = f"{name}, {place / BINS:g} to {(place + 1) / BINS:g}"
            cells = ["", "", ""]
            if bins:
                cells = [
                    spread([one.count for one in bins], 0),
                    spread([one.confidence for one in bins], 2),
                    spread([one.present for one in bins], 2),
                ]
            rows.append([bounds, str(len(bins)), *cells])
    return markdown_table(head, rows)


def found_table(judged: Mapping[str, Sequence[Judged]]) -> str:
    head = ["predictions", "segments", "precision", "recall", "F1"]
    rows = []
    for name, runs in judged.items():
        for place, predictions in enumerate(PREDICTIONS):
            found = [one.found[place] for one in runs]
            shares = [
                spread([100 * value for value in values])
                for values in zip(
                    *((one.precision, one.recall, one.f1) for one in found), strict=True
                )
            ]
            count = spread([one.count for one in found], 0)
            rows.append([f"{name}, {predictions}", count, *shares])
    return markdown_table(head, rows)


if __name__ == "__main__":
    main()
