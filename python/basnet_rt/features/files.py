"""The kinds of feature files: each maps a video's name to arrays, read from disk when needed."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from basnet_rt._errors import InvalidValue
from basnet_rt._system.shown import cut, shown, shown_all
from basnet_rt.features.foreign import (
    object_array_message,
    object_array_shape,
    refuse_elsewhere,
    refuse_special,
)
from basnet_rt.features.held import refuse_short_dataset, refuse_short_member, refuse_twice
from basnet_rt.video.content import content_kind, front_of

SUFFIXES = (".npy", ".npz", ".h5", ".hdf5")
# First bytes of those files, and the ending that says how they are read.
_HEADS = ((b"\x93NUMPY", ".npy"), (b"PK\x03\x04", ".npz"), (b"\x89HDF\r\n", ".h5"))
MEMBERS = {"features", "rgb", "flow"}
_LONGEST = 160  # characters of another reader's message


def form_of(path: Path) -> str | None:
    """How a file of features is read, as an ending: its own, or that of its first bytes.

    None: neither says that it holds features.
    """
    if path.suffix in SUFFIXES:
        return path.suffix
    front = front_of(path)
    return next((ending for begin, ending in _HEADS if front.startswith(begin)), None)


class Container(Protocol):
    """Videos of one folder or file."""

    names: tuple[str, ...]

    def arrays(self, name: str) -> list[tuple[str, Any]]:
        """(where, array) per part of the video; the parts' channels are concatenated.

        An array has `shape`, `dtype` and slicing of rows; a memory map or an HDF5 data set reads
        nothing until it is sliced.
        """
        ...


class FileFolder:
    """A folder with one file a video, all of one kind; the name is the file's stem."""

    def __init__(self, folder: Path, part: str | None = None) -> None:
        self.folder, self.part = folder, part
        files = [f for f in sorted(folder.iterdir()) if f.suffix in SUFFIXES]
        kinds = sorted({f.suffix for f in files})
        if len(kinds) != 1:
            advice = "give each kind a folder of its own"
            if not kinds:
                levels = (sorted(folder.glob(level)) for level in ("*", "*/*", "*/*/*"))
                below = [one for level in levels for one in level if has_features(one)]
                advice = (
                    f"there are some in {', '.join(map(str, below[:3]))}: give such a folder"
                    if below
                    else "save the (T, F) array of each video with numpy.save"
                )
            raise InvalidValue(
                f"{folder}: expected feature files of one kind ({', '.join(SUFFIXES)}), "
                f"found {', '.join(kinds) or 'none'}; {advice}"
            )
        self._files = {f.stem: f for f in files}
        self.names = tuple(self._files)

    def arrays(self, name: str) -> list[tuple[str, Any]]:
        return SingleFile(_get(self._files, name, self.folder), self.part).arrays(name)


def has_features(path: Path) -> bool:
    """Whether it is a folder with files of features."""
    return path.is_dir() and any(one.suffix in SUFFIXES for one in path.iterdir())


class SingleFile:
    """One file that holds one video."""

    def __init__(self, path: Path, part: str | None = None) -> None:
        self.path, self.part = path, part
        self.names: tuple[str, ...] = (path.stem,)

    def arrays(self, name: str) -> list[tuple[str, Any]]:
        if form_of(self.path) == ".npy":
            return [(str(self.path), _open_npy(self.path))]
        handle = _open_keyed(self.path)
        where = str(self.path)
        keys = choose(where, handle, self.part)
        found = [(f"{where}:{key}", _value(self.path, handle, key)) for key in keys]
        return [_array(*one) for one in found]


class KeyedFile:
    """One `.npz` or `.h5` with a key per video; in `.h5` a key may be a group of parts."""

    def __init__(self, path: Path, part: str | None = None) -> None:
        self.path, self.part = path, part
        self._handle: Any = _open_keyed(path)
        self._process = os.getpid()
        self.names = tuple(sorted(self._handle))
        if not self.names:
            raise InvalidValue(f"{path}: expected a key per video, found none")

    def arrays(self, name: str) -> list[tuple[str, Any]]:
        if self._process != os.getpid():  # an HDF5 handle does not survive a fork
            self._handle, self._process = _open_keyed(self.path), os.getpid()
        _get(dict.fromkeys(self.names), name, self.path)
        where = f"{self.path}:{cut(name)}"
        value = _value(self.path, self._handle, name)
        if not hasattr(value, "keys"):
            return [_array(where, value)]
        parts = choose(where, value, self.part)
        found = [(f"{where}/{key}", _value(self.path, value, key)) for key in parts]
        return [_array(*one) for one in found]

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_handle": None, "_process": -1}


