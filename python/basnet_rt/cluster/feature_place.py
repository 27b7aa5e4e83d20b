"""Features kept as objects in any place that fsspec opens, such as an object store."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from basnet_rt._errors import BundleError, Error, InvalidValue
from basnet_rt._system.addresses import shown_source
from basnet_rt.cluster.place import Place
from basnet_rt.extractors.running.folder import FeatureFolder
from basnet_rt.extractors.running.pipeline import Extracted
from basnet_rt.extractors.running.store import Stored
from basnet_rt.extractors.running.video_files import VideoFile
from basnet_rt.features.extractor_spec import ExtractorSpec
from basnet_rt.features.records import EXTRACTOR_FILE, Sidecar, read_sidecar


class FeaturePlace:
    """`<name>.npy`, `<name>.json` and `extractor.json` as objects, the bytes as in a folder.

    A video is finished if its sidecar exists: the sidecar is deleted first and written last. Unlike
    in a folder, features under another name are not looked for, so there are no notes on them.
    """

    notes: tuple[str, ...] = ()

    def __init__(self, address: str, spec: ExtractorSpec) -> None:
        self.place, self.spec = Place(address), spec

    def begin(self, videos: list[VideoFile]) -> int:
        """Prepare the place for features of this extractor.

        Raises:
            Error: it has features of another extractor, or cannot be written to.
        """
        text = self.place.read(EXTRACTOR_FILE)
        if text is None:
            record = json.dumps(self.spec.to_dict(), indent=1) + "\n"
            self.place.write(EXTRACTOR_FILE, record.encode())
        elif _spec(text) != self.spec:
            raise Error(f"{self.place}: has features of another extractor; choose another place")
        return 0

    def look(self, video: VideoFile, sha256: str | None) -> Stored:
        """Whether the features of this content exist."""
        sidecar = sidecar_in(self.place, video.name)
        fits = sidecar is not None and sidecar.extractor == self.spec and sha256 is not None
        return Stored(finished=fits and sidecar is not None and sidecar.sha256 == sha256)

    def keep(self, video: VideoFile, sha256: str | None, found: Extracted) -> None:
        """
        Raises:
            Error: an object cannot be written; the video is then not finished.
        """
        with TemporaryDirectory(prefix="basnet_rt-") as folder:
            FeatureFolder(folder, self.spec).keep(video, sha256, found)
            self.place.remove(f"{video.name}.json")
            for ending in (".npy", ".json"):
                name = f"{video.name}{ending}"
                self.place.write(name, Path(folder, name).read_bytes())


def is_finished_address(place: Place, video: VideoFile, spec: ExtractorSpec) -> bool:
    """Whether features of this address exist; the video is not fetched to compare its content."""
    sidecar = sidecar_in(place, video.name) if video.is_address else None
    if sidecar is None:
        return False
    return sidecar.source == shown_source(video.source) and sidecar.extractor == spec


def sidecar_in(place: Place, name: str) -> Sidecar | None:
    """One video's sidecar; None if it is absent or incomplete."""
    content = place.read(f"{name}.json")
    if content is None:
        return None
    with TemporaryDirectory(prefix="basnet_rt-") as folder:
        copy = Path(folder, "sidecar.json")
        copy.write_bytes(content)
        try:
            return read_sidecar(copy)
        except (InvalidValue, BundleError):
            return None


def _spec(content: bytes) -> ExtractorSpec | None:
    try:
        return ExtractorSpec.from_dict(json.loads(content))
    except (ValueError, BundleError):
        return None
