"""Many videos through one localizer: finished videos are kept, failed ones are named."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from basnet_rt._core import __version__
from basnet_rt._errors import Error
from basnet_rt._system.file_digest import file_sha256
from basnet_rt.activation_files import ActivationFolder
from basnet_rt.config import PostprocessConfig
from basnet_rt.localize.inputs import Failure, Features, Given, Input, PixelReader, Pixels
from basnet_rt.localize.journal import Journal
from basnet_rt.localize.localizer import Localizer
from basnet_rt.model.model import Model
from basnet_rt.results import Detections


@dataclass
class Outcome:
    """The result for every video.

    Attributes:
        detections: by video, in the order of the request.
        failures: the videos that failed.
        num_resumed: number of videos taken from the journal.
        offsets: seconds from the start of a video's file to its first picture, if not 0.
    """

    detections: dict[str, Detections] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    num_resumed: int = 0
    offsets: dict[str, float] = field(default_factory=dict)


def localize_videos(
    localizer: Localizer,
    videos: Sequence[Input],
    journal: Journal,
    *,
    durations: Mapping[str, float | None] | None = None,
    rates: Mapping[str, float] | None = None,
    activations: ActivationFolder | None = None,
    read_pixels: PixelReader = lambda videos: iter(()),
    advance: Callable[[int], None] = lambda remaining: None,
) -> Outcome:
    """Localize features one after the other, then videos; a failure does not stop the rest.

    Videos that the journal has, with the same features, are not done again.

    Args:
        durations: seconds by name; the default is the duration in the features' sidecar or in the
            video itself.
        rates: frames per second of features by name; the default is the bundle's. Decoded videos
            have the extractor's rate.
        activations: folder for each video's activations, written before the video counts as done.
        read_pixels: makes the features of videos.
        advance: called with the number of videos left, first before any is done.
    """
    prints = {video.name: video.fingerprint() for video in videos}
    done = {n: found for n, (of, found) in journal.done.items() if prints.get(n) == of}
    if activations is not None:
        done = {name: found for name, found in done.items() if name in activations}
    outcome = Outcome(num_resumed=len(done))
    outcome.offsets = {name: at for name, at in journal.offsets.items() if name in done}
    todo = [video for video in videos if video.name not in done]
    advance(len(todo))
    with closing(_read(todo, localizer, read_pixels)) as given_ones:
        for left, (video, given) in zip(range(len(todo) - 1, -1, -1), given_ones, strict=True):
            seconds = (durations or {}).get(video.name)
            fps = (rates or {}).get(video.name) if isinstance(video, Features) else None
            found = localized(localizer, video.name, given, seconds, activations, fps)
            if isinstance(found, Failure):
                outcome.failures.append(found)
            else:
                offset = given.offset if isinstance(given, Given) else 0.0
                if offset:
                    outcome.offsets[video.name] = offset
                journal.add(video.name, prints[video.name], found, offset)
                done[video.name] = found
            advance(left)
    outcome.detections = {video.name: done[video.name] for video in videos if video.name in done}
    return outcome


def _read(
    videos: Sequence[Input], localizer: Localizer, read_pixels: PixelReader
) -> Generator[tuple[Input, Given | Failure], None, None]:
    for video in videos:
        if isinstance(video, Features):
            try:
                yield video, video.read(localizer.model.metadata)
            except Exception as error:  # noqa: BLE001 (readers of files fail in every way)
                yield video, failure_of(video.name, error)
    pixels = [video for video in videos if isinstance(video, Pixels)]
    if pixels:  # closed with this generator, as `yield from` does
        yield from read_pixels(pixels)


def localized(
    localizer: Localizer,
    name: str,
    given: Given | Failure,
    duration: float | None,
    folder: ActivationFolder | None,
    fps: float | None = None,
) -> Detections | Failure:
    """One video's detections, or the reason of a failure; errors of a video are not raised."""
    if isinstance(given, Failure):
        return given
    seconds = given.duration if duration is None else duration
    try:
        if folder is None:
            return localizer(given.features, duration=seconds, fps=fps)
        found, activations = localizer.with_activations(given.features, duration=seconds, fps=fps)
        folder.write(name, activations)
        return found
    except Exception as error:  # noqa: BLE001 (torch and NumPy raise their own)
        return failure_of(name, error)


def failure_of(name: str, error: Exception) -> Failure:
    """A video's error for people."""
    known = isinstance(error, (Error, OSError))
    return Failure(name, str(error) if known else f"{type(error).__name__}: {error}")


def run_key(
    localizer: Localizer,
    model_path: Path,
    durations: Mapping[str, Any],
    activations: Path | None = None,
    rates: Mapping[str, float] | None = None,
) -> str:
    """A key that changes with everything that changes results, except for the features.

    It also changes with the folder of activations, because older files there may be of another
    model.
    """
    digest = file_sha256(model_path)
    settings = {
        "version": __version__,
        "config": localizer.config.to_dict(),
        "device": str(localizer.model.device),
        "dtype": localizer.model.dtype,
        "durations": dict(durations),
        "activations": None if activations is None else str(activations.resolve()),
    }
    if rates:
        settings["rates"] = dict(rates)
    digest.update(json.dumps(settings, sort_keys=True).encode())
    key: str = digest.hexdigest()
    return key


def provenance_of(model: Model, config: PostprocessConfig) -> dict[str, Any]:
    """The origin of results: model, mode and settings; plain values."""
    return {
        "mode": config.mode,
        "simulated": model.simulated,
        "model": model.name,
        "classes": list(model.classes),
        "feature_extractor": model.metadata.feature_extractor,
        "postprocess": config.to_dict(),
        "bundle": dict(model.metadata.provenance),
    }
