"""The two-stream I3D network as an extractor."""

from basnet_rt.extractors.i3d.extractor import CROP, FEATURE_DIM, RANGE, STREAMS, I3dExtractor

__all__ = [
    "CROP",
    "FEATURE_DIM",
    "RANGE",
    "STREAMS",
    "I3dExtractor",
]
