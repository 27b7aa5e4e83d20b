"""Many feature files through one localizer: what is done stays done, what is bad is named."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from basnet_rt._core import __version__
from basnet_rt._errors import Error, InvalidValue
from basnet_rt._feature_files import SUFFIXES
from basnet_rt._journal import Journal
from basnet_rt.activation_files import ActivationFolder
from basnet_rt.features import MODALITIES, FeatureSource, open_features
from basnet_rt.localizer import Localizer
from basnet_rt.results import Detections


@dataclass(frozen=True)
class Video:
    """One video whose features lie in `source`; `path` is the argument that named it."""

    name: str
    path: Path
    source: FeatureSource

    def fingerprint(self) -> str:
        """Path, size and time of its files: other features of the same name differ in it."""
        path = self.path.resolve()
        folders = (path, path / "rgb", path / "flow")
        files = [path, *(f / f"{self.name}{suffix}" for f in folders for suffix in SUFFIXES)]
        found = [(file, file.stat()) for file in files if file.is_file()]
        return ";".join(f"{file}:{stat.st_size}:{stat.st_mtime_ns}" for file, stat in found)


@dataclass(frozen=True)
class Failure:
    """A video or a path that could not be worked on, and why."""

    name: str
    reason: str


def find_videos(
    paths: Sequence[str | Path], modality: str = "rgb+flow"
) -> tuple[list[Video], list[Failure]]:
    """Every video in files and folders of features (see `open_features`), in order.

    A path that cannot be opened is a failure; the others are still found.

    Raises:
        ValueError: two paths hold a video of the same name, so that results would mix.
    """
    videos: dict[str, Video] = {}
    failures = []
    part = modality if modality in MODALITIES else "rgb+flow"
    for path in map(Path, paths):
        try:
            source = open_features(path, modality=part)
        except (Error, OSError) as error:
            failures.append(Failure(str(path), str(error)))
            continue
        for name in source.names:
            if name in videos:
                raise InvalidValue(f"video {name!r} is both in {videos[name].path} and in {path}")
            videos[name] = Video(name, path, source)
    return list(videos.values()), failures


@dataclass
class Outcome:
    """What became of every video.

    Attributes:
        detections: by video, in the order of the request.
        failures: what could not be worked on.
        num_resumed: how many were taken over from the journal.
    """

    detections: dict[str, Detections] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    num_resumed: int = 0


def localize_videos(
    localizer: Localizer,
    videos: Sequence[Video],
    journal: Journal,
    *,
    durations: Mapping[str, float | None] | None = None,
    activations: ActivationFolder | None = None,
    advance: Callable[[int], None] = lambda remaining: None,
) -> Outcome:
    """Localize one after the other; a video that fails does not stop the rest.

    What the journal has of the same features is not done again.

    Args:
        durations: seconds by name; the default for videos it does not name.
        activations: where each video's activations are kept too, before it counts as done.
        advance: called with the number of videos left, first before any is done.
    """
    prints = {video.name: video.fingerprint() for video in videos}
    done = {n: found for n, (of, found) in journal.done.items() if prints.get(n) == of}
    if activations is not None:
        done = {name: found for name, found in done.items() if name in activations}
    outcome = Outcome(num_resumed=len(done))
    todo = [video for video in videos if video.name not in done]
    advance(len(todo))
    for left, video in zip(range(len(todo) - 1, -1, -1), todo, strict=True):
        found = _attempt(localizer, video, (durations or {}).get(video.name), activations)
        if isinstance(found, Failure):
            outcome.failures.append(found)
        else:
            journal.add(video.name, prints[video.name], found)
            done[video.name] = found
        advance(left)
    outcome.detections = {video.name: done[video.name] for video in videos if video.name in done}
    return outcome


def _attempt(
    localizer: Localizer, video: Video, duration: float | None, folder: ActivationFolder | None
) -> Detections | Failure:
    try:
        features = video.source.read(video.name)
        if folder is None:
            return localizer(features, duration=duration)
        found, activations = localizer.with_activations(features, duration=duration)
        folder.write(video.name, activations)
        return found
    except (Error, OSError, MemoryError, RuntimeError) as error:  # torch raises the last
        return Failure(video.name, str(error) or type(error).__name__)


def run_key(
    localizer: Localizer,
    model_path: Path,
    durations: Mapping[str, Any],
    activations: ActivationFolder | None = None,
) -> str:
    """Changes with anything that results depend on, except for the features themselves.

    It also changes with where activations go: an older file there may be of another model.
    """
    digest = hashlib.sha256()
    with model_path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    settings = {
        "version": __version__,
        "config": localizer.config.to_dict(),
        "device": str(localizer.model.device),
        "dtype": localizer.model.dtype,
        "durations": dict(durations),
        "activations": None if activations is None else str(activations.path.resolve()),
    }
    digest.update(json.dumps(settings, sort_keys=True).encode())
    return digest.hexdigest()
