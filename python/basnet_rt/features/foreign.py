"""Files of features that hold more than arrays: pickled objects, links to other files."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np

from basnet_rt._errors import InvalidValue
from basnet_rt._system.shown import cut
from basnet_rt._system.special_files import why_no_file

_MOST_HOPS = 8  # most links in a chain
_DEEPEST = 2  # depth of groups below a key; features are not deeper, and links may form a cycle


class _EndlessLinksError(Exception):
    """Links in a circle, or too many of them."""


def refuse_more_than_arrays(path: Path) -> None:
    """Refuse a file, or a folder's files, that hold more than arrays, before they are read.

    Raises:
        ValueError: a `.npy` is a pickled table of videos (only the first file of a folder is
            checked); a `.h5` takes data from other files.
    """
    there = sorted(path.iterdir()) if path.is_dir() else [path]
    files = [one for one in there if one.is_file()]
    for first in [one for one in files if one.suffix == ".npy"][:1]:
        shape = object_array_shape(first)
        if shape is not None:
            raise InvalidValue(object_array_message(first, shape))
    for file in files:
        if file.suffix in (".h5", ".hdf5"):
            _refuse_elsewhere(file)


def refuse_special(path: Path) -> None:
    """Refuse a pipe or a device, because reading it could wait for ever.

    Raises:
        ValueError: it is a pipe or a device.
    """
    if (reason := why_no_file(path)) is not None:
        raise InvalidValue(f"{path}: {reason}; write the features to a file and give that")


def _refuse_elsewhere(path: Path) -> None:
    try:
        import h5py

        file = h5py.File(path, "r")
    except (ImportError, OSError):
        return  # the reader says what is wrong
    with file:
        for name in file:
            refuse_elsewhere(path, file, name)


def refuse_elsewhere(path: Path, group: Any, name: str) -> None:
    """Refuse a data set of a `.h5`, or a group of them, that takes values from another file.

    HDF5 can refer to any file of the machine; its bytes would then be used as features.

    Raises:
        ValueError: it takes values from another file, or links lead in a circle; names the data
            set.
    """
    try:
        elsewhere = _elsewhere(group, name)
    except _EndlessLinksError as error:
        raise InvalidValue(
            f"{path}: {cut(name)} is a link that leads to no data, in a circle or through more "
            f"than {_MOST_HOPS} links; put the features there, or take the link out"
        ) from error
    if elsewhere is not None:
        raise InvalidValue(
            f"{path}: {elsewhere} lies in another file; features must lie in the file itself: copy "
            "them into it (h5repack does)"
        )


def _elsewhere(group: Any, name: str, depth: int = 0) -> str | None:
    """The first link or data set at or below this name that takes its values from another file."""
    import h5py

    if _leads_out(group, name):
        return name
    value = group.get(name)
    if value is None:
        return None  # a broken link; the reader reports it
    if isinstance(value, h5py.Group):
        if depth == _DEEPEST:
            return None
        below = (_elsewhere(value, one, depth + 1) for one in value)
        found = next((one for one in below if one is not None), None)
        return None if found is None else f"{name}/{found}"
    if not isinstance(value, h5py.Dataset):
        return None
    return name if value.external or value.is_virtual else None


def _leads_out(group: Any, name: str, hops: int = 0) -> bool:
    """Whether a link, or a link that it points to, names another file; no file is opened."""
    import h5py

    link = group.get(name, getlink=True)
    if isinstance(link, h5py.ExternalLink):
        return True
    if not isinstance(link, h5py.SoftLink):
        return False
    if hops == _MOST_HOPS:
        raise _EndlessLinksError
    at = group.file if link.path.startswith("/") else group
    for step in link.path.strip("/").split("/"):
        if not isinstance(at, h5py.Group) or step not in set(at):
            return False
        if _leads_out(at, step, hops + 1):
            return True
        at = at.get(step)
    return False


def object_array_shape(path: Path) -> tuple[int, ...] | None:
    """The shape of a `.npy` of Python objects; None of any other file."""
    try:
        with path.open("rb") as file:
            version = np.lib.format.read_magic(file)
            reader = "read_array_header_1_0" if version == (1, 0) else "read_array_header_2_0"
            shape, _, dtype = getattr(cast(Any, np.lib.format), reader)(file)
    except (OSError, ValueError, EOFError):
        return None
    return tuple(shape) if dtype.hasobject else None


def object_array_message(path: Path, shape: tuple[int, ...] | None, member: str = "") -> str:
    """The message: the kind of file, and lines of Python that make one file for each video.

    Args:
        shape: of the pickled array; None: not known.
        member: name of the array in an archive.
    """
    where, taken = (f"{path}:{member}", f'["{member}"]') if member else (str(path), "")
    if shape == ():
        what, rows = "a pickled object, mostly a dictionary of videos", "table.item().items()"
        names = "# names are the dictionary's keys"
    else:
        what = "pickled objects, such as a table of videos"
        if shape is not None:
            what = f"a pickled table of {shape[0]} videos"
        names = 'names = np.load("videoname.npy").astype(str)  # their names, in the same order'
        rows = "zip(names, table)"
    return (
        f"{where}: {what}, not one video. Reading it runs code that is in it, so this program does "
        "not. If you trust where it comes from, make a file for each video:\n"
        "    import numpy as np\n"
        f'    table = np.load("{path.name}", allow_pickle=True){taken}\n'
        f"    {names}\n"
        f"    for name, rows in {rows}: "
        'np.save(f"features/{name}.npy", np.asarray(rows, np.float32))'
    )
