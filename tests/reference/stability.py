"""Is a result clear-cut, or would a rounding error of another order of sums change it?

Two correct programs may differ where an IoU lies on the NMS threshold, two scores tie, or a
gap equals `merge_gap`. Property tests compare where these checks hold. A snippet exactly at
an activation threshold is *not* such a case: y is the same in every correct program, so its
side is fixed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from . import continuous, published
from .compare import difference
from .results import Result, columns, detection_order, rows_of
from .settings import complete

NUDGE = 1e-9


def score_scale(result: Result) -> float:
    """What rounding errors of the scores are to be measured by; at least 1."""
    return float(np.abs(result.scores).max(initial=1.0))


def same(a: Result, b: Result) -> bool:
    scale = score_scale(a)
    return not difference(a, b, times=1e-6, scores=1e-6 * scale, with_index=False)


def jittered(proposals: Result, seed: int) -> Result:
    """Each score moved by at most NUDGE of the largest: breaks ties at random."""
    reach = NUDGE * score_scale(proposals)
    moves = np.random.default_rng(seed).uniform(-reach, reach, size=len(proposals.scores))
    return proposals._replace(scores=proposals.scores + moves)


def nudged(settings: dict[str, Any], names: list[str]) -> Iterator[dict[str, Any]]:
    """The settings with one limit moved up or down by NUDGE."""
    full = complete(settings)
    for name in names:
        for sign in (-1, 1):
            yield {**settings, name: full[name] + sign * NUDGE}


def interval_limits(settings: dict[str, Any]) -> list[str]:
    """The settings that decide which proposals there are, as far as rounding can matter.

    A merge gap of zero cannot: intervals that touch share one exact time. A class threshold
    can for gate `horizon` only, whose scores are computed.
    """
    full = complete(settings)
    names = ["min_duration"]
    names += ["merge_gap"] if full["merge_gap"] > 0 else []
    names += ["max_duration"] if np.isfinite(full["max_duration"]) else []
    names += ["class_threshold"] if full["gate"] == "horizon" else []
    return names


def continuous_proposals_are_clear_cut(
    cas: np.ndarray, video_scores: np.ndarray | None, settings: dict[str, Any], **inputs: Any
) -> bool:
    """Whether nudged limits leave the proposals as they are; `inputs` as for `propose`.

    The end of the video is a limit too: a crossing exactly there makes an interval or none.
    """
    plain = continuous.propose(cas, video_scores, settings, **inputs)
    trials = [(changed, inputs) for changed in nudged(settings, interval_limits(settings))]
    if inputs.get("duration") is not None:
        for sign in (-1, 1):
            moved = {**inputs, "duration": inputs["duration"] + sign * NUDGE}
            trials.append((settings, moved))
    return all(
        same(plain, continuous.propose(cas, video_scores, changed, **moved))
        for changed, moved in trials
    )


def continuous_is_clear_cut(
    cas: np.ndarray, video_scores: np.ndarray | None, settings: dict[str, Any], **inputs: Any
) -> bool:
    """Whether the proposals are, and nudged limits and broken ties leave the detections too."""
    if not continuous_proposals_are_clear_cut(cas, video_scores, settings, **inputs):
        return False
    proposals = continuous.propose(cas, video_scores, settings, **inputs)
    trials = [(jittered(proposals, seed), settings) for seed in range(3)]
    trials += [(proposals, changed) for changed in nudged(settings, ["nms_iou", "soft_min_score"])]
    plain = continuous_suppressed(proposals, settings)
    return all(same(plain, continuous_suppressed(*trial)) for trial in trials)


def continuous_suppressed(proposals: Result, settings: dict[str, Any]) -> Result:
    """Detections from proposals."""
    rows = continuous.suppressed(rows_of(proposals), continuous.lift(settings, float))
    return columns(sorted(rows, key=detection_order))


def samples_are_clear_cut(cas: np.ndarray, settings: dict[str, Any]) -> bool:
    """Whether no sample *between* two snippets of different y is within 1e-12 of a threshold.

    Samples that hit a snippet, and flat stretches, are exact in every correct program.
    """
    scale = int(settings["upsample"])
    y = published.normalise(cas)
    samples = published.upsample(y, scale)
    step = np.diff(y, axis=0, append=y[-1:])
    step[-1] = step[-2] if len(step) > 1 else 0  # the end goes on with the last slope
    between = np.arange(len(samples)) % scale != 0
    sloped = np.repeat(step != 0, scale, axis=0) & between[:, None]
    levels = [0.0, *settings["cas_thresholds"]]
    return not any((sloped & (np.abs(samples - level) < 1e-12)).any() for level in levels)


def published_is_clear_cut(
    cas: np.ndarray, video_scores: np.ndarray, settings: dict[str, Any], *, snippet_seconds: float
) -> bool:
    """Whether rounding can move neither a sample across a threshold nor a row through NMS."""
    if not samples_are_clear_cut(cas, settings):
        return False
    proposals = published.propose(cas, video_scores, settings, snippet_seconds=snippet_seconds)
    trials = [(jittered(proposals, seed), settings) for seed in range(3)]
    trials += [(proposals, changed) for changed in nudged(settings, ["nms_iou"])]
    plain = published.suppressed(proposals, settings)
    return all(same(plain, published.suppressed(*trial)) for trial in trials)
