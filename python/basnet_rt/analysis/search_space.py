"""The post-processing settings that `tune` tries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from basnet_rt.config import PostprocessConfig

HIGHEST = 0.95  # of the thresholds, which are in units of the normalised activation
MOST_THRESHOLDS = 20
LONGEST = 4.0  # of merge_gap and min_duration, in snippets
DIGITS = 4

# The settings that each mode and gate has; mode "published" refuses the rest.
THRESHOLDS = ("cas_thresholds",)
PUBLISHED = ("outer_ratio", "score_weight", "nms_iou", "class_threshold")
CONTINUOUS = (*PUBLISHED, "nms", "soft_sigma", "merge_gap", "min_duration")
GATED = ("score_weight", "class_threshold")


class SearchSpace:
    """The settings that may change, and their ranges.

    Thresholds are a grid of 1 to 20 equal steps; its lowest and highest value and its size are
    searched. The other settings are single numbers. Gate and normalisation are not searched: they
    decide whether a stream can have early finals. A class threshold of 0 with a score weight of 0
    has the effect of gate "none".

    Args:
        base: settings to start from.
        held: names of fields that stay as they are in `base`.
        snippet_seconds: scale of the durations.
    """

    def __init__(
        self, base: PostprocessConfig, held: frozenset[str], snippet_seconds: float
    ) -> None:
        fields = THRESHOLDS + (PUBLISHED if base.mode == "published" else CONTINUOUS)
        gated = base.gate != "none"
        self.base = base
        self.names = tuple(one for one in fields if one not in held and (gated or one not in GATED))
        self._longest = LONGEST * snippet_seconds

    def suggest(self, trial: Any) -> PostprocessConfig:
        """The settings of an Optuna trial."""
        changes: dict[str, Any] = {}
        for name in self.names:
            if name == "cas_thresholds":
                changes[name] = _grid(
                    trial.suggest_float("lowest", 0.0, 0.9),
                    trial.suggest_float("spread", 0.0, 1.0),
                    trial.suggest_int("thresholds", 1, MOST_THRESHOLDS),
                )
            elif name == "nms":
                changes[name] = trial.suggest_categorical(name, ["hard", "linear", "gaussian"])
            else:
                changes[name] = round(trial.suggest_float(name, *self._range(name)), DIGITS)
        return self.base.replace(**changes)

    def start(self) -> dict[str, Any]:
        """The parameters nearest to `base`, for a first trial."""
        values: dict[str, Any] = {}
        for name in self.names:
            if name == "cas_thresholds":
                values |= _grid_parameters(self.base.cas_thresholds)
            elif name == "nms":
                values[name] = self.base.nms
            else:
                low, high = self._range(name)
                values[name] = min(max(getattr(self.base, name), low), high)
        return values

    def _range(self, name: str) -> tuple[float, float]:
        ranges: Mapping[str, tuple[float, float]] = {
            "outer_ratio": (0.0, 1.0),
            "score_weight": (0.0, 1.0),
            "nms_iou": (0.1, 0.9),
            "class_threshold": (0.0, 0.9),
            "soft_sigma": (0.05, 1.0),
            "merge_gap": (0.0, self._longest),
            "min_duration": (0.0, self._longest),
        }
        return ranges[name]


def _grid(lowest: float, spread: float, count: int) -> tuple[float, ...]:
    """`count` values from `lowest` to the share `spread` of the way to the highest allowed."""
    highest = lowest + spread * (HIGHEST - lowest)
    values = np.linspace(lowest, highest, count).round(DIGITS).tolist()
    return tuple(dict.fromkeys(values))  # a grid of no width is one threshold


def _grid_parameters(thresholds: tuple[float, ...]) -> dict[str, Any]:
    lowest, highest = min(thresholds[0], 0.9), min(thresholds[-1], HIGHEST)
    spread = max(0.0, (highest - lowest) / (HIGHEST - lowest))
    return {
        "lowest": lowest,
        "spread": spread,
        "thresholds": min(len(thresholds), MOST_THRESHOLDS),
    }
