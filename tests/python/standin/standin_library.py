"""The CUDA backend's kernels on the CPU: their serial stand-in, called through ctypes."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from ctypes import byref, c_int32, c_int64, c_void_p
from pathlib import Path

import c_library
from c_library import CApi

from basnet_rt import Detections, PostprocessConfig

FORWARD, BACKWARD, SCATTERED = range(3)


class Standin(CApi):
    """`basnet_rt.postprocess_batch` by the kernels' logic; `order` is that of lanes and threads."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        arguments = [c_void_p, c_int64, c_void_p, c_int32, c_void_p]
        self._declare("standin_postprocess_batch", arguments, c_int32)

    def run(
        self, videos: Sequence, config: PostprocessConfig, order: int = SCATTERED
    ) -> list[Detections]:
        """Videos are post_cases.Video: arrays, and `timing()`."""
        count = len(videos)
        views = [c_library.video_of(*video.arrays(), **video.timing()) for video in videos]
        settings = c_library.config_of(self, config)
        found = (c_void_p * count)()
        array = (c_library.Video * count)(*views)
        self.checked(
            "standin_postprocess_batch", byref(array), count, settings, order, byref(found)
        )
        self.config_free(ctypes.byref(settings))
        return [c_library.detections(self, c_void_p(one), config.mode) for one in found]
