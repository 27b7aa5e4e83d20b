"""Golden post-processing cases and the real streams."""

from __future__ import annotations

import numpy as np
import pytest

GOLDEN_CASES = [
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
]


@pytest.fixture(scope="session")
def golden(shared):
    """Arrays by `<case>/<name>`."""
    with np.load(shared / "golden" / "postprocess.npz") as file:
        return {name: file[name] for name in file.files}


@pytest.fixture(params=GOLDEN_CASES)
def golden_case_name(request):
    return request.param
