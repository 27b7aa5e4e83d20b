"""From class activations to scored segments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from basnet_rt import _core
from basnet_rt._errors import InvalidType, InvalidValue
from basnet_rt.config import PostprocessConfig
from basnet_rt.postprocessing import gpu_batch
from basnet_rt.postprocessing.arrays import as_count, as_number, as_numpy, as_vector
from basnet_rt.postprocessing.backend_choice import CPU, CUDA, backend_for
from basnet_rt.postprocessing.gpu_arrays import any_on_gpu, to_host
from basnet_rt.results import Detections, Proposals


def propose(
    cas: Any,
    video_scores: Any,
    config: PostprocessConfig,
    *,
    snippet_seconds: float,
    duration: float | None = None,
    raw_cas: Any = None,
) -> Proposals:
    """Scored intervals of every threshold, before NMS; arguments as for `postprocess`."""
    found = _core.propose(
        *_video(cas, video_scores),
        _native(config),
        *_timing(snippet_seconds, duration),
        _optional(raw_cas),
    )
    return Proposals(*found)


def postprocess(
    cas: Any,
    video_scores: Any,
    config: PostprocessConfig,
    *,
    snippet_seconds: float,
    duration: float | None = None,
    raw_cas: Any = None,
) -> Detections:
    """Turn one video's class activations into scored segments.

    Args:
        cas: activations of the suppressed branch, background column removed. Shape (T, C),
            float32, C-contiguous, finite; NumPy or torch. Not modified. An array on a CUDA device,
            of any library with DLPack, is processed there, on torch's current stream; its rows may
            be strided, and video_scores and raw_cas must be there too.
        video_scores: shape (C,), in [0, 1]. May be None if the gate does not use them.
        config: thresholds and mode; see `PostprocessConfig`.
        snippet_seconds: distance between snippet starts, in seconds; > 0. In mode "published", of
            the T resampled snippets: snippet_frames * V / (T * fps) for V original ones.
        duration: length of the video in seconds; default T * snippet_seconds. Mode "continuous"
            clips to it; mode "published" ignores it.
        raw_cas: shape (T, C+1), float32, before activation and with the background column last;
            only for gate "horizon".

    Returns:
        Detections by falling score.

    Raises:
        TypeError: `cas` would have to be copied or cast.
        ValueError: a shape, a NaN or a setting is wrong; the message names it.
        BackendUnavailable: the GPU cannot be used; see docs/cuda.md.

    Source: Lee, Uh and Byun, AAAI 2020 (arXiv:1911.09963), inference. The mode "published" follows
    the authors' code; docs/numerics.md lists its differences from the paper.
    """
    on_gpu = any_on_gpu(cas)
    backend = backend_for(on_gpu)
    if on_gpu and backend == CUDA:
        batch = gpu_batch.one_video(cas, video_scores, raw_cas)
        found = gpu_batch.run(batch, _native(config), *timings(snippet_seconds, duration, 1))[0]
        return Detections(*found, mode=config.mode, backend=CUDA)
    if on_gpu or backend == CUDA:
        cas, video_scores, raw_cas = (to_host(one) for one in (cas, video_scores, raw_cas))
    rows, scores = _video(cas, video_scores)
    seconds, end = _timing(snippet_seconds, duration)
    native, raw = _native(config), _optional(raw_cas)
    if backend == CPU:
        found = _core.postprocess(rows, scores, native, seconds, end, raw)
        return Detections(*found, mode=config.mode)
    num_threads, single, gpu = 0, True, 0
    found = _core.postprocess_batch(
        [rows], [scores], native, [seconds], [end], [raw], num_threads, single, gpu
    )[0]
    return Detections(*found, mode=config.mode, backend=CUDA)


def postprocess_batch(
    cas: Any,
    video_scores: Any,
    config: PostprocessConfig,
    *,
    snippet_seconds: float | Sequence[float],
    duration: Sequence[float | None] | float | None = None,
    raw_cas: Any = None,
    lengths: Sequence[int] | None = None,
    num_threads: int = 0,
) -> list[Detections]:
    """`postprocess` for many videos, on all cores; the results are the same as one by one.

    Args:
        cas: list of (T_i, C) arrays, or one padded (N, T, C) array with `lengths`.
        video_scores: list of (C,) or one (N, C) array; None if the gate ignores them.
        snippet_seconds, duration: one for all, or one per video.
        raw_cas: list or padded array like `cas`, for gate "horizon".
        lengths: valid snippets of each video in a padded array; default: all.
        num_threads: 0 for one per core.

    On a GPU, padded batches are read in place; lists are concatenated there first.

    Returns:
        One `Detections` per video, in order.

    Raises:
        TypeError, ValueError: as `postprocess`; the message names the video as `videos[i]`.
    """
    on_gpu = any_on_gpu(cas)
    backend = backend_for(on_gpu)
    if on_gpu and backend == CUDA:
        batch = gpu_batch.gather(cas, video_scores, raw_cas, lengths)
        timing = timings(snippet_seconds, duration, len(batch.lengths))
        found = gpu_batch.run(batch, _native(config), *timing)
        return [Detections(*one, mode=config.mode, backend=CUDA) for one in found]
    cas, video_scores, raw_cas = (to_host(one) for one in (cas, video_scores, raw_cas))
    rows = _rows(cas, "cas", lengths)
    count = len(rows)
    scores = [None] * count if video_scores is None else _listed(video_scores, "video_scores")
    raw = [None] * count if raw_cas is None else _rows(raw_cas, "raw_cas", lengths)
    _check_count(count, video_scores=scores, raw_cas=raw)
    seconds, durations = timings(snippet_seconds, duration, count)
    found = _core.postprocess_batch(
        rows,
        [None if one is None else as_vector(one, "video_scores", np.float32) for one in scores],
        _native(config),
        seconds,
        durations,
        raw,
        as_count(num_threads, "num_threads"),
        False,
        0 if backend == CUDA else None,
    )
    return [Detections(*one, mode=config.mode, backend=backend) for one in found]


def timings(
    snippet_seconds: Any, duration: Any, count: int
) -> tuple[list[float], list[float | None]]:
    """Snippet seconds and duration of each video."""
    seconds, durations = _per_video(snippet_seconds, count), _per_video(duration, count)
    _check_count(count, snippet_seconds=seconds, duration=durations)
    timing = [_timing(*pair) for pair in zip(seconds, durations, strict=True)]
    return [one for one, _ in timing], [one for _, one in timing]


def _check_count(count: int, **lists: Sequence[Any]) -> None:
    for name, values in lists.items():
        if len(values) != count:
            raise InvalidValue(f"{name} has {len(values)} entries; cas has {count} videos")


def _video(cas: Any, video_scores: Any) -> tuple[Any, Any]:
    scores = None if video_scores is None else as_vector(video_scores, "video_scores", np.float32)
    return as_numpy(cas, "cas"), scores


def _timing(snippet_seconds: Any, duration: Any) -> tuple[float, float | None]:
    seconds = as_number(snippet_seconds, "snippet_seconds")
    return seconds, None if duration is None else as_number(duration, "duration")


def _optional(raw_cas: Any) -> Any:
    return None if raw_cas is None else as_numpy(raw_cas, "raw_cas")


def _native(config: PostprocessConfig) -> _core.PostprocessConfig:
    if not isinstance(config, PostprocessConfig):
        raise InvalidType(f"config is a {type(config).__name__}; it must be a PostprocessConfig")
    return config.native


def _rows(cas: Any, name: str, lengths: Sequence[int] | None) -> list[Any]:
    if isinstance(cas, (list, tuple)):
        rows = [as_numpy(one, f"{name}[{i}]") for i, one in enumerate(cas)]
    else:
        padded = as_numpy(cas, name)
        if padded.ndim != 3:
            raise InvalidValue(f"{name} has shape {padded.shape}; a padded batch is (N, T, C)")
        rows = list(padded)
    if lengths is None:
        return rows
    if len(lengths) != len(rows):
        raise InvalidValue(f"lengths has {len(lengths)} entries; {name} has {len(rows)} videos")
    for i, (row, length) in enumerate(zip(rows, lengths, strict=True)):
        if not 1 <= as_count(length, f"lengths[{i}]") <= len(row):
            raise InvalidValue(f"lengths[{i}] is {length}; it must be from 1 to {len(row)}")
    return [row[:length] for row, length in zip(rows, lengths, strict=True)]


def _listed(values: Any, name: str) -> list[Any]:
    try:
        return list(values)
    except TypeError as error:
        raise InvalidType(f"{name} is {values!r}; it must be a list or an array") from error


def _per_video(value: Any, count: int) -> list[Any]:
    if value is None or np.ndim(value) == 0:
        return [value] * count
    return list(value)
