"""Extractors: from pictures to features. `make_extractor` makes one by name.

All have the same interface and are recorded as an `ExtractorSpec`; packages other than NumPy are
imported when an extractor is made.
"""

from basnet_rt.extractors.interface import Extractor, Features, Session
from basnet_rt.extractors.registry import default_name, extractor_from_spec, make_extractor, names
from basnet_rt.extractors.running.pipeline import Extracted, Progress, extract_features
from basnet_rt.features.extractor_spec import ExtractorSpec

__all__ = [
    "Extracted",
    "Extractor",
    "ExtractorSpec",
    "Features",
    "Progress",
    "Session",
    "default_name",
    "extract_features",
    "extractor_from_spec",
    "make_extractor",
    "names",
]
