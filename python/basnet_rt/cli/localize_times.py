"""Durations and frame rates given to `localize`, and warnings about what the features are."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from basnet_rt._errors import Error
from basnet_rt._system.shown import shown
from basnet_rt.features.flat import is_flat, said_flat
from basnet_rt.features.lengths import contradiction
from basnet_rt.features.rates import (
    find_rates,
    of_these,
    rate_contradiction,
    rates_of,
    read_rates,
)
from basnet_rt.localize.inputs import Features
from basnet_rt.localize.localizer import Localizer
from basnet_rt.localize.many import Outcome
from basnet_rt.tags.reading import read_durations


@dataclass(frozen=True)
class Times:
    """Durations and rates given to a command, by video.

    Attributes:
        seconds: durations of --durations.
        lengths: durations of manifests, in seconds.
        rates: frames per second of --frame-rates.
    """

    seconds: dict[str, float | None]
    lengths: dict[str, float | None]
    rates: dict[str, float]


def read_times(
    durations: Path | None,
    rates: Path | None,
    inputs: list[Any],
    lengths: dict[str, float | None],
) -> Times:
    """The content of the given files.

    Raises:
        ValueError: a file cannot be read, the durations name none of the inputs, or the rates none
            of those with features.
    """
    seconds: dict[str, float | None] = {}
    if durations is not None:
        seconds = dict(of_these(durations, read_durations(durations), [one.name for one in inputs]))
    names = [one.name for one in inputs if isinstance(one, Features)]
    return Times(seconds, lengths, {} if rates is None else rates_of(rates, names))


def time_warnings(
    inputs: list[Any], outcome: Outcome, times: Times, localizer: Localizer
) -> list[str]:
    """Warnings about durations, frame rates of a package that were not given, and equal rows."""
    done = [one for one in inputs if isinstance(one, Features) and one.name in outcome.detections]
    warnings = [_duration_warning(done, times.seconds, times.rates, localizer)]
    warnings.append(_flat_warning(done))
    if not times.rates:
        return warnings + _rate_warnings(done, localizer)
    return [*warnings, _unrated(done, times.rates, localizer)]


def _unrated(done: list[Features], rates: dict[str, float], localizer: Localizer) -> str:
    """The warning about videos without a given rate, where others have one; else empty."""
    absent = [one.name for one in done if one.name not in rates]
    if not absent:
        return ""
    return (
        f"warning: --frame-rates does not name {len(absent)} of {len(done)} videos, such as "
        f"{shown(absent[0])}: their times are those of the bundle's rate, "
        f"{localizer.model.metadata.fps:g} frames a second"
    )


def _flat_warning(done: list[Features]) -> str:
    """The warning about videos whose rows are all equal; empty if there are none."""
    flat = []
    for one in done:
        with suppress(Error, OSError):  # the files may be gone by now
            flat += [one.name] if is_flat(one.source, one.name) else []
    if not flat:
        return ""
    return f"warning: {said_flat(flat, len(done))}: nothing can be found in them; make them anew"


def _duration_warning(
    done: list[Features],
    durations: dict[str, float | None],
    rates: dict[str, float],
    localizer: Localizer,
) -> str:
    """The warning if given durations do not fit the features at their rate."""
    fps = localizer.model.metadata.fps
    known = [one for one in done if durations.get(one.name)]
    pairs = [
        # The length of a video with another rate, in snippets of the bundle's rate.
        (one.source.shape(one.name)[0] * fps / rates.get(one.name, fps), durations[one.name])
        for one in known
    ]
    table = np.array(pairs, np.float64).reshape(-1, 2)
    return contradiction(
        table[:, 0],
        table[:, 1],
        localizer.model.metadata.snippet_seconds,
        "times of results are then wrong by that ratio: are the features of the rate that the "
        "bundle records, and the durations in seconds?",
        [one.name for one in known],
    )


def _rate_warnings(done: list[Features], localizer: Localizer) -> list[str]:
    """A warning for each package whose frame rates differ from the bundle's and were not given."""
    packages: dict[Path, dict[str, int]] = {}
    places = {one.path: find_rates(one.path) for one in done}
    for one in done:
        found = places[one.path]
        if found is not None:
            packages.setdefault(found, {})[one.name] = one.source.shape(one.name)[0]
    advice = (
        "where the features are of each recording's own rate, times of results are wrong by that "
        "ratio: --frame-rates {}"
    )
    fps = localizer.model.metadata.fps
    warnings = []
    for path, lengths in packages.items():
        try:
            rates = read_rates(path)
        except Error as error:
            warnings.append(f"warning: {error}")
        else:
            how = advice.format(path)
            warnings.append(rate_contradiction(lengths, rates, fps, str(path), how))
    return warnings
