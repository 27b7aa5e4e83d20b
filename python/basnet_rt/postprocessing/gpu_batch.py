"""Post-processing of activations on a GPU, on its current stream."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from basnet_rt import _core
from basnet_rt._errors import InvalidValue
from basnet_rt.postprocessing import gpu_arrays as arrays
from basnet_rt.postprocessing.arrays import as_count

Found = tuple[Any, Any, Any]  # labels, scores, segments of one video


@dataclass(frozen=True, eq=False)
class GpuBatch:
    """One call's arrays, on one device.

    Attributes:
        cas: (sum of T, C), or (N, T, C) padded; float32.
        lengths: valid snippets of each video.
        video_scores: (N, C) or None.
        raw_cas: as `cas` with C+1 columns, or None.
        single: whether it is one video instead of a batch, so errors do not name a video.
    """

    cas: Any
    lengths: list[int]
    video_scores: Any
    raw_cas: Any
    single: bool = False

    @property
    def device(self) -> int:
        return arrays.gpu_of(self.cas)

    def capsules(self, stream: int) -> tuple[Any, Any, Any]:
        """cas, video_scores and raw_cas as DLPack capsules for the core."""
        named = {"cas": self.cas, "video_scores": self.video_scores, "raw_cas": self.raw_cas}
        cas, scores, raw = (
            None if value is None else arrays.capsule(value, name, stream)
            for name, value in named.items()
        )
        return cas, scores, raw


def gather(cas: Any, video_scores: Any, raw_cas: Any, lengths: Sequence[int] | None) -> GpuBatch:
    """Make a batch; arguments as for `postprocess_batch`, `cas` on a GPU.

    Raises:
        TypeError, ValueError: lists do not fit each other, or are on several devices.
    """
    if not isinstance(cas, (list, tuple)):
        rows, counted = cas, _padded_lengths(cas, lengths)
        raw = raw_cas
    else:
        parts = _cut(cas, lengths)
        rows, counted = arrays.joined(parts, "cas"), [int(one.shape[0]) for one in parts]
        raw = None if raw_cas is None else arrays.joined(_cut(raw_cas, lengths), "raw_cas")
    if video_scores is not None:
        if len(video_scores) != len(counted):
            raise InvalidValue(
                f"video_scores has {len(video_scores)} entries; cas has {len(counted)} videos"
            )
        video_scores = arrays.scores_on(video_scores, arrays.gpu_of(rows))
    return GpuBatch(rows, counted, video_scores, None if raw is None else arrays.contiguous(raw))


def one_video(cas: Any, video_scores: Any, raw_cas: Any) -> GpuBatch:
    """A batch of one video; arguments as for `postprocess`, `cas` on a GPU."""
    for name, value in (("cas", cas), ("raw_cas", raw_cas)):
        if value is not None and len(value.shape) != 2:
            raise InvalidValue(f"{name} has shape {tuple(value.shape)}; it must be (T, C)")
    if video_scores is not None:
        video_scores = arrays.scores_on([video_scores], arrays.gpu_of(cas))
    raw = None if raw_cas is None else arrays.contiguous(raw_cas)
    return GpuBatch(cas, [int(cas.shape[0])], video_scores, raw, single=True)


def run(
    batch: GpuBatch,
    config: _core.PostprocessConfig,
    snippet_seconds: Sequence[float],
    durations: Sequence[float | None],
) -> list[Found]:
    """Detections of each video; waits for the current stream once.

    Raises:
        BackendUnavailable: the device has too little memory, or fails.
    """
    stream = arrays.current_stream(batch.device)
    cas, scores, raw = batch.capsules(stream)
    return _core.postprocess_batch_cuda(
        cas, scores, config, batch.lengths, snippet_seconds, durations, raw, stream, batch.single
    )


def gpu_video_scores(cas: Any, config: Any) -> Any:
    """`_core.video_scores` on the device of the CAS: (C,) float32 from a raw CAS (T, C+1).

    Computed in float64, as in the core; only the order of sums and the device's `exp` differ.
    """
    best = max(1, len(cas) // config.topk_divisor)
    means = cas.double().topk(best, dim=0)[0].mean(dim=0)
    softmax = config.score_function == "softmax"
    return (means.softmax(dim=0) if softmax else means.sigmoid())[:-1].float()


def _padded_lengths(cas: Any, lengths: Sequence[int] | None) -> list[int]:
    shape = tuple(cas.shape)
    if len(shape) != 3:
        raise InvalidValue(f"cas has shape {shape}; a padded batch is (N, T, C)")
    if lengths is None:
        return [int(shape[1])] * int(shape[0])
    if len(lengths) != shape[0]:
        raise InvalidValue(f"lengths has {len(lengths)} entries; cas has {shape[0]} videos")
    return [as_count(one, f"lengths[{i}]") for i, one in enumerate(lengths)]


def _cut(rows: Sequence[Any], lengths: Sequence[int] | None) -> list[Any]:
    if lengths is None:
        return list(rows)
    if len(lengths) != len(rows):
        raise InvalidValue(f"lengths has {len(lengths)} entries; cas has {len(rows)} videos")
    for i, (row, length) in enumerate(zip(rows, lengths, strict=True)):
        if not 1 <= as_count(length, f"lengths[{i}]") <= len(row):
            raise InvalidValue(f"lengths[{i}] is {length}; it must be from 1 to {len(row)}")
    return [row[:length] for row, length in zip(rows, lengths, strict=True)]
