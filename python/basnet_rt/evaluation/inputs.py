"""The input of an evaluation: the subset's segments, and the predictions that count."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from basnet_rt._errors import InvalidType
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


def ends_after_video(given: EvaluationInput) -> tuple[int, float]:
    """The number of videos with detections after their end, and the largest ratio of both times.

    It means that the detections have another rate than the annotations, or durations are wrong.
    """
    names, table = given.truth.videos, given.table
    last = np.zeros(len(table.videos))
    np.maximum.at(last, table.video_ids, table.segments[:, 1])
    durations = np.array(
        [given.truth.durations[names[one]] if one in names else np.nan for one in table.videos]
    )
    known = durations > 0
    late = known & (last > durations + LATE_SECONDS) & (last > durations * (1 + LATE_SHARE))
    return int(late.sum()), float((last[late] / durations[late]).max(initial=1.0))


def levels_of(tiou_thresholds: Any) -> list[float]:
    """One number or several, as a list; the core checks the values.

    Raises:
        TypeError: it is neither one number nor several.
    """
    many = isinstance(tiou_thresholds, Iterable)
    try:
        if isinstance(tiou_thresholds, str):
            raise TypeError
        return [float(level) for level in (tiou_thresholds if many else [tiou_thresholds])]
    except (TypeError, ValueError) as error:
        raise InvalidType(
            f"tiou_thresholds is {tiou_thresholds!r}; it must be a number or a list of numbers"
        ) from error
