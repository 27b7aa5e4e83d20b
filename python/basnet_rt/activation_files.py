"""A model's activations of whole videos on disk: one `.npz` for each video."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from basnet_rt._errors import InvalidValue
from basnet_rt._system.whole_file import whole

# Characters that some file systems do not allow, and `%`, which marks their replacement.
_UNFIT = re.compile(r'[%/\\:*?"<>|\x00-\x1f]')
# TypeError: an .npy under the name of an .npz is no context manager.
_UNREADABLE = (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error)
_KEYS = ("activations", "foreground", "snippet_seconds", "classes")


Float32Array = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Activations:
    """One video's activations, as post-processing sees them before normalisation.

    Attributes:
        activations: (T, C) float32, background left out.
        foreground: (T,) float32 in (0, 1).
        snippet_seconds: distance between snippets, in seconds.
        classes: C names, of the columns.
    """

    activations: Float32Array
    foreground: Float32Array
    snippet_seconds: float
    classes: tuple[str, ...]


def file_name_of(video: str) -> str:
    """The file name for a video's name, without an ending: `%2F` stands for `/`, and so on."""
    return _UNFIT.sub(lambda found: f"%{ord(found[0]):02X}", video)


class ActivationFolder:
    """A folder with `<video>.npz` for every video; in a name `%2F` stands for `/`, and so on."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def file_of(self, video: str) -> Path:
        """The file for a video's activations; it may not exist."""
        return self.path / f"{file_name_of(video)}.npz"

    def __contains__(self, video: str) -> bool:
        try:
            return self.file_of(video).is_file()
        except OSError:  # a name too long for a file
            return False

    def write(self, video: str, found: Activations) -> None:
        """Write the file completely or not at all.

        Raises:
            Error: the file cannot be written.
        """
        arrays = {
            "activations": np.asarray(found.activations, np.float32),
            "foreground": np.asarray(found.foreground, np.float32),
            "snippet_seconds": np.float64(found.snippet_seconds),
            "classes": np.array(found.classes, np.str_),
        }
        with whole(self.file_of(video)) as part, part.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **arrays)

    def read(self, video: str) -> Activations:
        """
        Raises:
            ValueError: the file is absent, damaged, or has another form; says which.
        """
        path = self.file_of(video)
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
                arrays = {key: stored[key] for key in _KEYS}
        except _UNREADABLE as error:
            raise InvalidValue(f"{path}: cannot be read as activations: {error}") from error
        _check(path, arrays)
        return Activations(
            arrays["activations"],
            arrays["foreground"],
            float(arrays["snippet_seconds"]),
            tuple(arrays["classes"].tolist()),
        )


def _check(path: Path, arrays: Mapping[str, Any]) -> None:
    activations, foreground = arrays["activations"], arrays["foreground"]
    columns = len(arrays["classes"]) if arrays["classes"].ndim == 1 else -1
    if activations.ndim != 2 or activations.shape[1] != columns or not len(activations):
        raise InvalidValue(
            f"{path}: activations have shape {activations.shape}; expected (T, {columns}), one "
            "column for each of the classes, and T >= 1"
        )
    if foreground.shape != activations.shape[:1]:
        raise InvalidValue(
            f"{path}: foreground has shape {foreground.shape}; expected ({len(activations)},)"
        )
    if not (np.isfinite(activations).all() and np.isfinite(foreground).all()):
        raise InvalidValue(f"{path}: activations and foreground must be finite")
    seconds = arrays["snippet_seconds"]
    if seconds.shape != () or not 0 < float(seconds) < np.inf:
        raise InvalidValue(f"{path}: snippet_seconds is {seconds}; it must be a number above 0")
