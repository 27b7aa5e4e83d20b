"""Whether durations of videos and numbers of snippets agree; a wrong rate moves every segment."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

SLACK = 2.0  # snippets that a video's duration may be off
_SHARE = 0.9  # of the videos that must agree

Numbers = npt.NDArray[np.float64]


def agree(lengths: Numbers, durations: Numbers, seconds: float | Numbers) -> bool:
    """Whether nearly all videos are as long as their snippets say.

    Args:
        lengths: snippets of each video, (V,).
        durations: seconds of each, (V,).
        seconds: from one snippet to the next; one number, or one of each video.
    """
    off = np.abs(durations - lengths * seconds) <= SLACK * seconds
    return not len(lengths) or bool(off.mean() >= _SHARE)


def contradiction(lengths: Numbers, durations: Numbers, seconds: float, advice: str) -> str:
    """The warning, with the ratio, where they do not `agree`; empty where they do.

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
