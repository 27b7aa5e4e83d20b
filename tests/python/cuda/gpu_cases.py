"""Batches and settings that the GPU's answers are compared on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

import basnet_rt
from basnet_rt import PostprocessConfig
from reference.random_cas import DYADIC_LEVELS, KINDS, LEVELS, video_scores, with_background

SECONDS = 0.64
# Those of reference.random_cas that keep the shape they are asked for.
SHAPED_KINDS = sorted(set(KINDS) - {"one_snippet", "thousand_classes"})
CONFIGS = {
    "continuous": PostprocessConfig(cas_thresholds=LEVELS),
    "published": PostprocessConfig.published(cas_thresholds=DYADIC_LEVELS),
    "published, other": PostprocessConfig.published(upsample=7, outer_ratio=1.0, nms_iou=0.3),
    "fixed, every class": PostprocessConfig(gate="none", normalisation="fixed", nms_iou=0.4),
    "limits": PostprocessConfig(
        min_duration=1.0, merge_gap=0.7, max_duration=9.3, max_lookahead=0.5, keep_top1=True
    ),
    "linear": PostprocessConfig(nms="linear", nms_iou=0.3),
}
# `exp` of the device may round otherwise: not on input that is full of equal scores.
WITH_EXP = {
    "gaussian": PostprocessConfig(nms="gaussian"),
    "horizon": PostprocessConfig(
        gate="horizon", normalisation="horizon", horizon=11.0, class_threshold=0.1
    ),
}


class Batch(NamedTuple):
    """Host arrays of several videos: (T_i, C), (C,), (T_i, C+1), float32."""

    cas: list[np.ndarray]
    video_scores: list[np.ndarray]
    raw_cas: list[np.ndarray]

    def on(self, device: str) -> Batch:
        return Batch(*([torch.from_numpy(one).to(device) for one in part] for part in self))


def make_batch(kind: str, lengths: list[int], num_classes: int, seed: int = 0) -> Batch:
    cas = [KINDS[kind](n, num_classes, seed + i) for i, n in enumerate(lengths)]
    scores = [video_scores(num_classes, seed + i) for i in range(len(lengths))]
    raw = [with_background(np.clip(one, -9, 9), seed + i) for i, one in enumerate(cas)]
    return Batch(cas, scores, raw)


def found_in(batch: Batch, config: PostprocessConfig, **others) -> list[basnet_rt.Detections]:
    return basnet_rt.postprocess_batch(
        batch.cas,
        batch.video_scores,
        config,
        raw_cas=batch.raw_cas if config.gate == "horizon" else None,
        **{"snippet_seconds": SECONDS, **others},
    )
