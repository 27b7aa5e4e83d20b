"""The records that `extract` writes beside features: their extractor and their video.

A folder has `extractor.json`, the record of the extractor; each `<name>.npy` has `<name>.json`, a
sidecar. Features without these records can be used too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from basnet_rt._errors import BundleError, InvalidValue
from basnet_rt._system.json_file import read_json
from basnet_rt._system.whole_file import write_whole
from basnet_rt.features.extractor_spec import ExtractorSpec

FORMAT = "basnet_rt.features"
FORMAT_VERSION = 1
EXTRACTOR_FILE = "extractor.json"


@dataclass(frozen=True, kw_only=True)
class Sidecar:
    """The origin of one video's features.

    Attributes:
        source: the file or address, as it was given.
        sha256: of the file's content; None for an address.
        duration: seconds to localize with.
        num_frames, num_snippets: of the grid, and rows of the features.
        extractor: the extractor that made them.
        problems: counts of faults that decoding repaired or left out, by kind.
        offset: seconds from the start of the file to second 0, its first picture.
        remarks: sentences for people on how the video was read.
    """

    source: str
    sha256: str | None
    duration: float
    num_frames: int
    num_snippets: int
    extractor: ExtractorSpec
    problems: Mapping[str, int] = field(default_factory=dict)
    offset: float = 0.0
    remarks: Sequence[str] = ()

    def write(self, path: Path) -> None:
        """Write the file completely or not at all."""
        fields = {**asdict(self), "extractor": self.extractor.to_dict()}
        head = {"format": FORMAT, "format_version": FORMAT_VERSION}
        write_whole(path, [json.dumps({**head, **fields}, indent=1), "\n"])


def read_sidecar(path: Path) -> Sidecar | None:
    """The sidecar at `path`; None if there is no file, or the JSON file is not a sidecar.

    Raises:
        ValueError: damaged, or of a later version.
        BundleError: its record of the extractor is not valid.
    """
    try:
        if not path.is_file():
            return None
    except OSError:  # a name of features that is too long with this ending
        return None
    fields = read_json(path)
    if not isinstance(fields, dict) or fields.pop("format", None) != FORMAT:
        return None
    version = fields.pop("format_version", None)
    if version != FORMAT_VERSION:
        raise InvalidValue(f"{path}: sidecar version {version!r}; this program reads 1")
    try:
        extractor = ExtractorSpec.from_dict(fields.pop("extractor"))
        known = {k: v for k, v in fields.items() if k in Sidecar.__dataclass_fields__}
        known["remarks"] = tuple(known.get("remarks", ()))
        return Sidecar(**known, extractor=extractor)
    except (TypeError, KeyError) as error:
        raise InvalidValue(f"{path}: not a whole sidecar: {error}") from error
    except BundleError as error:
        raise BundleError(f"{path}: {error}") from error


def write_extractor(folder: Path, spec: ExtractorSpec) -> None:
    """Write the record of a folder's extractor, completely or not at all."""
    write_whole(folder / EXTRACTOR_FILE, [json.dumps(spec.to_dict(), indent=1), "\n"])


def read_extractor(folder: Path) -> ExtractorSpec | None:
    """The record of a folder's extractor; None if the folder has no record.

    Raises:
        ValueError, BundleError: it is damaged, or not a record.
    """
    path = folder / EXTRACTOR_FILE
    if not path.is_file():
        return None
    fields = read_json(path)
    try:
        return ExtractorSpec.from_dict(fields)
    except BundleError as error:
        raise BundleError(f"{path}: {error}") from error


class FeatureRecords:
    """The records of one source of features: a folder, a file, or folders such as `rgb/`, `flow/`.

    Attributes:
        extractor: of the folder; None if it is not known, and for parts (`rgb/` and `flow/`) that
            were made separately, because no single extractor makes their concatenation.
    """

    def __init__(self, folders: Sequence[Path] = ()) -> None:
        self._folders = folders
        self.extractor = read_extractor(folders[0]) if len(folders) == 1 else None

    def sidecar(self, name: str, num_snippets: int) -> Sidecar | None:
        """The sidecar of one video, checked with the folder's record and the features' length.

        Raises:
            BundleError: it has another extractor than the folder.
            ValueError: it is damaged, or belongs to other features.
        """
        found: Sidecar | None = None
        for folder in self._folders[:1]:
            path = folder / f"{name}.json"
            found = read_sidecar(path)
            self._check(path, found, num_snippets)
        return found

    def _check(self, path: Path, found: Sidecar | None, num_snippets: int) -> None:
        if found is None:
            return
        if len(self._folders) == 1 and found.num_snippets != num_snippets:
            raise InvalidValue(
                f"{path}: is of {found.num_snippets} snippets, the features beside it have "
                f"{num_snippets}"
            )
        if self.extractor is not None:
            check_same_extractor(str(path), self.extractor, found.extractor, "its folder")


def check_same_extractor(
    where: str,
    wanted: ExtractorSpec | Mapping[str, Any],
    found: ExtractorSpec | Mapping[str, Any],
    whose: str = "this model",
) -> None:
    """
    Raises:
        BundleError: the records differ; the message names the differences.
    """
    from basnet_rt.features.extractor_spec import differences

    pair = [
        one if isinstance(one, ExtractorSpec) else ExtractorSpec.from_dict(one)
        for one in (wanted, found)
    ]
    differing = differences(*pair)
    if differing:
        raise BundleError(
            f"{where}: features of another extractor than {whose}'s: {'; '.join(differing)}"
        )
