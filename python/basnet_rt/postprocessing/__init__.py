"""From class activations to segments: whole videos and streams, on the CPU and on GPUs."""

from basnet_rt.postprocessing.backend_choice import Backend, backends
from basnet_rt.postprocessing.gpu_planned import CudaPostprocessor
from basnet_rt.postprocessing.gpu_streams import CudaStreams, StreamStep
from basnet_rt.postprocessing.offline import postprocess, postprocess_batch, propose, timings
from basnet_rt.postprocessing.onsets import Alarm, Onset, OnsetDetector
from basnet_rt.postprocessing.stream import StreamPostprocessor
from basnet_rt.postprocessing.suppression import nms, soft_nms

__all__ = [
    "Alarm",
    "Backend",
    "CudaPostprocessor",
    "CudaStreams",
    "Onset",
    "OnsetDetector",
    "StreamPostprocessor",
    "StreamStep",
    "backends",
    "nms",
    "postprocess",
    "postprocess_batch",
    "propose",
    "soft_nms",
    "timings",
]
