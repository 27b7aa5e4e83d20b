"""The C API as another language sees it: ctypes, plain pointers, no help from basnet_rt.

`CApi` holds the functions with their types. `Config`, `Stream` and the like call them and raise
`StatusError` where one fails.
"""

from __future__ import annotations

import ctypes
from ctypes import byref, c_char_p, c_double, c_int32, c_int64, c_size_t, c_void_p
from pathlib import Path
from typing import Any

import numpy as np

from basnet_rt import Detections, PostprocessConfig, Proposals

OK, ARGUMENT, TYPE, STATE, BUNDLE, MEMORY, INTERNAL = range(7)


class Rows(ctypes.Structure):
    _fields_ = (
        ("data", c_void_p),
        ("num_rows", c_int64),
        ("num_columns", c_int64),
        ("row_stride", c_int64),
    )


class Video(ctypes.Structure):
    _fields_ = (
        ("struct_size", c_size_t),
        ("cas", Rows),
        ("video_scores", c_void_p),
        ("raw_cas", ctypes.POINTER(Rows)),
        ("snippet_seconds", c_double),
        ("duration", ctypes.POINTER(c_double)),
    )


# h: a handle; o: where one is written; a: an array or struct; s: text; the rest: numbers.
_KINDS = {"h": c_void_p, "o": ctypes.POINTER(c_void_p), "a": c_void_p, "s": c_char_p}
_KINDS |= {"d": c_double, "l": c_int64, "i": c_int32, "z": c_size_t}

# Functions that return a status: the kinds of their arguments.
CHECKED = {
    "config_create": "so",
    "config_set_number": "hsd",
    "config_set_integer": "hsl",
    "config_set_flag": "hsi",
    "config_set_numbers": "hsal",
    "config_set_choice": "hss",
    "config_check": "h",
    "propose": "aho",
    "postprocess": "aho",
    "postprocess_batch": "alhia",
    "video_scores": "aha",
    "nms": "aaaldaa",
    "soft_nms": "aaalsdddaaa",
    "bytes_create": "azo",
    "stream_create": "hldo",
    "stream_push": "haao",
    "stream_pending": "ho",
    "stream_gap": "hlo",
    "stream_finish": "haao",
    "stream_reset": "h",
    "stream_save": "ho",
    "stream_load": "azo",
    "stream_num_snippets": "ha",
    "stream_buffered_snippets": "ha",
    "stream_finished": "ha",
    "stream_same_settings": "hha",
    "onset_detector_create": "haldldo",
    "onset_detector_push": "hao",
    "onset_detector_gap": "hl",
    "onset_detector_save": "ho",
    "onset_detector_load": "haz",
}
POOL_CHECKED = {
    "pool_options_create": "o",
    "pool_options_set_integer": "hsl",
    "pool_options_set_max_delay": "hd",
    "pool_options_set_alarm": "hald",
    "pool_output_resize": "hl",
    "pool_create": "ahlldho",
    "pool_open": "ha",
    "pool_push": "hlada",
    "pool_gap": "hll",
    "pool_end": "hla",
    "pool_poll": "hlo",
    "pool_poll_onsets": "hlo",
    "pool_pending": "hlo",
    "pool_wait": "hlda",
    "pool_close": "hlao",
    "pool_drop": "hl",
    "pool_ready": "hdala",
    "pool_save": "hlo",
    "pool_restore": "haza",
    "pool_status": "hla",
    "pool_step": "hia",
    "pool_shutdown": "hi",
}
POOL_FREED = ("pool", "pool_options")
MODEL_CHECKED = {
    "model_load": "ssio",
    "model_config": "ho",
    "model_streaming_config": "ho",
    "model_localize": "hahao",
    "model_make_pool": "hhho",
    "localizer_create": "hhaldio",
    "localizer_push": "hao",
    "localizer_pending": "ho",
    "localizer_onsets": "ho",
    "localizer_gap": "hlo",
    "localizer_finish": "hao",
    "localizer_reset": "h",
    "localizer_save": "ho",
    "localizer_load": "haz",
    "localizer_num_snippets": "ha",
    "localizer_finished": "ha",
}
MODEL_FREED = ("model", "localizer")
# What a model says of itself, without a status.
MODEL_FACTS = {
    "model_num_classes": c_int64,
    "model_feature_dim": c_int64,
    "model_snippet_seconds": c_double,
    "model_dtype": c_char_p,
    "model_kernel": c_char_p,
    "model_metadata": c_char_p,
}
OUTPUTS = ("pool_output_counts", "pool_output_activations", "pool_output_raw_cas")
FREED = ("config", "detections", "proposals", "bytes", "onsets", "stream", "onset_detector")
# Columns of results: NumPy's type and the width of a row.
COLUMNS = {
    "detections_labels": (np.int64, 1),
    "detections_scores": (np.float32, 1),
    "detections_segments": (np.float64, 2),
    "detections_decided": (np.int64, 1),
    "proposals_threshold_index": (np.int64, 1),
    "proposals_labels": (np.int64, 1),
    "proposals_scores": (np.float64, 1),
    "proposals_segments": (np.float64, 2),
    "onsets_labels": (np.int64, 1),
    "onsets_times": (np.float64, 1),
    "onsets_decided": (np.int64, 1),
    "onsets_activations": (np.float32, 1),
    "bytes_data": (np.uint8, 1),
}
OTHER = {"c_api_version": ctypes.c_uint32, "version": c_char_p, "last_error": c_char_p}


