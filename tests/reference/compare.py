"""Comparing two lists of intervals as sets, each number to its own tolerance."""

from __future__ import annotations

from typing import Any

import numpy as np

from .results import Result


def unmatched(
    got: np.ndarray, want: np.ndarray, tolerance: np.ndarray
) -> tuple[list[int], list[int]]:
    """Indices of rows of `got` (N, K) and of `want` (M, K) that find no partner in the other.

    Partners are sought, not sorted side by side: rounding in a sort key would pair wrong rows.
    """
    free = np.ones(len(got), dtype=bool)
    lonely = []
    for i, row in enumerate(want):
        near = free & (np.abs(got - row) <= tolerance).all(axis=1)
        if near.any():
            free[np.argmax(near)] = False
        else:
            lonely.append(i)
    return np.flatnonzero(free).tolist(), lonely


def table(result: Result, with_index: bool) -> np.ndarray:
    """(N, 5) float64: label, threshold index (or 0), score, start, end."""
    index = result.threshold_index if with_index else np.zeros(len(result.labels))
    return np.column_stack([result.labels, index, result.scores, result.segments]).reshape(-1, 5)


def difference(
    got: Result,
    want: Result,
    *,
    times: float = 1e-9,
    scores: float = 1e-6,
    with_index: bool = True,
) -> str:
    """Empty where the two are the same set, else a text that shows what has no partner.

    `with_index=False` leaves the threshold index out: of equal intervals with equal scores
    either may be the one that NMS keeps.
    """
    a, b = table(got, with_index), table(want, with_index)
    tolerance = np.array([0.0, 0.0, scores, times, times])
    extra, missing = unmatched(a, b, tolerance)
    if not extra and not missing:
        return ""
    return (
        f"{len(extra)} unexpected of {len(a)}, {len(missing)} missing of {len(b)} "
        f"(label, threshold, score, start, end):\n+ {a[extra[:5]]}\n- {b[missing[:5]]}"
    )


def assert_same(got: Result, want: Result, **tolerances: Any) -> None:
    """Fails with the rows that have no partner; keywords as for `difference`."""
    message = difference(got, want, **tolerances)
    assert not message, message
