"""Finds the cuts between shots, because motion across a cut has no meaning.

Two pictures are compared at the size of the cells. A cut changes most cells, and much more than
they change between other pictures around it. Violent action near the camera changes many cells too,
but in every pair of pictures, and the pictures stay similar.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

LEAST_CHANGE = 16.0  # mean absolute difference of a cut, in grey levels of 255
TIMES_USUAL = 8.0  # the change of a cut over the snippet's median change
LEAST_LIKENESS = 0.5  # correlation; below it, any large change is a cut


def change(before: Floats, after: Floats) -> tuple[float, float]:
    """The difference of two small grey pictures (H, W).

    Returns:
        Mean absolute difference in grey levels, and correlation in [-1, 1] (0 where one picture
        is all of one grey).
    """
    a, b = before.astype(np.float64).ravel(), after.astype(np.float64).ravel()
    difference = float(np.abs(a - b).mean())
    a, b = a - a.mean(), b - b.mean()
    length = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return difference, float((a * b).sum()) / length if length > 1e-9 else 0.0


def find_cuts(changes: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Marks the pairs of one snippet that lie across a cut.

    Args:
        changes: (P, 2), what `change` gave for each of its pairs.

    Returns:
        (P,) True where the change is at least 16 grey levels and, besides, more than 8 times the
        median of the snippet's changes or with a correlation below 1/2.
    """
    difference, likeness = np.asarray(changes, dtype=np.float64).reshape(-1, 2).T
    unusual = difference > TIMES_USUAL * np.median(difference) if len(difference) else False
    cuts: npt.NDArray[np.bool_] = (difference >= LEAST_CHANGE) & (
        unusual | (likeness < LEAST_LIKENESS)
    )
    return cuts
