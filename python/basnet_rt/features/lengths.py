"""Checks that durations of videos and numbers of snippets agree; a wrong rate moves segments."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from basnet_rt._system.shown import shown

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


def contradiction(
    lengths: Numbers, durations: Numbers, seconds: float, advice: str, names: Sequence[str] = ()
) -> str:
    """The warning, with the usual ratio and one video's, if they do not `agree`; else empty.

    Args:
        names: of the videos; without them the warning names none.
        advice: the next step, for the end of the sentence.
    """
    if agree(lengths, durations, seconds):
        return ""
    ratios = durations / (lengths * seconds)
    off = np.abs(durations - lengths * seconds) > SLACK * seconds
    first = int(np.argmax(off))
    such = f" ({shown(names[first])}: {ratios[first]:.3g})" if len(names) else ""
    return (
        f"warning: {int(off.sum())} of {len(lengths)} durations contradict the features by more "
        f"than {SLACK:g} snippets: {float(np.median(ratios[off])):.3g} times what {seconds:.4g} s "
        f"a snippet come to{such}; {advice}"
    )
