"""Checks that durations of videos and numbers of snippets agree; a wrong rate moves segments."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

SLACK = 2.0  # tolerance for a video's duration, in snippets
_SHARE = 0.9  # of the videos that must agree

Numbers = npt.NDArray[np.float64]


def agree(lengths: Numbers, durations: Numbers, seconds: float | Numbers) -> bool:
    """Whether the durations of nearly all videos agree with their numbers of snippets.

    Args:
        lengths: snippets of each video, (V,).
        durations: seconds of each, (V,).
        seconds: from one snippet to the next; one number, or one for each video.
    """
    off = np.abs(durations - lengths * seconds) <= SLACK * seconds
    return not len(lengths) or bool(off.mean() >= _SHARE)


def contradiction(lengths: Numbers, durations: Numbers, seconds: float, advice: str) -> str:
    """The warning, with the ratio, if they do not `agree`; else empty.

    Args:
        advice: the next step, for the end of the sentence.
    """
    if agree(lengths, durations, seconds):
        return ""
    ratio = float(np.median(durations / (lengths * seconds)))
    off = np.abs(durations - lengths * seconds) > SLACK * seconds
    return (
        f"warning: {int(off.sum())} of {len(lengths)} durations contradict the features by more "
        f"than {SLACK:g} snippets: {ratio:.3g} times what {seconds:.4g} s a snippet come to; "
        f"{advice}"
    )
