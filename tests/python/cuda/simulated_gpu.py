"""Tensors in host memory taken for arrays on a GPU; the CPU backend stands in for the core's call.

Whatever Python gathers, cuts, joins and times on the way must come to the same detections.
"""

from __future__ import annotations

import numpy as np
import torch

from basnet_rt import _core
from basnet_rt.localize import localizer
from basnet_rt.postprocessing import gpu_arrays


def on_cpu(cas, scores, config, lengths, seconds, durations, raw, stream, single=False):
    """`_core.postprocess_batch_cuda` of host arrays, read as its binding reads them."""
    assert stream == 0
    padded = cas.ndim == 3
    begins = np.cumsum([0, *lengths[:-1]]) if not padded else np.arange(len(lengths)) * cas.shape[1]
    rows = [slice(begin, begin + n) for begin, n in zip(begins, lengths, strict=True)]

    def cut(array):
        if array is None:
            return [None] * len(rows)
        flat = array.reshape(-1, array.shape[-1])
        return [np.ascontiguousarray(flat[one]) for one in rows]

    by_video = [None] * len(rows) if scores is None else list(np.atleast_2d(scores))
    return _core.postprocess_batch(
        cut(cas), by_video, config, seconds, durations, cut(raw), 1, single, None
    )


def simulate(monkeypatch):
    """torch tensors are taken for arrays on GPU 0."""

    def is_tensor(value):
        return isinstance(value, torch.Tensor)

    def stays(device_type):
        return True

    monkeypatch.setattr(gpu_arrays, "on_gpu", is_tensor)
    monkeypatch.setattr(gpu_arrays, "gpu_of", lambda value: 0)
    monkeypatch.setattr(gpu_arrays, "current_stream", lambda device: 0)
    monkeypatch.setattr(gpu_arrays, "_onto", lambda tensor, device: tensor)
    monkeypatch.setattr(gpu_arrays, "capsule", lambda value, name, stream: value.detach().numpy())
    monkeypatch.setattr(_core, "cuda_support", lambda: (True, 1, ""))
    monkeypatch.setattr(_core, "postprocess_batch_cuda", on_cpu)
    monkeypatch.setattr(localizer, "stays_on", stays)
