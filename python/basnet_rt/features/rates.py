"""Frame rates of recordings, by video: `fps_dict.json` of packages of features."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from basnet_rt._errors import InvalidValue
from basnet_rt._system.json_file import read_json
from basnet_rt.features.lengths import SLACK

RATES = "fps_dict.json"
_ABOVE = 3  # parent folders of the features to search, as in package/features/test/rgb
_NAMED = 3


def read_rates(path: Path) -> dict[str, float]:
    """Frames per second by video.

    Raises:
        ValueError: it cannot be read, or is not an object of finite numbers above 0.
    """
    content = read_json(path)
    try:
        rates = {str(name): float(rate) for name, rate in content.items()}
    except (AttributeError, TypeError, ValueError, OverflowError):
        rates = {"": 0.0}
    if not all(0 < rate < float("inf") for rate in rates.values()):
        raise InvalidValue(
            f"{path}: expected an object of video to frames per second, each a finite number > 0, "
            f"such as {json.dumps({'video_test_0000004': 30.0})}"
        )
    return rates


def find_rates(features: Path) -> Path | None:
    """The `fps_dict.json` of the package that holds these features, if there is one."""
    place = features.resolve()
    folders = [place, *place.parents[:_ABOVE]]
    return next((at / RATES for at in folders if (at / RATES).is_file()), None)


def rates_of(path: Path, names: Iterable[str]) -> dict[str, float]:
    """Frame rates from a file given for these videos.

    Raises:
        ValueError: as `read_rates`; or it names none of the videos (names one of each side).
    """
    wanted, rates = list(names), read_rates(path)
    found = {name: rates[name] for name in wanted if name in rates}
    if wanted and not found:
        theirs = ", ".join(map(repr, list(rates)[:_NAMED])) or "nothing"
        ours = ", ".join(map(repr, wanted[:_NAMED]))
        raise InvalidValue(
            f"{path}: names none of the videos: it has {theirs}, the features are of {ours}; give "
            "both the same names"
        )
    return found


def rate_contradiction(
    lengths: Mapping[str, int], rates: Mapping[str, float], fps: float, where: str, advice: str
) -> str:
    """The warning, with the ratio, if frame rates do not fit the features; else empty.

    Args:
        lengths: snippets by video.
        rates: frames per second by video.
        fps: assumed rate of the features.
        where: the file with the rates.
        advice: the next step, for the end of the sentence.
    """
    ratios = {name: fps / rates[name] for name in lengths if name in rates}
    off = [one for name, one in ratios.items() if abs(one - 1) * lengths[name] > SLACK]
    if not off:
        return ""
    return (
        f"warning: the frame rates of {where} contradict {fps:g} frames a second in {len(off)} of "
        f"{len(ratios)} videos by more than {SLACK:g} snippets: {float(np.median(off)):.3g} times "
        f"what they come to; {advice}"
    )
