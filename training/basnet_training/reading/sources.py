"""Opens features for training: a folder, several subfolders, or a file."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from basnet_rt import InvalidValue
from basnet_rt.features import (
    ExtractorSpec,
    FeatureSource,
    FloatArray,
    Rows,
    Sidecar,
    open_features,
)
from basnet_rt.features.files import SUFFIXES, KeyedFile, holds_one_video
from basnet_rt.features.foreign import refuse_more_than_arrays
from basnet_rt.features.records import read_extractor

RUN_RECORD = "run.json"  # in the folder that `basnet-train run` fills
_DEPTH = 4  # depth of subfolders to search
_LISTED = 12


class JoinedFeatures(FeatureSource):
    """Several sources as one; the name of a video is in one of them only."""

    def __init__(self, sources: Mapping[str, FeatureSource], feature_dim: int | None) -> None:
        self._sources = sources
        self._feature_dim = feature_dim
        self._of: dict[str, FeatureSource] = {}
        where: dict[str, str] = {}
        for label, source in sources.items():
            for name in source.names:
                if name in where:
                    raise InvalidValue(
                        f"{where[name]} and {label} both have features of {name!r}; name the "
                        "folder to train on, or rename one"
                    )
                where[name] = label
                self._of[name] = source

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self._of))

    @property
    def extractor(self) -> ExtractorSpec | None:
        """The extractor of all sources; None if they differ or one is unknown."""
        specs = [source.extractor for source in self._sources.values()]
        return specs[0] if all(one == specs[0] for one in specs) else None

    def sidecar(self, name: str) -> Sidecar | None:
        return self._source(name).sidecar(name)

    def shape(self, name: str) -> tuple[int, int]:
        return self._source(name).shape(name)

    def read(self, name: str, rows: Rows = None) -> FloatArray:
        return self._source(name).read(name, rows)

    def _source(self, name: str) -> FeatureSource:
        if name not in self._of:
            raise InvalidValue(f"{', '.join(self._sources)}: no features of video {name!r}")
        return self._of[name]


def open_training_features(
    path: str | Path, *, modality: str = "rgb+flow", below: bool = False
) -> FeatureSource:
    """Open features to train on.

    Args:
        path: as for `open_features`.
        below: whether to use subfolders if the folder itself has no features.

    Raises:
        ValueError: as `open_features`; says what is there and which path would work.
    """
    path = Path(path)
    refuse_more_than_arrays(path)
    _check_modality(path, modality)
    try:
        source = open_features(path, modality=modality)
        if path.suffix == ".npz":
            source.shape(source.names[0])  # a pickled table is named before names are compared
        return source
    except InvalidValue as error:
        folders = folders_with_features(path)
        if not folders:
            raise InvalidValue(f"{error}{_what_is_there(path)}") from error
        if not below:
            raise InvalidValue(_try_instead(path, folders)) from error
        return _joined(folders, modality)


def opened_folders(path: Path) -> list[Path]:
    """The paths that `open_training_features` reads with `below`."""
    try:
        open_features(path)
    except InvalidValue:
        return folders_with_features(path)
    return [path]


def folders_with_features(path: Path) -> list[Path]:
    """The subfolders of `path` with features, sorted.

    `rgb` and `flow` side by side count as one. Folders of earlier `basnet-train run`s are skipped.
    """
    if not path.is_dir():
        return []
    found = []
    for folder, below, files in os.walk(path):
        here = Path(folder)
        below.sort()
        if RUN_RECORD in files:
            below.clear()
            continue
        parts = {"rgb", "flow"} <= set(below)
        if len(here.relative_to(path).parts) >= _DEPTH:
            below.clear()
        if here == path and not parts:
            continue
        if parts or any(Path(name).suffix in SUFFIXES for name in files):
            found.append(here)
            below[:] = [] if parts else below
    return found


def _check_modality(path: Path, modality: str) -> None:
    """Check that one part of the channels can be read: the parts must be stored separately."""
    if modality == "rgb+flow" or path.name == modality or (path / modality).is_dir():
        return
    files = [path] if path.is_file() else sorted(path.iterdir()) if path.is_dir() else []
    arrays = [str(one) for one in files if one.suffix == ".npy"]
    if path.is_file() and path.suffix in SUFFIXES and not holds_one_video(path):
        arrays = _joint_key(KeyedFile(path, modality))
    if arrays and (path.is_file() or read_extractor(path) is None):
        raise InvalidValue(
            f"data.modality {modality!r}: {arrays[0]} holds one array, whose parts cannot be told "
            f"apart; keep the parts in folders rgb/ and flow/, and leave the setting out for an "
            f"array that is {modality} alone"
        )


def _joint_key(file: KeyedFile) -> list[str]:
    """The first video of the file, if it is an array rather than a group of parts."""
    first = file.names[0]
    where = f"{file.path}:{first}"
    return [where] if [name for name, _ in file.arrays(first)] == [where] else []


def _joined(folders: Sequence[Path], modality: str) -> FeatureSource:
    sources = {str(one): open_features(one, modality=modality) for one in folders}
    if len(sources) == 1:
        return next(iter(sources.values()))
    return JoinedFeatures(sources, None)


def _try_instead(path: Path, folders: Sequence[Path]) -> str:
    listed = ", ".join(str(one) for one in folders[:_LISTED])
    more = f" and {len(folders) - _LISTED} more" if len(folders) > _LISTED else ""
    return (
        f"{path}: no features in this folder itself; there are some in {listed}{more}. "
        f"Try {next((one for one in folders if one.name.startswith('train')), folders[0])}"
    )


def _what_is_there(path: Path) -> str:
    """The end of a message about a path without features."""
    if not path.exists():
        parent = next((one for one in path.parents if one.is_dir()), None)
        return "" if parent is None else f"; {parent} has {_listing(parent)}"
    if not path.is_dir():
        return _inside(path)
    return f"; it has {_listing(path)}"


def _inside(path: Path) -> str:
    if path.suffix == ".npz" and path.is_file() and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return f"; it has {', '.join(archive.namelist()[:_LISTED]) or 'nothing'}"
    return ""


def _listing(folder: Path) -> str:
    entries = sorted(f"{one.name}/" if one.is_dir() else one.name for one in folder.iterdir())
    if not entries:
        return "nothing"
    more = f" and {len(entries) - _LISTED} more" if len(entries) > _LISTED else ""
    return ", ".join(entries[:_LISTED]) + more
