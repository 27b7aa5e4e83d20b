"""Mean average precision of predicted segments; kinds of errors, recall, durations."""

from basnet_rt.evaluation.frames import FrameMetrics, frame_metrics
from basnet_rt.evaluation.report import (
    DEFAULT_TIOU_THRESHOLDS,
    GroundTruth,
    Predictions,
    Report,
    evaluate,
    score,
)
from basnet_rt.evaluation.spotting import SpottingReport, evaluate_spotting

__all__ = [
    "DEFAULT_TIOU_THRESHOLDS",
    "FrameMetrics",
    "GroundTruth",
    "Predictions",
    "Report",
    "SpottingReport",
    "evaluate",
    "evaluate_spotting",
    "frame_metrics",
    "score",
]
