"""Results of many videos for bench/speed/report.py, made into pages."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from basnet_rt import Detections, ResultFile, read_results
from basnet_rt.annotations import AnnotationSet, read_annotations
from basnet_rt.report import Corpus, gather, write_page
from bench.tables import DATA, SHARED


def thumos(page: Path) -> tuple[Corpus, float]:
    """The golden detections of THUMOS'14 against its real ground truth; seconds it took."""
    truth = read_annotations(DATA / "thumos14/gt.json").subset("test")
    return _made(read_results(SHARED / "golden/thumos14_detections_a.json"), truth, page)


def activitynet(page: Path, per_video: int = 100) -> tuple[Corpus, float]:
    """ActivityNet-1.3 validation, `per_video` made-up detections in each video."""
    folder = DATA / "activitynet13"
    files = sorted(folder.glob("*val*.json")) or sorted(folder.glob("*.json"))
    truth = read_annotations(files[0])
    subsets = {video.subset for video in truth.videos.values()}
    truth = truth.subset("validation") if "validation" in subsets else truth
    return _made(ResultFile(_detections(truth, per_video)), truth, page)


def _detections(truth: AnnotationSet, count: int) -> Mapping[str, Detections]:
    rng = np.random.default_rng(0)
    found = {}
    for name, video in truth.videos.items():
        duration = video.duration or 100.0
        starts = rng.uniform(0, 0.8 * duration, count)
        ends = np.minimum(starts + rng.uniform(0.01, 0.5, count) * duration, duration)
        labels = rng.integers(0, len(truth.classes), count)
        scores = np.sort(rng.random(count).astype(np.float32))[::-1]
        segments = np.stack([starts, ends], axis=1)
        found[name] = Detections(labels, scores, segments, classes=truth.classes)
    return found


def _made(results: ResultFile, truth: AnnotationSet, page: Path) -> tuple[Corpus, float]:
    began = time.perf_counter()
    corpus = gather(results, ground_truth=truth)
    write_page(corpus, page, title="bench")
    return corpus, time.perf_counter() - began
