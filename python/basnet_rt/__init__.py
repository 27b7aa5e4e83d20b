"""basnet_rt: finds actions in long videos and live streams.

`import basnet_rt` loads nothing else: each public name is loaded when it is first used. NumPy is
all that it needs; torch is imported when a model is loaded.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the same names as in _HOMES, for type checkers and editors
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
    from basnet_rt.evaluation import FrameMetrics, Report, evaluate, frame_metrics
    from basnet_rt.formats.result_files import ResultFile, read_results, write_results
    from basnet_rt.localize import Localizer, localize_video
    from basnet_rt.model import Model, load
    from basnet_rt.postprocessing import (
        Alarm,
        Backend,
        CudaPostprocessor,
        CudaStreams,
        Onset,
        StreamPostprocessor,
        StreamStep,
        backends,
        nms,
        postprocess,
        postprocess_batch,
        propose,
        soft_nms,
    )
    from basnet_rt.results import Detection, Detections, Proposals
    from basnet_rt.stream import (
        PoolStatistics,
        PoolStreamStatistics,
        StreamFull,
        StreamingLocalizer,
        StreamPool,
        StreamStatistics,
    )

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
    "FrameMetrics",
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
    "frame_metrics",
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

# The module of each public name.
_HOMES = {
    "Alarm": "basnet_rt.postprocessing",
    "Backend": "basnet_rt.postprocessing",
    "BackendUnavailable": "basnet_rt._errors",
    "BundleError": "basnet_rt._errors",
    "Comparison": "basnet_rt.analysis.comparison",
    "CudaPostprocessor": "basnet_rt.postprocessing",
    "CudaStreams": "basnet_rt.postprocessing",
    "Detection": "basnet_rt.results",
    "Detections": "basnet_rt.results",
    "Error": "basnet_rt._errors",
    "InvalidType": "basnet_rt._errors",
    "InvalidValue": "basnet_rt._errors",
    "Localizer": "basnet_rt.localize",
    "Model": "basnet_rt.model",
    "Onset": "basnet_rt.postprocessing",
    "PoolStatistics": "basnet_rt.stream",
    "PoolStreamStatistics": "basnet_rt.stream",
    "PostprocessConfig": "basnet_rt.config",
    "Proposals": "basnet_rt.results",
    "FrameMetrics": "basnet_rt.evaluation",
    "Report": "basnet_rt.evaluation",
    "ResultFile": "basnet_rt.formats.result_files",
    "StreamFull": "basnet_rt.stream",
    "StreamPool": "basnet_rt.stream",
    "StreamPostprocessor": "basnet_rt.postprocessing",
    "StreamStatistics": "basnet_rt.stream",
    "StreamStep": "basnet_rt.postprocessing",
    "StreamingLocalizer": "basnet_rt.stream",
    "Tuning": "basnet_rt.analysis.tuning",
    "VideoError": "basnet_rt._errors",
    "__version__": "basnet_rt._core",
    "backends": "basnet_rt.postprocessing",
    "cmake_prefix": "basnet_rt.cpp_library",
    "compare": "basnet_rt.analysis.comparison",
    "evaluate": "basnet_rt.evaluation",
    "frame_metrics": "basnet_rt.evaluation",
    "load": "basnet_rt.model",
    "localize_video": "basnet_rt.localize",
    "nms": "basnet_rt.postprocessing",
    "postprocess": "basnet_rt.postprocessing",
    "postprocess_batch": "basnet_rt.postprocessing",
    "propose": "basnet_rt.postprocessing",
    "read_results": "basnet_rt.formats.result_files",
    "soft_nms": "basnet_rt.postprocessing",
    "tune": "basnet_rt.analysis.tuning",
    "write_results": "basnet_rt.formats.result_files",
}
# Loaded when used as `basnet_rt.formats`, without an import of their own.
_ROOMS = {
    "_core",
    "activation_files",
    "analysis",
    "annotations",
    "config",
    "evaluation",
    "extractors",
    "features",
    "formats",
    "localize",
    "model",
    "postprocessing",
    "report",
    "results",
    "stream",
    "tables",
    "video",
}

if not TYPE_CHECKING:  # else a type checker would take any name for a public one

    def __getattr__(name: str) -> object:
        """Load a public name, or a package, when it is first asked for (PEP 562)."""
        if name in _ROOMS:
            return import_module(f"basnet_rt.{name}")
        if name not in _HOMES:
            raise AttributeError(f"module 'basnet_rt' has no attribute {name!r}")
        value = getattr(import_module(_HOMES[name]), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    """Every public name, loaded or not."""
    return sorted({*globals(), *__all__, *_ROOMS})
