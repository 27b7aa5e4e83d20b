"""Reads all features once: digests, and values that cannot be used."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from basnet_rt._system.json_file import read_json
from basnet_rt._system.whole_file import write_whole

from .videos import TaggedVideos

Stamp = Callable[[str], str]


@dataclass(frozen=True)
class Contents:
    """Digests of all features.

    Attributes:
        digests: 16 hex digits of the values, by name.
        broken: the reason, for each video that could not be read.
    """

    digests: Mapping[str, str]
    broken: Mapping[str, str]

    def key(self) -> str:
        """A digest that changes with any value of any video."""
        text = json.dumps([dict(self.digests), sorted(self.broken)], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def twins(self) -> list[list[str]]:
        """Groups of videos with the same values."""
        groups: dict[str, list[str]] = defaultdict(list)
        for name, digest in self.digests.items():
            groups[digest].append(name)
        return [group for group in groups.values() if len(group) > 1]


def read_contents(
    videos: TaggedVideos,
    stamp: Stamp,
    cache: Path,
    advance: Callable[[], None] = lambda: None,
) -> Contents:
    """Read every video's features, except unchanged ones that an earlier call has read.

    Args:
        stamp: a text for a video's files that changes when they do.
        cache: JSON file of earlier digests.
        advance: called after each video.
    """
    before = _earlier(cache)
    digests: dict[str, str] = {}
    broken: dict[str, str] = {}
    stamps = {name: stamp(name) for name in videos.names}
    for name in videos.names:
        known = before.get(name)
        if known is not None and known[0] == stamps[name] != "":
            digests[name] = known[1]
        else:
            try:
                digests[name] = _digest(videos.source.read(name))
            except Exception as error:  # noqa: BLE001 (readers of foreign files fail in every way)
                broken[name] = str(error) or type(error).__name__
        advance()
    kept = {name: [stamps[name], digest] for name, digest in digests.items()}
    write_whole(cache, [json.dumps(kept, indent=0), "\n"])
    return Contents(digests, broken)


def _digest(values: npt.NDArray[np.float32]) -> str:
    found = hashlib.sha256(repr(values.shape).encode())
    found.update(values.tobytes())
    return found.hexdigest()[:16]


def _earlier(cache: Path) -> dict[str, Any]:
    if not cache.is_file():
        return {}
    found = read_json(cache)
    return found if isinstance(found, dict) else {}
