"""basnet_rt: finds actions in long videos and live streams.

Importing needs NumPy alone; torch is imported when a model is loaded.
"""

from basnet_rt._core import __version__
from basnet_rt._errors import BundleError, Error, InvalidType, InvalidValue
from basnet_rt.config import PostprocessConfig
from basnet_rt.postprocessing import postprocess, postprocess_batch, propose
from basnet_rt.results import Detection, Detections, Proposals
from basnet_rt.suppression import nms, soft_nms

__all__ = [
    "BundleError",
    "Detection",
    "Detections",
    "Error",
    "InvalidType",
    "InvalidValue",
    "PostprocessConfig",
    "Proposals",
    "__version__",
    "nms",
    "postprocess",
    "postprocess_batch",
    "propose",
    "soft_nms",
]