class StatusError(Exception):
    """A status other than OK, and the message of the thread."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class CApi:
    """Functions of the shared library, by their names without `basnet_rt_`."""

    def __init__(self, path: Path) -> None:
        self.library = ctypes.CDLL(str(path))
        for name, kinds in {**CHECKED, **POOL_CHECKED, **MODEL_CHECKED}.items():
            self._declare(name, [_KINDS[kind] for kind in kinds], c_int32)
        for name in (*FREED, *POOL_FREED, *MODEL_FREED):
            self._declare(f"{name}_free", [_KINDS["o"]], None)
        for name in (*COLUMNS, *OUTPUTS):
            self._declare(name, [c_void_p], c_void_p)
        for name in ("detections_size", "proposals_size", "onsets_size"):
            self._declare(name, [c_void_p], c_int64)
        self._declare("bytes_size", [c_void_p], c_size_t)
        self._declare("pool_output_set_error", [c_void_p, c_char_p], None)
        for name, result in MODEL_FACTS.items():
            self._declare(name, [c_void_p], result)
        self._declare("model_class_name", [c_void_p, c_int64], c_char_p)
        for name, result in OTHER.items():
            self._declare(name, [], result)

    def _declare(self, name: str, arguments: list[Any], result: Any) -> None:
        function = getattr(self.library, f"basnet_rt_{name}")
        function.argtypes, function.restype = arguments, result
        setattr(self, name, function)

    def checked(self, name: str, *arguments: Any) -> None:
        status = getattr(self, name)(*arguments)
        if status != OK:
            raise StatusError(status, self.last_error().decode())

    def refusal(self, name: str, *arguments: Any) -> tuple[int, str]:
        """Status and message of a call that must fail."""
        status = getattr(self, name)(*arguments)
        assert status != OK, name
        return status, self.last_error().decode()

    def made(self, name: str, *arguments: Any) -> c_void_p:
        """The handle that the function writes through its last pointer."""
        handle = c_void_p()
        self.checked(name, *arguments, byref(handle))
        return handle

    def column(self, name: str, found: c_void_p) -> np.ndarray:
        """A copy of one column of a result."""
        dtype, width = COLUMNS[name]
        size = getattr(self, f"{name.split('_')[0]}_size")(found)
        shape = (size, 2) if width == 2 else (size,)
        if size == 0:
            return np.zeros(shape, dtype)
        address = getattr(self, name)(found)
        raw = ctypes.string_at(address, size * width * np.dtype(dtype).itemsize)
        return np.frombuffer(raw, dtype).reshape(shape).copy()

    def columns(self, kind: str, *names: str, of: c_void_p) -> list[np.ndarray]:
        """Copies of columns of a result, which is freed."""
        found = [self.column(f"{kind}_{name}", of) for name in names]
        getattr(self, f"{kind}_free")(byref(of))
        return found


def rows_of(array: np.ndarray) -> Rows:
    """A view; the array must stay alive. A slice of columns is viewed without a copy."""
    assert array.dtype == np.float32
    stride = array.strides[0] // 4 if len(array) > 1 else array.shape[1]
    return Rows(array.ctypes.data, *array.shape, stride)


def config_of(api: CApi, config: PostprocessConfig) -> c_void_p:
    """Every field set by its name and kind."""
    handle = api.made("config_create", config.mode.encode())
    for name, value in config.to_dict().items():
        set_field(api, handle, name, value)
    return handle


def set_field(api: CApi, handle: c_void_p, name: str, value: Any) -> None:
    field = name.encode()
    if isinstance(value, bool):
        api.checked("config_set_flag", handle, field, value)
    elif isinstance(value, int):
        api.checked("config_set_integer", handle, field, value)
    elif isinstance(value, float):
        api.checked("config_set_number", handle, field, value)
    elif isinstance(value, str):
        api.checked("config_set_choice", handle, field, value.encode())
    elif value is None:
        api.checked("config_set_number", handle, field, float("inf"))
    else:
        api.checked(
            "config_set_numbers", handle, field, (c_double * len(value))(*value), len(value)
        )


def video_of(cas, video_scores, *, snippet_seconds, duration=None, raw_cas=None) -> Video:
    """The struct, with references to what it points to."""
    video = Video(ctypes.sizeof(Video), rows_of(cas), snippet_seconds=snippet_seconds)
    if video_scores is not None:
        video.video_scores = video_scores.ctypes.data
    if raw_cas is not None:
        video.raw_cas = ctypes.pointer(rows_of(raw_cas))
    if duration is not None:
        video.duration = ctypes.pointer(c_double(duration))
    video.alive = (cas, video_scores, raw_cas)
    return video


def detections(api: CApi, handle: c_void_p, mode: str) -> Detections:
    return Detections(
        *api.columns("detections", "labels", "scores", "segments", of=handle), mode=mode
    )


def postprocess(api: CApi, cas, video_scores, config: PostprocessConfig, **timing) -> Detections:
    settings, video = config_of(api, config), video_of(cas, video_scores, **timing)
    found = api.made("postprocess", byref(video), settings)
    api.config_free(byref(settings))
    return detections(api, found, config.mode)


def propose(api: CApi, cas, video_scores, config: PostprocessConfig, **timing) -> Proposals:
    settings, video = config_of(api, config), video_of(cas, video_scores, **timing)
    found = api.made("propose", byref(video), settings)
    api.config_free(byref(settings))
    names = ("threshold_index", "labels", "scores", "segments")
    return Proposals(*api.columns("proposals", *names, of=found))


class Stream:
    """A stream with the manner of basnet_rt.StreamPostprocessor."""

    def __init__(self, api: CApi, config: PostprocessConfig, *, num_classes, snippet_seconds):
        self.api = api
        settings = config_of(api, config)
        self.handle = api.made("stream_create", settings, num_classes, snippet_seconds)
        api.config_free(byref(settings))

    def push(self, activations: np.ndarray, cas: np.ndarray | None = None) -> Detections:
        raw = None if cas is None else byref(rows_of(cas))
        return self._finals("stream_push", byref(rows_of(activations)), raw)

    def gap(self, snippets: int) -> Detections:
        return self._finals("stream_gap", snippets)

    def finish(self, *, duration: float | None = None, video_scores: Any = None) -> Detections:
        scores = None if video_scores is None else np.asarray(video_scores, np.float32)
        end = None if duration is None else byref(c_double(duration))
        return self._finals("stream_finish", end, None if scores is None else scores.ctypes.data)

    def pending(self) -> Detections:
        return detections(self.api, self.api.made("stream_pending", self.handle), "continuous")

    def save(self) -> bytes:
        (state,) = self.api.columns("bytes", "data", of=self.api.made("stream_save", self.handle))
        return state.tobytes()

    def load(self, state: bytes) -> Stream:
        loaded = self.api.made("stream_load", state, len(state))
        self.close()
        self.handle = loaded
        return self

    def close(self) -> None:
        self.api.stream_free(byref(self.handle))

    __del__ = close

    def number(self, name: str, kind: Any = c_int64) -> int:
        value = kind()
        self.api.checked(f"stream_{name}", self.handle, byref(value))
        return value.value

    def _finals(self, name: str, *arguments: Any) -> Detections:
        found = self.api.made(name, self.handle, *arguments)
        columns = self.api.columns(
            "detections", "labels", "scores", "segments", "decided", of=found
        )
        return Detections(*columns[:3], mode="continuous", decided=columns[3])
