"""The network of a bundle: its file, its metadata, and running it."""

from basnet_rt.model.bundle import BundleMetadata, Calibration, parse_metadata, read_metadata
from basnet_rt.model.copies import rewrite_metadata, write_bundle_copy
from basnet_rt.model.loading import load
from basnet_rt.model.model import FullOutput, Model, ModelOutput

__all__ = [
    "BundleMetadata",
    "Calibration",
    "FullOutput",
    "Model",
    "ModelOutput",
    "load",
    "parse_metadata",
    "read_metadata",
    "rewrite_metadata",
    "write_bundle_copy",
]
