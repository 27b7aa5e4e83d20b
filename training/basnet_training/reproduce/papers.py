"""Printed numbers of BaS-Net, and the ways of post-processing to compare with them.

Source: Lee, Uh and Byun, AAAI 2020, tables of comparisons on THUMOS'14 (I3D features),
ActivityNet-1.2 and ActivityNet-1.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from basnet_rt import PostprocessConfig
from basnet_training.config import Config, load_config

_DENSE: dict[str, Any] = {"cas_thresholds": [k / 20 for k in range(1, 20)], "nms": "gaussian"}


@dataclass(frozen=True)
class Paper:
    """One table.

    Attributes:
        protocol: of `evaluate`.
        levels: tIoU of the columns.
        printed: mAP in percent at `levels`, then the mean over all levels of `averaged`.
        averaged: tIoU thresholds of the mean in the last column.
    """

    preset: str
    protocol: str
    levels: tuple[float, ...]
    printed: tuple[float, ...]
    averaged: tuple[float, ...]


_TENTHS = tuple(k / 10 for k in range(1, 10))
_TWENTIETHS = tuple(k / 20 for k in range(10, 20))

PAPERS = {
    one.preset: one
    for one in (
        Paper(
            "thumos14",
            "thumos14",
            _TENTHS,
            (58.2, 52.3, 44.6, 36.0, 27.0, 18.6, 10.4, 3.9, 0.5, 27.9),
            _TENTHS,
        ),
        Paper(
            "activitynet12",
            "activitynet",
            (0.5, 0.75, 0.95),
            (38.5, 24.2, 5.6, 24.3),
            _TWENTIETHS,
        ),
        Paper(
            "activitynet13",
            "activitynet",
            (0.5, 0.75, 0.95),
            (34.5, 22.5, 4.9, 22.2),
            _TWENTIETHS,
        ),
    )
}


def readings(config: Config) -> Mapping[str, PostprocessConfig]:
    """By name, the settings of post-processing for one trained network.

    "released": the formulas and settings of the released code; "released, dense": its formulas with
    19 thresholds and Gaussian soft-NMS; "continuous": exact times at the features' own rate.
    """
    network = {
        "score_function": config.network.score_function,
        "topk_divisor": config.network.topk_divisor,
    }
    thumos = load_config("thumos14").postprocess
    kept = {key: config.postprocess[key] for key in _OF_DATA if key in config.postprocess}
    own = {**kept, "mode": "continuous", **network}
    kept.pop("keep_top1", None)  # the released code does not have it
    released = {**thumos, **kept, "mode": "published", **network}
    settings = {
        "released": released,
        "released, dense": {**released, **_DENSE},
        "continuous": own,
    }
    return {name: PostprocessConfig.from_dict(fields) for name, fields in settings.items()}


# Settings that depend on the data set, used in every way of post-processing.
_OF_DATA = ("class_threshold", "keep_top1", "outer_ratio", "score_weight")
