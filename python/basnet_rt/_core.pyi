"""The compiled core; argument checks and formulas live there."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

_Int64 = npt.NDArray[np.int64]
_Float32 = npt.NDArray[np.float32]
_Float64 = npt.NDArray[np.float64]
_Found = tuple[_Int64, _Float32, _Float64]

__version__: str

class PostprocessConfig:
    def __init__(self, **fields: Any) -> None: ...

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
) -> list[_Found]: ...
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
