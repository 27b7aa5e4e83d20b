"""Activations on the scale of the thresholds, only for drawing; results use the core's formula."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from basnet_rt.activation_files import Activations
from basnet_rt.results import Float32Array, Float64Array


def on_threshold_scale(found: Activations, settings: Mapping[str, Any]) -> Float32Array:
    """(T, C) float32: normalised with the settings of the results.

    Args:
        found: as saved by `basnet-rt localize --save-activations`.
        settings: of post-processing, as `PostprocessConfig.to_dict` gives them; empty: not known,
            and the activations are returned as they are.
    """
    cas = found.activations.astype(np.float64)
    kind = settings.get("normalisation", "video" if settings.get("mode") == "published" else None)
    if kind is None:
        return found.activations
    lo, hi = _range(cas, kind, settings, found.snippet_seconds)
    width = np.where(hi > lo, hi - lo, 1.0)
    return np.asarray((cas - lo) / width, np.float32)


def _range(
    cas: Float64Array, kind: str, settings: Mapping[str, Any], snippet_seconds: float
) -> tuple[Float64Array, Float64Array]:
    """The values that become 0 and 1; broadcasts with (T, C)."""
    if kind == "fixed":
        low, high = (np.asarray(settings[name], np.float64) for name in ("fixed_lo", "fixed_hi"))
        return low, high
    if kind == "video" or settings.get("horizon") is None:
        low, high = cas.min(axis=0), cas.max(axis=0)
    else:
        count = max(1, int(settings["horizon"] / snippet_seconds + 1e-9))
        # There are no snippets before the first, so the first windows are shorter.
        before = np.repeat(cas[:1], min(count, len(cas)) - 1, axis=0)
        windows = sliding_window_view(np.concatenate([before, cas]), len(before) + 1, axis=0)
        low, high = windows.min(axis=-1), windows.max(axis=-1)
    return np.maximum(low, 0.0), np.maximum(high, 0.0)
