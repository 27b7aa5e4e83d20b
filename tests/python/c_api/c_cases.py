"""A call of every function that succeeds, from which tests change one thing."""

from __future__ import annotations

from collections.abc import Iterator
from ctypes import byref, c_double, c_float, c_int32, c_int64, c_void_p
from typing import Any

import numpy as np
from c_library import CApi, Stream, config_of, rows_of, video_of

from basnet_rt import PostprocessConfig

LIVE = PostprocessConfig.continuous(normalisation="fixed", gate="none")
CAS = np.random.default_rng(1).random((12, 2)).astype(np.float32)
SCORES = np.array([0.5, 0.6], np.float32)


def good_arguments(api: CApi, config: c_void_p, stream: Stream) -> Iterator[dict[str, list[Any]]]:
    """Arguments with which each function succeeds; the outputs are handles' places."""
    live = config_of(api, LIVE)
    thresholds, doubles, numbers = (c_double * 1)(0.5), (c_double * 4)(), (c_int64 * 4)()
    detector = api.made("onset_detector_create", live, thresholds, 1, 0.0, 2, 0.5)
    stream_state, onset_state = stream.save(), api.made("onset_detector_save", detector)
    state = (api.bytes_data(onset_state), api.bytes_size(onset_state))
    video = byref(video_of(CAS, SCORES, snippet_seconds=0.5))
    rows, out, integer, flag = rows_of(CAS), c_void_p(), c_int64(), c_int32()
    results, floats = (c_void_p * 1)(), (c_float * 1)()
    boxes = ((c_double * 4)(0, 1, 2, 3), doubles, None, 2)
    yield {
        "config_create": [b"continuous", byref(out)],
        "config_set_number": [config, b"nms_iou", 0.5],
        "config_set_integer": [config, b"upsample", 8],
        "config_set_flag": [config, b"keep_top1", 1],
        "config_set_numbers": [config, b"cas_thresholds", thresholds, 1],
        "config_set_choice": [config, b"nms", b"hard"],
        "config_check": [config],
        "propose": [video, config, byref(out)],
        "postprocess": [video, config, byref(out)],
        "postprocess_batch": [video, 1, config, 1, results],
        "video_scores": [byref(rows), config, floats],
        "nms": [*boxes, 0.5, numbers, byref(integer)],
        "soft_nms": [*boxes, b"linear", 0.5, 0.5, 0.0, numbers, doubles, byref(integer)],
        "bytes_create": [stream_state, len(stream_state), byref(out)],
        "stream_create": [live, 2, 0.5, byref(out)],
        "stream_push": [stream.handle, byref(rows), None, byref(out)],
        "stream_pending": [stream.handle, byref(out)],
        "stream_gap": [stream.handle, 1, byref(out)],
        "stream_reset": [stream.handle],
        "stream_save": [stream.handle, byref(out)],
        "stream_load": [stream_state, len(stream_state), byref(out)],
        "stream_num_snippets": [stream.handle, byref(integer)],
        "stream_buffered_snippets": [stream.handle, byref(integer)],
        "stream_finished": [stream.handle, byref(flag)],
        "stream_same_settings": [stream.handle, stream.handle, byref(flag)],
        "stream_finish": [stream.handle, None, None, byref(out)],
        "onset_detector_create": [live, thresholds, 1, 0.0, 2, 0.5, byref(out)],
        "onset_detector_push": [detector, byref(rows), byref(out)],
        "onset_detector_gap": [detector, 1],
        "onset_detector_save": [detector, byref(out)],
        "onset_detector_load": [detector, *state],
    }
    _free(api, config=live, bytes=onset_state, onset_detector=detector)


def _free(api: CApi, **handles: c_void_p) -> None:
    for name, handle in handles.items():
        getattr(api, f"{name}_free")(byref(handle))