class Concatenated:
    """The same videos in several containers, such as `rgb/` and `flow/` folders."""

    def __init__(self, containers: Sequence[tuple[str, Container]]) -> None:
        self._containers = [container for _, container in containers]
        first_label, first = containers[0]
        for label, other in containers[1:]:
            lonely = sorted(set(first.names) ^ set(other.names))
            if lonely:
                raise InvalidValue(
                    f"{first_label} and {label} must hold the same videos; {len(lonely)} are in "
                    f"one of them only, such as {shown_all(lonely)}"
                )
        self.names = first.names

    def arrays(self, name: str) -> list[tuple[str, Any]]:
        return [part for container in self._containers for part in container.arrays(name)]


def choose(where: str, keys: Iterable[str], part: str | None) -> tuple[str, ...]:
    """The arrays of one video's file that make up its features, in the order of concatenation."""
    present = sorted(keys)
    if part is not None:
        wanted: tuple[str, ...] = (part,)
    elif {"rgb", "flow"} <= set(present):
        wanted = ("rgb", "flow")
    elif len(present) == 1:
        wanted = (present[0],)
    else:
        wanted = ("features",)
    if not set(wanted) <= set(present):
        found = shown_all(present, 8)
        raise InvalidValue(f"{where}: expected the keys {list(wanted)}, found {found}")
    return wanted


def holds_one_video(path: Path) -> bool:
    """Whether the keys of a `.npz` or `.h5` are parts of one video rather than videos."""
    return form_of(path) == ".npy" or set(_open_keyed(path)) <= MEMBERS


def _open_npy(path: Path) -> Any:
    refuse_special(path)
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except Exception as error:  # (NumPy's reader fails in every way)
        shape = object_array_shape(path)
        if shape is not None:
            raise InvalidValue(object_array_message(path, shape)) from error
        raise InvalidValue(_unreadable(path, error)) from error
    if not isinstance(array, np.ndarray):
        raise InvalidValue(f"{path}: is an archive of arrays; let its name end in .npz")
    return array


def _open_keyed(path: Path) -> Any:
    refuse_special(path)
    try:
        return _open_npz(path) if form_of(path) == ".npz" else _open_h5(path)
    except InvalidValue:
        raise
    except Exception as error:  # (NumPy, zipfile and h5py raise their own)
        raise InvalidValue(_unreadable(path, error)) from error


def _open_npz(path: Path) -> Any:
    archive = np.load(path, allow_pickle=False)
    if isinstance(archive, np.ndarray):
        raise InvalidValue(f"{path}: is one array, no archive; let its name end in .npy")
    refuse_twice(path, archive)
    return archive


def _unreadable(path: Path, error: Exception) -> str:
    front = front_of(path)
    kind = content_kind(front)
    if kind is not None and not any(front.startswith(begin) for begin, _ in _HEADS):
        return (
            f"{path}: not a {form_of(path)} file: its content is {kind}; take it out or rename it"
        )
    return (
        f"{path}: truncated, or not a {form_of(path)} file: {_reason(error)}; make the file again, "
        "or take it out"
    )


def _reason(error: Exception) -> str:
    """The message of a reader, without numpy's advice to load a file unsafely."""
    if "unsafely" in str(error):
        return "it does not begin as one"
    said = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    return cut(" ".join(said.split()), _LONGEST) or type(error).__name__


def _open_h5(path: Path) -> Any:
    try:
        import h5py
    except ImportError as error:
        raise InvalidValue(f"{path}: reading HDF5 needs h5py (extra `h5`)") from error
    return h5py.File(path, "r")


def _value(path: Path, handle: Any, key: str) -> Any:
    """An array of a keyed file, or a group of them.

    Raises:
        ValueError: it is damaged, or its data is in another file.
    """
    where = f"{path}:{cut(key)}"
    try:
        if form_of(path) == ".npz":
            refuse_short_member(path, handle, key)
        else:
            refuse_elsewhere(path, handle, key)
        value = handle[key]
    except InvalidValue:
        raise
    except Exception as error:  # (decompressors and h5py raise their own)
        if "allow_pickle" in str(error):
            raise InvalidValue(object_array_message(path, None, key)) from error
        raise InvalidValue(
            f"{where}: damaged, or no numbers: {_reason(error)}; make the file again, or take it "
            "out"
        ) from error
    if isinstance(value, bytes):
        raise InvalidValue(f"{where}: is no array; expected members that end in .npy")
    return value


def _array(where: str, value: Any) -> tuple[str, Any]:
    """The place and the value, which has to be an array that its file holds."""
    if not hasattr(value, "dtype") or not hasattr(value, "shape"):
        has = f" of {shown_all(value)}" if hasattr(value, "keys") else ""
        raise InvalidValue(
            f"{where}: is a group{has}, no array; a video is an array or a group of arrays, such "
            "as features, or rgb and flow"
        )
    if not isinstance(value, np.ndarray):
        refuse_short_dataset(where, value)
    return where, value


def _get(table: dict[str, Any], name: str, where: Path) -> Any:
    if name not in table:
        raise InvalidValue(f"{where}: no features of video {shown(name)}")
    return table[name]
