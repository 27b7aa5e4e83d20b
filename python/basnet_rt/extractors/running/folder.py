"""The folder that `extract` fills: its finished videos, and how it is written."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from basnet_rt._errors import BundleError, Error, InvalidValue
from basnet_rt._system.addresses import shown_source
from basnet_rt._system.whole_file import refuse_long_name, whole
from basnet_rt.extractors.running.pipeline import Extracted
from basnet_rt.extractors.running.store import Stored
from basnet_rt.extractors.running.video_files import VideoFile, name_endings
from basnet_rt.features.extractor_spec import ExtractorSpec
from basnet_rt.features.records import (
    EXTRACTOR_FILE,
    Sidecar,
    read_extractor,
    read_sidecar,
    write_extractor,
)


class FeatureFolder:
    """`<name>.npy` and `<name>.json` for every video, and `extractor.json`.

    A video is finished if both files exist and the sidecar fits. The sidecar is deleted first and
    written last, so it always describes the features beside it.

    Attributes:
        notes: sentences for people on features that were found under another name.
    """

    def __init__(self, path: str | Path, spec: ExtractorSpec) -> None:
        self.path, self.spec = Path(path), spec
        self.notes: list[str] = []

    def begin(self, videos: list[VideoFile]) -> int:
        """Prepare the folder for this extractor; returns the number of features to make again.

        Raises:
            ValueError: a video's sidecar would replace `extractor.json`, or its name is too long
                for a file.
            Error: the folder has features of another extractor for videos that are not in `videos`,
                or cannot be written to.
        """
        names = {video.name for video in videos}
        if EXTRACTOR_FILE in {f"{name}.json" for name in names}:
            raise InvalidValue(
                f"a video called {Path(EXTRACTOR_FILE).stem!r}: {EXTRACTOR_FILE} is the record of "
                "the extractor; rename the video"
            )
        for name in names:
            refuse_long_name(name, "video")
        foreign = self._foreign()
        lonely = sorted(foreign - names)
        if lonely:
            raise Error(
                f"{self.path}: has features of another extractor or of other settings, such as "
                f"{lonely[0]!r}; choose another folder, or give these videos too"
            )
        if self._recorded() != self.spec:
            write_extractor(self.path, self.spec)
        self._take_over(videos)
        return len(foreign)

    def _take_over(self, videos: list[VideoFile]) -> None:
        """Rename features that an earlier run made of these videos under other names.

        A video's name becomes a path once another video has the same name. With features under both
        names it would count twice. The digest of the content tells that it is the same video.
        """
        by_ending: dict[str, list[VideoFile]] = {}
        for video in videos:
            for ending in () if video.is_address else name_endings(video.source):
                by_ending.setdefault(ending, []).append(video)
        present = {path.stem for path in self.path.glob("*.npy")}
        for old in sorted(present - {video.name for video in videos}):
            parts = old.split("__")
            endings = ["__".join(parts[at:]) for at in range(len(parts))]
            alike = [video for ending in endings for video in by_ending.get(ending, [])]
            new = next((video.name for video in alike if self._is_of(old, video)), None)
            if new is not None:
                self._rename(old, new)

    def _is_of(self, name: str, video: VideoFile) -> bool:
        """Whether the features of this name were made of the video's content."""
        try:
            return self._unfit(name, video.sha256()) is None
        except Error:
            return False  # unreadable, which the attempt to extract will say

    def _rename(self, old: str, new: str) -> None:
        if self._files(new)[0].exists():
            self.notes.append(
                f"{self.path}: {old} and {new} are the features of one video, which would count "
                f"twice: delete {old}.npy and {old}.json"
            )
            return
        for before, after in zip(self._files(old), self._files(new), strict=True):
            before.replace(after)
        self.notes.append(f"{self.path}: {old} is renamed {new}, as its video is called now")

    def look(self, video: VideoFile, sha256: str | None) -> Stored:
        """Whether the features of this content exist."""
        if not self._files(video.name)[0].exists():
            return Stored()
        reason = self._unfit(video.name, sha256)
        return Stored(finished=reason is None, remark=reason)

    def _unfit(self, name: str, sha256: str | None) -> str | None:
        """The reason why existing features cannot be used; None if they can."""
        features, record = self._files(name)
        try:
            sidecar = read_sidecar(record)
            shape = np.load(features, mmap_mode="r", allow_pickle=False).shape
        except (Error, OSError, ValueError, EOFError):
            return "damaged"
        if sidecar is None:
            return "without a sidecar"
        if sidecar.extractor != self.spec:
            return "of another extractor"
        if sha256 is None or sidecar.sha256 != sha256:
            return "of other content"
        return None if shape == (sidecar.num_snippets, self.spec.feature_dim) else "damaged"

    def keep(self, video: VideoFile, sha256: str | None, found: Extracted) -> None:
        """
        Raises:
            Error: a file cannot be written; the video is then not finished.
        """
        features, record = self._files(video.name)
        sidecar = Sidecar(
            source=shown_source(video.source),
            sha256=sha256,
            duration=found.duration,
            num_frames=found.num_frames,
            num_snippets=len(found.features),
            extractor=found.spec,
            problems=found.problems,
            offset=found.offset,
            remarks=tuple(found.remarks),
        )
        record.unlink(missing_ok=True)
        with whole(features) as part, part.open("wb") as file:
            np.save(file, found.features, allow_pickle=False)
        sidecar.write(record)

    def _files(self, name: str) -> tuple[Path, Path]:
        return self.path / f"{name}.npy", self.path / f"{name}.json"

    def _recorded(self) -> ExtractorSpec | None:
        try:
            return read_extractor(self.path)
        except (InvalidValue, BundleError):
            return None  # damaged: written anew

    def _foreign(self) -> set[str]:
        """Videos in the folder that have another extractor, by their sidecar or else the folder."""
        recorded = self._recorded()
        found = set()
        for path in sorted(self.path.glob("*.npy")) if self.path.is_dir() else []:
            try:
                sidecar = read_sidecar(path.with_name(f"{path.stem}.json"))
            except Error:
                continue  # damaged, so it belongs to no video
            spec = recorded if sidecar is None else sidecar.extractor
            if spec is not None and spec != self.spec:
                found.add(path.stem)
        return found
