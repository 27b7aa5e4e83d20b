"""Features cached by the content of the video and the record of the extractor."""

from __future__ import annotations

import contextlib
import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from basnet_rt._errors import Error
from basnet_rt._system.whole_file import whole
from basnet_rt.extractors.running.pipeline import Extracted
from basnet_rt.extractors.running.store import Stored
from basnet_rt.extractors.running.video_files import VideoFile
from basnet_rt.features.extractor_spec import ExtractorSpec

_UNREADABLE = (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, Error)


class FeatureCache:
    """A folder with one file an entry; many runs may use it at the same time.

    An entry's name is the SHA-256 of the video's SHA-256 and the extractor's record. Checksums are
    verified on reading; a damaged entry counts as absent, and is replaced.
    """

    def __init__(self, path: str | Path, spec: ExtractorSpec) -> None:
        self.path, self.spec = Path(path), spec

    def file_of(self, sha256: str) -> Path:
        """The file for the features of a video of this content; it may not exist."""
        key = json.dumps([sha256, self.spec.to_dict()], sort_keys=True)
        return self.path / f"{hashlib.sha256(key.encode()).hexdigest()}.npz"

    def read(self, sha256: str) -> Extracted | None:
        """The entry, or None if it is absent or damaged."""
        with contextlib.suppress(*_UNREADABLE):
            path = self.file_of(sha256)
            # Opened here: np.load does not close a file that it cannot read.
            with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
                features, about = stored["features"], json.loads(str(stored["about"]))
            if (about["sha256"], about["extractor"]) == (sha256, self.spec.to_dict()):
                return _extracted(features, about, self.spec)
        return None

    def look(self, video: VideoFile, sha256: str | None) -> Stored:
        """The features of this content, if they are in the cache."""
        found = None if sha256 is None else self.read(sha256)
        return Stored(finished=found is not None, found=found)

    def keep(self, video: VideoFile, sha256: str | None, found: Extracted) -> None:
        """Keep features, completely or not at all; those of an address are not kept.

        Raises:
            Error: the file cannot be written.
        """
        if sha256 is not None:
            self._write(sha256, found)

    def _write(self, sha256: str, found: Extracted) -> None:
        about = {
            "sha256": sha256,
            "extractor": found.spec.to_dict(),
            "duration": found.duration,
            "num_frames": found.num_frames,
            "problems": dict(found.problems),
            "offset": found.offset,
            "remarks": list(found.remarks),
        }
        with whole(self.file_of(sha256)) as part, part.open("wb") as file:
            np.savez(file, features=found.features, about=np.array(json.dumps(about)))


def _extracted(features: Any, about: dict[str, Any], spec: ExtractorSpec) -> Extracted | None:
    if features.dtype != np.float32 or features.shape[1:] != (spec.feature_dim,):
        return None
    return Extracted(
        features,
        about["duration"],
        about["num_frames"],
        spec,
        dict(about["problems"]),
        offset=about.get("offset", 0.0),  # entries of version 0.1 have neither
        remarks=tuple(about.get("remarks", ())),
    )
