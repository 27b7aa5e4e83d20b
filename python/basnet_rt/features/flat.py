"""Features whose rows are all equal, as of a file filled with zeros: they tell nothing apart."""

from __future__ import annotations

import numpy as np

from basnet_rt._system.shown import shown
from basnet_rt.features.source import FeatureSource, FloatArray

_SAMPLED = 8
_NAMED = 3


def sampled_rows(source: FeatureSource, name: str) -> FloatArray:
    """A few rows of a video at equal steps, with the first and the last."""
    last = source.shape(name)[0] - 1
    return source.read(name, np.unique(np.linspace(0, last, _SAMPLED).astype(np.int64)))


def is_flat(source: FeatureSource, name: str) -> bool:
    """Whether all rows of a video are equal; a video of one row is if that is zero.

    All rows are read only if a few are equal.
    """
    if not _equal(sampled_rows(source, name)):
        return False
    return _equal(source.read(name))


def said_flat(names: list[str], total: int) -> str:
    """The sentence about such videos, without a next step."""
    more = ", ..." if len(names) > _NAMED else ""
    some = ", ".join(map(shown, names[:_NAMED])) + more
    return f"all rows are equal in {len(names)} of {total} videos ({some})"


def _equal(rows: FloatArray) -> bool:
    return not rows.any() or (len(rows) > 1 and bool((rows == rows[0]).all()))
