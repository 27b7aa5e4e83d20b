"""The compiled core; argument checks and formulas live there."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

_Int64 = npt.NDArray[np.int64]
_Float32 = npt.NDArray[np.float32]
_Float64 = npt.NDArray[np.float64]
_Found = tuple[_Int64, _Float32, _Float64]

__version__: str

class PostprocessConfig:
    def __init__(self, fields: dict[str, Any]) -> None: ...

def check(config: PostprocessConfig, num_classes: int) -> None: ...
def propose(
    cas: npt.NDArray[Any],
    video_scores: npt.NDArray[Any] | None,
    config: PostprocessConfig,
    snippet_seconds: float,
    duration: float | None,
    raw_cas: npt.NDArray[Any] | None,
) -> tuple[_Int64, _Int64, _Float64, _Float64]: ...
def postprocess(
    cas: npt.NDArray[Any],
    video_scores: npt.NDArray[Any] | None,
    config: PostprocessConfig,
    snippet_seconds: float,
    duration: float | None,
    raw_cas: npt.NDArray[Any] | None,
) -> _Found: ...
def postprocess_batch(
    cas: Sequence[npt.NDArray[Any]],
    video_scores: Sequence[npt.NDArray[Any] | None],
    config: PostprocessConfig,
    snippet_seconds: Sequence[float],
    durations: Sequence[float | None],
    raw_cas: Sequence[npt.NDArray[Any] | None],
    num_threads: int,
    single: bool,
    device: int | None,
) -> list[_Found]: ...
def cuda_support() -> tuple[bool, int, str]: ...
def postprocess_batch_cuda(
    cas: Any,
    video_scores: Any | None,
    config: PostprocessConfig,
    lengths: Sequence[int],
    snippet_seconds: Sequence[float],
    durations: Sequence[float | None],
    raw_cas: Any | None,
    stream: int,
    single: bool = False,
) -> list[_Found]: ...

class CudaPostprocessor:
    def __init__(
        self,
        config: PostprocessConfig,
        num_classes: int,
        lengths: Sequence[int],
        spacing: int,
        snippet_seconds: Sequence[float],
        durations: Sequence[float | None],
        device: int,
        max_detections: int,
        pool_bytes: int,
    ) -> None: ...
    @property
    def scratch_bytes(self) -> int: ...
    @property
    def result_bytes(self) -> int: ...
    def enqueue(
        self,
        cas: Any,
        video_scores: Any | None,
        raw_cas: Any | None,
        lengths: Sequence[int],
        scratch: int,
        results: int,
        stream: int,
    ) -> None: ...
    def shortage(self, results: int) -> tuple[int, int] | None: ...
    def read(self, results: int) -> list[_Found]: ...

class CudaStreamPostprocessor:
    def __init__(
        self,
        config: PostprocessConfig,
        num_classes: int,
        snippet_seconds: float,
        max_streams: int,
        max_rows: int,
        device: int,
    ) -> None: ...
    def step(
        self,
        slots: _Int64,
        counts: _Int64,
        fresh: npt.NDArray[np.bool_],
        mark: str,
        gap: int,
        duration: float | None,
        activations: Any | None,
        raw_cas: Any | None,
        stream: int,
    ) -> tuple[_Int64, _Int64, _Float32, _Float64, _Int64, _Int64, list[tuple[int, str]]]: ...
    def save(self, slot: int, stream: int) -> bytes: ...
    def load(self, slot: int, state: bytes, stream: int) -> None: ...
    @property
    def state_bytes(self) -> int: ...

def nms(segments: _Float64, scores: _Float64, labels: _Int64, iou: float) -> _Int64: ...
def soft_nms(
    segments: _Float64,
    scores: _Float64,
    labels: _Int64,
    gaussian: bool,
    iou: float,
    sigma: float,
    min_score: float,
) -> tuple[_Int64, _Float64]: ...
def evaluate(
    truth_videos: _Int64,
    truth_labels: _Int64,
    truth_segments: _Float64,
    videos: _Int64,
    labels: _Int64,
    segments: _Float64,
    scores: _Float64,
    num_labels: int,
    tiou_thresholds: Sequence[float],
    video_names: Sequence[str],
    num_threads: int,
) -> tuple[_Float64, _Float64, float]: ...

_Finals = tuple[_Int64, _Float32, _Float64, _Int64]

class StreamPostprocessor:
    def __init__(
        self, config: PostprocessConfig, num_classes: int, snippet_seconds: float
    ) -> None: ...
    def push(self, activations: npt.NDArray[Any], cas: npt.NDArray[Any] | None) -> _Finals: ...
    def pending(self) -> _Found: ...
    def gap(self, snippets: int) -> _Finals: ...
    def finish(self, duration: float | None, video_scores: npt.NDArray[Any] | None) -> _Finals: ...
    def reset(self) -> None: ...
    def save(self) -> bytes: ...
    @staticmethod
    def load(state: bytes) -> StreamPostprocessor: ...
    @property
    def num_snippets(self) -> int: ...
    @property
    def num_classes(self) -> int: ...
    @property
    def snippet_seconds(self) -> float: ...
    @property
    def finished(self) -> bool: ...
    @property
    def buffered_snippets(self) -> int: ...
    def same_settings(self, other: StreamPostprocessor) -> bool: ...
    def differing_settings(self, other: StreamPostprocessor) -> str: ...

def video_scores(raw_cas: npt.NDArray[Any], config: PostprocessConfig) -> _Float32: ...

_Onsets = list[tuple[int, float, int, float]]
_NamedArrays = Sequence[tuple[str, _Float32]]

def save_network_state(weights: int, seen: int, arrays: _NamedArrays) -> bytes: ...
def load_network_state(
    state: bytes, weights: int, weights_0_1: int, like: _NamedArrays
) -> tuple[int, list[_Float32]]: ...
def weights_digests(weights: _NamedArrays) -> tuple[int, int]: ...

class NetworkLocalizer:
    def __init__(
        self,
        network: Any,
        classes: Sequence[str],
        feature_dim: int,
        snippet_seconds: float,
        features: str,
        config: PostprocessConfig,
        alarm: tuple[Sequence[float], float] | None,
        zero_bad_features: bool,
    ) -> None: ...
    def push(self, features: npt.NDArray[Any]) -> _Finals: ...
    def pending(self) -> _Found: ...
    def onsets(self) -> _Onsets: ...
    def gap(self, snippets: int) -> _Finals: ...
    def finish(self, duration: float | None) -> _Finals: ...
    def reset(self) -> None: ...
    def save(self) -> bytes: ...
    def load(self, state: bytes) -> None: ...
    def statistics(self) -> dict[str, Any]: ...
    @property
    def num_snippets(self) -> int: ...
    @property
    def finished(self) -> bool: ...

class StreamPool:
    def __init__(
        self,
        network: Any,
        config: PostprocessConfig,
        num_classes: int,
        feature_dim: int,
        snippet_seconds: float,
        max_batch: int,
        max_delay: float,
        max_queue: int,
        max_streams: int,
        zero_bad_features: bool,
        threaded: bool,
        clock: Callable[[], float] | None,
        alarm: tuple[Sequence[float], float] | None,
        device: int | None,
    ) -> None: ...
    def open(self) -> int: ...
    def push(self, stream: int, features: npt.NDArray[Any], timeout: float) -> bool: ...
    def gap(self, stream: int, snippets: int) -> None: ...
    def end(self, stream: int, duration: float | None) -> None: ...
    def poll(self, stream: int) -> _Finals: ...
    def onsets(self, stream: int) -> _Onsets: ...
    def save(self, stream: int) -> bytes: ...
    def restore(self, state: bytes) -> int: ...
    def wait(self, stream: int, timeout: float) -> bool: ...
    def close(self, stream: int, duration: float | None) -> _Finals: ...
    def drop(self, stream: int) -> None: ...
    def pending(self, stream: int) -> _Found: ...
    def ready(self, timeout: float) -> list[int]: ...
    def status(self, stream: int) -> str: ...
    def stream_statistics(self, stream: int) -> dict[str, Any]: ...
    def statistics(self) -> dict[str, Any]: ...
    def step(self, force: bool) -> bool: ...
    def shutdown(self, drain: bool) -> None: ...

class OnsetDetector:
    def __init__(
        self,
        thresholds: Sequence[float],
        hold: float,
        config: PostprocessConfig,
        num_classes: int,
        snippet_seconds: float,
    ) -> None: ...
    def push(self, activations: npt.NDArray[Any]) -> _Onsets: ...
    def gap(self, snippets: int) -> None: ...
    def save(self) -> bytes: ...
    def load(self, state: bytes) -> None: ...
