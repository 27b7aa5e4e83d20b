"""Mean average precision of predicted segments, and what lies behind it."""

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
