"""Corrected segments as targets of snippets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from basnet_rt.annotations import Segment

from .reading.corrected import Correction

FloatArray = npt.NDArray[np.float32]


def snippet_truth(
    correction: Correction, classes: Sequence[str], snippets: int, seconds: float
) -> FloatArray:
    """The share of each snippet that belongs to each class, from a person's corrections.

    Snippet i is the time [i * seconds, (i + 1) * seconds). A snippet at the edge of a segment
    counts in part, so that a segment shorter than a snippet is not lost.

    Returns:
        (T, C) float32 in [0, 1]; NaN where it is unknown. In a completely reviewed video,
        everything is known.
    """
    shape = (snippets, len(classes))
    accepted = _shares(correction.segments, classes, snippets, seconds)
    if correction.whole:
        return accepted
    rejected = _shares(correction.rejected, classes, snippets, seconds)
    known: FloatArray = np.full(shape, np.nan, np.float32)
    known[rejected >= 0.5] = 0
    inside = accepted > 0
    known[inside] = accepted[inside]
    return known


def _shares(
    segments: Iterable[Segment], classes: Sequence[str], snippets: int, seconds: float
) -> FloatArray:
    places = {name: at for at, name in enumerate(classes)}
    starts = np.arange(snippets) * seconds
    shares: FloatArray = np.zeros((snippets, len(classes)), np.float32)
    for one in segments:
        if one.label not in places:
            continue
        overlap = np.minimum(starts + seconds, one.end) - np.maximum(starts, one.start)
        column = shares[:, places[one.label]]
        column += np.clip(overlap / seconds, 0, 1).astype(np.float32)
    return np.clip(shares, 0, 1)


class SnippetTruth:
    """Targets of the corrected videos of a data set, each computed once.

    Args:
        corrections: by the features' name.
        seconds: from one snippet to the next, of a video by its name.
    """

    def __init__(
        self,
        corrections: Mapping[str, Correction],
        classes: Sequence[str],
        seconds: Callable[[str], float],
    ) -> None:
        self._corrections, self._classes, self._seconds = corrections, classes, seconds
        self._made: dict[str, FloatArray] = {}

    def of(self, name: str, snippets: int) -> FloatArray | None:
        """(T, C) of `snippet_truth`, or None if the video was not corrected."""
        if name not in self._corrections:
            return None
        if name not in self._made:
            self._made[name] = snippet_truth(
                self._corrections[name], self._classes, snippets, self._seconds(name)
            )
        return self._made[name]
