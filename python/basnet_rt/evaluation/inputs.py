"""The input of an evaluation: the subset's segments, and the predictions that count."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from basnet_rt._errors import InvalidType
from basnet_rt._system.arguments import as_number
from basnet_rt.results import Float64Array
from basnet_rt.tables.predictions import PredictionTable
from basnet_rt.tables.truth import TruthTable


@dataclass(frozen=True, eq=False)
class EvaluationInput:
    """Checked tables.

    Attributes:
        outside: videos with predictions that are not in the subset.
        absent: videos of the subset that the predictions do not name.
    """

    truth: TruthTable
    table: PredictionTable
    outside: list[str]
    absent: list[str]


LATE_SECONDS, LATE_SHARE = 2.0, 0.02  # tolerance for detections that end after their video
EARLY_SHARE = 0.5  # of the duration, which the detections of some video should reach
EARLY_VIDEOS = 3  # fewest videos that can say so


def ends_after_video(given: EvaluationInput) -> tuple[int, float]:
    """The number of videos with detections after their end, and the largest ratio of both times.

    It means that the detections have another rate than the annotations, or durations are wrong.
    """
    last, durations = _last_ends(given)
    late = (last > durations + LATE_SECONDS) & (last > durations * (1 + LATE_SHARE))
    return int(late.sum()), float((last[late] / durations[late]).max(initial=1.0))


def ends_before_middle(given: EvaluationInput) -> tuple[int, float]:
    """The number of videos if the detections of all end in their first half, else 0.

    Also the median ratio of the duration and the last end. It means that the annotations have
    another unit than seconds, or the detections another rate.
    """
    last, durations = _last_ends(given)
    ends = last[last > 0]
    if len(ends) < EARLY_VIDEOS or (ends > EARLY_SHARE * durations[last > 0]).any():
        return 0, 1.0
    return len(ends), float(np.median(durations[last > 0] / ends))


def _last_ends(given: EvaluationInput) -> tuple[Float64Array, Float64Array]:
    """The end of the last detection and the duration of each video that has a duration."""
    names, table = given.truth.videos, given.table
    last = np.zeros(len(table.videos))
    np.maximum.at(last, table.video_ids, table.segments[:, 1])
    durations = np.array(
        [given.truth.durations[names[one]] if one in names else np.nan for one in table.videos]
    )
    known = durations > 0
    return last[known], durations[known]


def levels_of(tiou_thresholds: Any) -> list[float]:
    """One number or several, as a list; the core checks the values.

    Raises:
        TypeError: it is neither one number nor several.
    """
    many = isinstance(tiou_thresholds, Iterable)
    try:
        if isinstance(tiou_thresholds, str):
            raise TypeError
        levels = list(tiou_thresholds) if many else [tiou_thresholds]
        return [as_number(level, "tiou_thresholds") for level in levels]
    except (TypeError, ValueError) as error:
        raise InvalidType(
            f"tiou_thresholds is {tiou_thresholds!r}; it must be a number or a list of numbers"
        ) from error
