"""Evaluation at ActivityNet-1.3 validation size against a per-row pandas evaluator.

    python -m bench.speed.evaluate [--videos 4728]

4,728 videos, 200 classes, 100 made detections a video, 10 tIoU thresholds; both start from the
same dictionaries in memory. The rival is tests/reference/evaluate_pandas_way.py and takes minutes,
so it runs once, and the AP of every class must agree to 1e-9 before ours is timed against it.
"""

from __future__ import annotations

import argparse
import json
import time
from typing import Any

import numpy as np

import basnet_rt
from bench.tables import DATA, machine
from bench.timing import quartiles, seconds_per_call
from tests.reference import evaluate_pandas_way

PER_VIDEO = 100
OPTIONS: dict[str, Any] = {
    "subset": "validation",
    "tiou_thresholds": [0.5 + 0.05 * k for k in range(10)],
}


def ground_truth(num_videos: int) -> dict[str, Any]:
    """The real annotations, less the segments of no length: the pandas way divides 0 by 0 there."""
    content = json.loads((DATA / "activitynet13/gt.json").read_text(encoding="utf-8"))
    videos = {v: e for v, e in content["database"].items() if e["subset"] == "validation"}
    for entry in videos.values():
        spans = [(one, *map(float, one["segment"])) for one in entry["annotations"]]
        entry["annotations"] = [one for one, start, end in spans if end > start]
    return {"database": dict(list(videos.items())[:num_videos])}


def made_detections(truth: dict[str, Any]) -> dict[str, Any]:
    """Per video 60 detections near its own annotations and 40 of any class anywhere."""
    rng = np.random.default_rng(0)
    entries = truth["database"]
    labels = sorted({one["label"] for e in entries.values() for one in e["annotations"]})
    results = {}
    for video, entry in entries.items():
        length = float(entry["duration"])
        own = [(one["label"], *map(float, one["segment"])) for one in entry["annotations"]]
        own = own or [(labels[0], 0.0, length)]
        rows = []
        for i in range(PER_VIDEO):
            label, start, end = own[rng.integers(len(own))]
            if i >= 60:
                label, (start, end) = labels[rng.integers(len(labels))], rng.uniform(0, length, 2)
            near = np.array([start, end]) + rng.normal(0, 0.1 * length, 2)
            start, end = np.sort(near.clip(0, length)).tolist()
            segment = [start, max(end, start + 0.01)]
            rows.append({"label": label, "score": float(rng.random()), "segment": segment})
        results[video] = rows
    return {"results": results}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--videos", type=int, default=4728)
    options = parser.parse_args()
    truth = ground_truth(options.videos)
    found = made_detections(truth)
    ours = basnet_rt.evaluate(truth, found, **OPTIONS)
    print(f"{machine()}; {ours.num_detections} detections, {len(ours.labels)} classes")

    begin, begin_cpu = time.perf_counter(), time.process_time()
    rival = evaluate_pandas_way.evaluate(truth, found, **OPTIONS)
    wall, cpu = time.perf_counter() - begin, time.process_time() - begin_cpu
    pairs = zip(ours.labels, ours.ap, strict=True)
    difference = max(np.abs(ap - rival["ap_per_class"][name]).max() for name, ap in pairs)
    if difference > 1e-9:
        raise SystemExit(f"AP differs by {difference}")
    print(f"largest difference of an AP: {difference:.1e}\n")

    def once() -> basnet_rt.Report:
        return basnet_rt.evaluate(truth, found, **OPTIONS)

    begin_cpu = time.process_time()
    rounds = [seconds_per_call(once, 0.0) for _ in range(7)]
    our_cpu = (time.process_time() - begin_cpu) / len(rounds)
    walls = np.array(rounds)
    print("| work | rival, once | ours | rival / ours |\n| --- | --- | --- | --- |")
    print(f"| wall time | {wall:.1f} s | {quartiles(walls, 1, 2)} s | {quartiles(wall / walls)}x |")
    print(f"| processor time | {cpu:.1f} s | {our_cpu:.2f} s | {cpu / our_cpu:.0f}x |")


if __name__ == "__main__":
    main()
