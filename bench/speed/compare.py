"""`compare` on simulated results: how often its intervals contain the truth, and its time.

    python -m bench.speed.compare

Coverage: data sets of 15, 30 and 100 videos are drawn from one made population, where both sets of
predictions find each action with a chance of their own, share what makes a video hard, and have
wrong detections too. The true difference is that on 60,000 videos. Speed: at ActivityNet-1.3
validation size. The table goes into docs/evaluate.md.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from basnet_rt import compare
from basnet_rt.analysis.comparison import interval
from basnet_rt.analysis.resampling import Population, population, resample
from basnet_rt.evaluation.reading import evaluation_input
from bench.speed.evaluate import ground_truth, made_detections
from bench.tables import DOCS, machine, markdown_table, publish

PAGE = DOCS / "evaluate.md"
REPEATS, RESAMPLES = 400, 200
SIDES = ((0.6, 1.5), (0.75, 1.2))  # chance of finding an action; wrong detections a video


def main() -> None:
    random = np.random.default_rng(1)
    true = difference(made(random, 60_000).average_precision(np.ones(60_000, np.int64)))
    rows = [coverage(random, count, true) for count in (15, 30, 100)]
    header = ["videos", "95 % intervals that hold the truth", "mean width (points of mAP)"]
    head = (
        f"{REPEATS} made data sets each, {RESAMPLES} samples; true difference {100 * true:.1f} "
        f"points of mAP@0.5. {machine()}."
    )
    text = f"{head}\n\n{markdown_table(header, rows)}\n\n{speed()}"
    publish(PAGE, "compare", text)


def made(random: np.random.Generator, count: int) -> Population:
    """Videos of up to two actions of 10 s; a detection is off by a second, or of nothing."""
    truth, sides = {}, ({}, {})
    for number in range(count):
        actions, easy = int(random.integers(0, 3)), random.random()
        spans = [[20 * place, 20 * place + 10] for place in range(actions)]
        marked = [{"label": "x", "segment": span} for span in spans]
        truth[f"v{number}"] = {"subset": "test", "annotations": marked}
        for found, (chance, wrong) in zip(sides, SIDES, strict=True):
            hits = [s for s in spans if random.random() < chance * (0.5 + easy / 1.5)]
            rows = [(float(random.normal(1)), [start, end - 1]) for start, end in hits]
            for place in range(random.poisson(wrong)):
                rows.append((float(random.normal(0)), [100 + 20 * place, 110 + 20 * place]))
            found[f"v{number}"] = [{"label": "x", "score": s, "segment": span} for s, span in rows]
    content = {"database": truth}
    return population([evaluation_input(content, one, "test") for one in sides], [0.5])


def difference(ap: np.ndarray) -> float:
    """From (2, L, K) AP."""
    return float(np.nanmean(ap[1]) - np.nanmean(ap[0]))


def coverage(random: np.random.Generator, count: int, true: float) -> list[str]:
    held, widths = 0, []
    for repeat in range(REPEATS):
        videos = made(random, count)
        samples = np.array([difference(ap) for ap in resample(videos, RESAMPLES, repeat)])
        low, high = interval(samples, 0.025)
        held += low <= true <= high
        widths.append(high - low)
    return [str(count), f"{100 * held / REPEATS:.1f} %", f"{100 * np.mean(widths):.0f}"]


def speed() -> str:
    truth = ground_truth(4728)
    a = made_detections(truth)
    b = {"results": dict(a["results"])}
    for video in list(b["results"])[::10]:  # one video in ten has other scores
        b["results"][video] = [{**row, "score": row["score"] / 2} for row in b["results"][video]]
    options: dict[str, Any] = {"subset": "validation", "tiou_thresholds": [0.5, 0.75, 0.95]}
    seconds = [timed(truth, a, b, options, count, 0) for count in (0, 20)]
    videos = timed(truth, a, b, options, 0, 1) - seconds[0]
    return (
        f"At ActivityNet-1.3 validation size (4728 videos, 200 classes, 473 thousand detections, 3 "
        f"tIoU thresholds): {seconds[0]:.1f} s to read and evaluate both, "
        f"{(seconds[1] - seconds[0]) / 20:.2f} s a sample, {videos:.0f} s for what each of the 473 "
        "differing videos adds (once, on a busy machine)."
    )


def timed(truth: Any, a: Any, b: Any, options: dict[str, Any], count: int, videos: int) -> float:
    begin = time.perf_counter()
    compare(truth, a, b, **options, resamples=count, num_videos=videos)
    return time.perf_counter() - begin


if __name__ == "__main__":
    main()
