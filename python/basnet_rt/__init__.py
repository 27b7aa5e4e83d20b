"""basnet_rt: finds actions in long videos and live streams.

Importing needs NumPy alone; torch is imported when a model is loaded.
"""

from basnet_rt._core import __version__
from basnet_rt._errors import (
    BackendUnavailable,
    BundleError,
    Error,
    InvalidType,
    InvalidValue,
    VideoError,
)
from basnet_rt.analysis.comparison import Comparison, compare
from basnet_rt.analysis.tuning import Tuning, tune
from basnet_rt.backend_choice import Backend, backends
from basnet_rt.config import PostprocessConfig
from basnet_rt.cpp_library import cmake_prefix
from basnet_rt.cuda_postprocessor import CudaPostprocessor
from basnet_rt.cuda_streams import CudaStreams, StreamStep
from basnet_rt.evaluation import Report, evaluate
from basnet_rt.from_video import localize_video
from basnet_rt.loading import load
from basnet_rt.localizer import Localizer
from basnet_rt.model import Model
from basnet_rt.onsets import Alarm, Onset
from basnet_rt.postprocessing import postprocess, postprocess_batch, propose
from basnet_rt.result_files import ResultFile, read_results, write_results
from basnet_rt.results import Detection, Detections, Proposals
from basnet_rt.stream_pool import StreamFull, StreamPool
from basnet_rt.stream_postprocessor import StreamPostprocessor
from basnet_rt.stream_statistics import PoolStatistics, PoolStreamStatistics, StreamStatistics
from basnet_rt.streaming import StreamingLocalizer
from basnet_rt.suppression import nms, soft_nms

__all__ = [
    "Alarm",
    "Backend",
    "BackendUnavailable",
    "BundleError",
    "Comparison",
    "CudaPostprocessor",
    "CudaStreams",
    "Detection",
    "Detections",
    "Error",
    "InvalidType",
    "InvalidValue",
    "Localizer",
    "Model",
    "Onset",
    "PoolStatistics",
    "PoolStreamStatistics",
    "PostprocessConfig",
    "Proposals",
    "Report",
    "ResultFile",
    "StreamFull",
    "StreamPool",
    "StreamPostprocessor",
    "StreamStatistics",
    "StreamStep",
    "StreamingLocalizer",
    "Tuning",
    "VideoError",
    "__version__",
    "backends",
    "cmake_prefix",
    "compare",
    "evaluate",
    "load",
    "localize_video",
    "nms",
    "postprocess",
    "postprocess_batch",
    "propose",
    "read_results",
    "soft_nms",
    "tune",
    "write_results",
]
