"""The golden cases of mode `published`: the released code's own inputs and outputs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

PUBLISHED_CASES = (
    "smooth_T750",
    "smooth_T750_short_video",
    "smooth_T750_long_video",
    "bumps_T750",
    "bumps_T100_anet",
    "noise_T75",
    "T2",
    "T3",
    "T37_scale1",
    "T64_scale8",
    "all_negative",
    "all_positive",
    "constant_row",
    "peak_at_first_snippet",
    "peak_at_last_snippet",
    "plateaus",
    "class_zero_only",
    "no_class",
    "nms_0.3",
    "dense_thresholds",
    "wide_outer",
)


def published_arrays(shared: Path) -> dict[str, Any]:
    """Arrays by `<case>/<name>`."""
    with np.load(shared / "golden" / "postprocess.npz") as file:
        return {name: file[name] for name in file.files}
