"""Mean average precision of predicted segments; kinds of errors, recall, durations."""

from basnet_rt.evaluation.report import (
    DEFAULT_TIOU_THRESHOLDS,
    GroundTruth,
    Predictions,
    Report,
    evaluate,
    score,
)

__all__ = [
    "DEFAULT_TIOU_THRESHOLDS",
    "GroundTruth",
    "Predictions",
    "Report",
    "evaluate",
    "score",
]
