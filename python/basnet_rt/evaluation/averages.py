"""The averages over tIoU thresholds that papers report."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from basnet_rt.results import Float64Array

# THUMOS'14 papers average over tenths, ActivityNet ones over twentieths from 0.5.
FIELD_AVERAGES = {
    "0.1:0.5": tuple(k / 10 for k in range(1, 6)),
    "0.1:0.7": tuple(k / 10 for k in range(1, 8)),
    "0.3:0.7": tuple(k / 10 for k in range(3, 8)),
    "0.5:0.95": tuple(k / 20 for k in range(10, 20)),
}
SAME = 1e-6  # 0.1 * 3 is not 0.3


def field_averages(
    tiou_thresholds: Sequence[float] | Float64Array, values: Float64Array
) -> dict[str, float]:
    """Means of `values` (K,), one per threshold, over each range with all its thresholds."""
    rows = field_rows(tiou_thresholds)
    return {name: float(np.mean(values[chosen])) for name, chosen in rows.items()}


def field_rows(tiou_thresholds: Sequence[float] | Float64Array) -> dict[str, list[int]]:
    """The indices of each range among the K thresholds; incomplete ranges are left out."""
    given = np.asarray(tiou_thresholds, np.float64)
    rows = {}
    for name, levels in FIELD_AVERAGES.items():
        near = np.abs(given[None, :] - np.array(levels)[:, None]) < SAME
        if near.any(axis=1).all():
            rows[name] = near.argmax(axis=1).tolist()
    return rows
