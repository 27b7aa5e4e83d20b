"""Files of features that hold more than arrays: pickled objects, links to other files."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np

from basnet_rt import InvalidValue


def refuse_more_than_arrays(path: Path) -> None:
    """Look at a file, or at those of a folder, before a reader calls them truncated, or obeys them.

    Raises:
        ValueError: a `.npy` is a pickled table of videos (of a folder, the first one is looked at);
            a `.h5` takes data from other files.
    """
    files = sorted(path.iterdir()) if path.is_dir() else [path] if path.is_file() else []
    for first in [one for one in files if one.suffix == ".npy"][:1]:
        shape = object_array_shape(first)
        if shape is not None:
            raise InvalidValue(object_array_message(first, shape))
    for file in files:
        if file.suffix in (".h5", ".hdf5"):
            _refuse_elsewhere(file)


def _refuse_elsewhere(path: Path) -> None:
    """HDF5 can name any file of the machine, whose bytes would then be taken for features."""
    try:
        import h5py

        with h5py.File(path, "r") as file:
            elsewhere = _first_elsewhere(file)
    except (ImportError, OSError):
        return  # the reader says what is wrong
    if elsewhere is not None:
        raise InvalidValue(
            f"{path}: {elsewhere} lies in another file; features must lie in the file itself: copy "
            "them into it (h5repack does)"
        )


def _first_elsewhere(group: Any, prefix: str = "") -> str | None:
    """The first link or data set that takes its values from another file."""
    import h5py

    for name in group:
        link = group.get(name, getlink=True)
        if isinstance(link, h5py.ExternalLink):
            return f"{prefix}{name}"
        if isinstance(link, h5py.SoftLink):
            continue  # within this file
        value = group[name]
        if isinstance(value, h5py.Group):
            found = _first_elsewhere(value, f"{prefix}{name}/")
            if found is not None:
                return found
        elif value.external or value.is_virtual:
            return f"{prefix}{name}"
    return None


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


def object_array_message(path: Path, shape: tuple[int, ...]) -> str:
    """What the file is, and the lines that make a file for each video of it."""
    if shape == ():
        what, rows = "a pickled object, mostly a dictionary of videos", "table.item().items()"
        names = "# names are the dictionary's keys"
    else:
        what = f"a pickled table of {shape[0]} videos"
        names = 'names = np.load("videoname.npy").astype(str)  # their names, in the same order'
        rows = "zip(names, table)"
    return (
        f"{path}: {what}, not one video. Reading it runs code that is in it, so this program does "
        "not. If you trust where it comes from, make a file for each video:\n"
        "    import numpy as np\n"
        f'    table = np.load("{path.name}", allow_pickle=True)\n'
        f"    {names}\n"
        f"    for name, rows in {rows}: "
        'np.save(f"features/{name}.npy", np.asarray(rows, np.float32))'
    )
