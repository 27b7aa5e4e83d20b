"""Features of motion that need no weights."""

from basnet_rt.extractors.motion.extractor import (
    FINEST_SCALE,
    MotionExtractor,
    MotionSession,
    PairMaker,
    Prepared,
)

__all__ = [
    "FINEST_SCALE",
    "MotionExtractor",
    "MotionSession",
    "PairMaker",
    "Prepared",
]
