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
from basnet_rt.config import PostprocessConfig
from basnet_rt.cpp_library import cmake_prefix
from basnet_rt.evaluation.report import Report, evaluate
from basnet_rt.formats.result_files import ResultFile, read_results, write_results
from basnet_rt.localize.from_video import localize_video
from basnet_rt.localize.localizer import Localizer
from basnet_rt.model.loading import load
from basnet_rt.model.model import Model
from basnet_rt.postprocessing.backend_choice import Backend, backends
from basnet_rt.postprocessing.gpu_planned import CudaPostprocessor
from basnet_rt.postprocessing.gpu_streams import CudaStreams, StreamStep
from basnet_rt.postprocessing.offline import postprocess, postprocess_batch, propose
from basnet_rt.postprocessing.onsets import Alarm, Onset
from basnet_rt.postprocessing.stream import StreamPostprocessor
from basnet_rt.postprocessing.suppression import nms, soft_nms
from basnet_rt.results import Detection, Detections, Proposals
from basnet_rt.stream.localizer import StreamingLocalizer
from basnet_rt.stream.pool import StreamFull, StreamPool
from basnet_rt.stream.statistics import PoolStatistics, PoolStreamStatistics, StreamStatistics

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
