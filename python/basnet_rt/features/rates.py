"""Frame rates of recordings, by video: `fps_dict.json` of packages of features."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from basnet_rt._errors import InvalidValue
from basnet_rt._system.json_file import read_json
from basnet_rt._system.shown import shown
from basnet_rt.features.lengths import SLACK

V = TypeVar("V")

RATES = "fps_dict.json"
_ABOVE = 3  # parent folders of the features to search, as in package/features/test/rgb
_NAMED = 3
LEAST_FPS, MOST_FPS = 0.00001, 1000  # less than a picture a day; as in formats/timecode.py


def read_rates(path: Path) -> dict[str, float]:
    """Frames per second by video, each from `LEAST_FPS` to `MOST_FPS`.

    Raises:
        ValueError: it cannot be read, or is not an object of such numbers; names video and value.
    """
    content = read_json(path)
    if not isinstance(content, dict):
        raise InvalidValue(
            f"{path}: is {shown(content)}; expected an object of video to frames per second, such "
            f"as {json.dumps({'video_test_0000004': 30.0})}"
        )
    return {name: _rate(f"{path}: video {shown(name)}", rate) for name, rate in content.items()}


def _rate(where: str, value: Any) -> float:
    """A number, or a text of one."""
    try:
        rate = 0.0 if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        rate = 0.0
    if not LEAST_FPS <= rate <= MOST_FPS:
        raise InvalidValue(
            f"{where}: a frame rate of {shown(value)}; it must be a number of frames per second "
            f"from {LEAST_FPS:.5f} to {MOST_FPS}, such as 25 or 29.97"
        )
    return rate


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
    return of_these(path, read_rates(path), names)


def of_these(path: Path, told: Mapping[str, V], names: Iterable[str]) -> dict[str, V]:
    """The values that a file has of these videos.

    Raises:
        ValueError: it has none of them; names some of each side.
    """
    wanted = list(names)
    found = {name: told[name] for name in wanted if name in told}
    if wanted and not found:
        theirs = ", ".join(map(shown, list(told)[:_NAMED])) or "nothing"
        ours = ", ".join(map(shown, wanted[:_NAMED]))
        raise InvalidValue(
            f"{path}: names none of the videos: it has {theirs}, the videos are {ours}; give both "
            "the same names"
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
