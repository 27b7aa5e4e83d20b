"""Features on disk: which files hold them, and which extractor made them."""

from basnet_rt.features.extractor_spec import ExtractorSpec, differences
from basnet_rt.features.records import FeatureRecords, Sidecar, check_same_extractor
from basnet_rt.features.source import (
    LENGTH_SLACK,
    MODALITIES,
    FeatureSource,
    FloatArray,
    Rows,
    open_features,
)

__all__ = [
    "LENGTH_SLACK",
    "MODALITIES",
    "ExtractorSpec",
    "FeatureRecords",
    "FeatureSource",
    "FloatArray",
    "Rows",
    "Sidecar",
    "check_same_extractor",
    "differences",
    "open_features",
]
