"""Features on disk: one interface for every layout of files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from basnet_rt._errors import InvalidType, InvalidValue
from basnet_rt._system.shown import cut
from basnet_rt.features.extractor_spec import ExtractorSpec
from basnet_rt.features.files import (
    SUFFIXES,
    Concatenated,
    Container,
    FileFolder,
    KeyedFile,
    SingleFile,
    form_of,
    holds_one_video,
)
from basnet_rt.features.foreign import refuse_special
from basnet_rt.features.records import FeatureRecords, Sidecar

FloatArray = npt.NDArray[np.float32]
Rows = slice | npt.NDArray[np.int64] | None

MODALITIES = ("rgb+flow", "rgb", "flow")
# Optical flow needs a next frame, so its last snippet is often absent.
LENGTH_SLACK = 1


class FeatureSource:
    """Named videos, each a (T, F) array that stays on disk until its rows are read."""

    def __init__(
        self,
        container: Container,
        feature_dim: int | None = None,
        records: FeatureRecords | None = None,
    ) -> None:
        self._container = container
        self._feature_dim = feature_dim
        self._records = FeatureRecords() if records is None else records

    @property
    def names(self) -> tuple[str, ...]:
        """Every video, sorted."""
        return self._container.names

    @property
    def feature_dim(self) -> int:
        """F: the required one, or else that of the first video."""
        if self._feature_dim is None:
            self._feature_dim = self.shape(self.names[0])[1]
        return self._feature_dim

    @property
    def extractor(self) -> ExtractorSpec | None:
        """The extractor that made the features, if `basnet-rt extract` left its record."""
        return self._records.extractor

    def sidecar(self, name: str) -> Sidecar | None:
        """The record of one video by `basnet-rt extract`: its duration, extractor, origin.

        Raises:
            BundleError: it has another extractor than the folder.
            ValueError: it is damaged, or does not belong to these features.
        """
        return self._records.sidecar(name, self.shape(name)[0])

    def shape(self, name: str) -> tuple[int, int]:
        """(T, F) of one video, without reading its values."""
        parts = self._parts(name)
        return min(a.shape[0] for _, a in parts), sum(a.shape[1] for _, a in parts)

    def read(self, name: str, rows: Rows = None) -> FloatArray:
        """Features of one video.

        Args:
            name: one of `names`.
            rows: snippets to read: all, a slice without step, or an index array (N,) int64.

        Returns:
            (N, F) float32, C-contiguous, finite; owned by the caller.

        Raises:
            ValueError: the video is unknown, or its file is damaged or has another shape, or a
                value read is NaN or Inf; the message names file, snippet and channel.
            TypeError: the file holds no floating-point numbers.
        """
        parts = self._parts(name)
        length = min(a.shape[0] for _, a in parts)
        first, take = _span(rows, length)
        blocks = [_read(where, array, first, take) for where, array in parts]
        return np.ascontiguousarray(np.concatenate(blocks, axis=1))

    def _parts(self, name: str) -> list[tuple[str, Any]]:
        parts = self._container.arrays(name)
        for where, array in parts:
            _check_array(where, array)
        _check_lengths(parts)
        channels = sum(array.shape[1] for _, array in parts)
        if self._feature_dim is not None and channels != self._feature_dim:
            shapes = ", ".join(f"{where} {tuple(array.shape)}" for where, array in parts)
            raise InvalidValue(f"{shapes}: expected {self._feature_dim} channels, got {channels}")
        return parts


def open_features(
    path: str | Path, *, feature_dim: int | None = None, modality: str = "rgb+flow"
) -> FeatureSource:
    """Open a folder or file of features.

    Args:
        path: one of
            - a folder with one `.npy`, `.npz` or `.h5` file a video;
            - a folder with such folders `rgb` and `flow`, whose channels are concatenated;
            - a `.npz` or `.h5` file with a key per video;
            - one video's file; a `.npz` or `.h5` of one holds `features`, or `rgb` and `flow`.
        feature_dim: F that every video must have; None takes the first video's.
        modality: "rgb" or "flow" reads only that part, if the two are stored separately.

    Raises:
        ValueError: the path is absent or has another form; the message says what was found.
    """
    if modality not in MODALITIES:
        raise InvalidValue(f"modality: expected one of {', '.join(MODALITIES)}, got {modality!r}")
    path = Path(path)
    part = None if modality == "rgb+flow" else modality
    if path.is_dir():
        container, folders = _open_folder(path, part)
        return FeatureSource(container, feature_dim, FeatureRecords(folders))
    refuse_special(path)
    if not path.is_file():
        raise InvalidValue(f"{path}: no such file or folder of features")
    if form_of(path) is None:
        raise InvalidValue(
            f"{path}: expected features as {', '.join(SUFFIXES)}; rows of numbers without a "
            "heading go to basnet-rt stream, or save them by numpy.save"
        )
    one = holds_one_video(path)
    if not one:
        return FeatureSource(KeyedFile(path, part), feature_dim)
    return FeatureSource(SingleFile(path, part), feature_dim, FeatureRecords([path.parent]))


def _open_folder(path: Path, part: str | None) -> tuple[Container, list[Path]]:
    """The files, and the folders of their records."""
    apart = [path / name for name in ("rgb", "flow") if (path / name).is_dir()]
    if not apart or (part is not None and path / part not in apart):
        return FileFolder(path, part), [path]
    if part is not None:
        return FileFolder(path / part), [path / part]
    if len(apart) == 1:
        raise InvalidValue(f"{path}: found {apart[0].name}/ alone; expected rgb/ and flow/")
    return Concatenated([(str(folder), FileFolder(folder)) for folder in apart]), apart


def _span(rows: Rows, length: int) -> tuple[slice, npt.NDArray[np.int64] | None]:
    """The stretch to read from disk, and the rows to keep of that stretch (None: all)."""
    if rows is None:
        return slice(0, length), None
    if isinstance(rows, slice):
        start, stop, step = rows.indices(length)
        if step != 1:
            raise InvalidValue(f"rows: a slice must have no step, got {rows}")
        return slice(start, max(start, stop)), None
    if rows.size == 0 or rows.min() < 0 or rows.max() >= length:
        raise InvalidValue(f"rows: expected indices in [0, {length}), at least one")
    first = int(rows.min())
    return slice(first, int(rows.max()) + 1), rows - first


def _read(where: str, array: Any, span: slice, take: npt.NDArray[np.int64] | None) -> FloatArray:
    try:
        block = array[span]
    except Exception as error:  # (h5py and its filters raise their own)
        raise InvalidValue(
            f"{where}: rows {span.start} to {span.stop} cannot be read: "
            f"{cut(str(error), 160) or type(error).__name__}; make the file again, or take it out"
        ) from error
    given = np.asarray(block if take is None else block[take])
    with np.errstate(over="ignore"):  # becomes infinite, which is refused below
        values: FloatArray = given.astype(np.float32, copy=False)
    finite = np.isfinite(values)
    if not finite.all():
        row, channel = (int(i) for i in np.argwhere(~finite)[0])
        snippet = span.start + (row if take is None else int(take[row]))
        raise InvalidValue(
            f"{where}: {given[row, channel]} at snippet {snippet}, channel {channel}; "
            "features must be finite" + (" in float32" if np.isfinite(given[row, channel]) else "")
        )
    return values


def _check_array(where: str, array: Any) -> None:
    if not np.issubdtype(array.dtype, np.floating):
        advice = ": to mend it, store array.astype(np.float32)" if array.dtype.kind in "biu" else ""
        raise InvalidType(
            f"{where}: expected float16, float32 or float64, got {array.dtype}{advice}"
        )
    # An HDF5 data set without data has no shape.
    if array.shape is None or len(array.shape) != 2 or 0 in array.shape:
        raise InvalidValue(
            f"{where}: expected a shape (snippets, channels), at least one of each, got "
            f"{array.shape}{_two_axes(array.shape)}"
        )


def _two_axes(shape: tuple[int, ...] | None) -> str:
    """The end of a message: how to take out axes of length 1, if two others are left."""
    if shape is None or 0 in shape or len(shape) < 3:
        return ""
    ones = tuple(axis for axis, length in enumerate(shape) if length == 1)
    if len(shape) - len(ones) != 2:
        return ""
    return f": to mend it, store array.squeeze({ones[0] if len(ones) == 1 else ones})"


def _check_lengths(parts: list[tuple[str, Any]]) -> None:
    lengths = [array.shape[0] for _, array in parts]
    if max(lengths) - min(lengths) > LENGTH_SLACK:
        found = ", ".join(f"{where}: {n}" for (where, _), n in zip(parts, lengths, strict=True))
        raise InvalidValue(f"the parts of a video differ in snippets ({found})")
