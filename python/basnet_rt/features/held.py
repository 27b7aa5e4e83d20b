"""Checks that a file holds what its arrays claim, before memory is taken for them."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path
from typing import Any, cast

import numpy as np

from basnet_rt._errors import InvalidValue
from basnet_rt._system.shown import shown

_RATIO = 1032  # deflate makes at most so many bytes from one


def refuse_twice(path: Path, archive: Any) -> None:
    """Refuse an `.npz` with two members of one name, because only one of them would be read.

    Raises:
        ValueError: names the member.
    """
    twice = [name for name, count in Counter(archive.files).items() if count > 1]
    if twice:
        raise InvalidValue(
            f"{path}: the member {shown(twice[0])} appears twice; write the archive again with one "
            "of the two"
        )


def refuse_short_member(path: Path, archive: Any, key: str) -> None:
    """Refuse a member of an `.npz` whose heading claims more bytes than the member has.

    Raises:
        ValueError: names the member, the claim and the bytes.
    """
    member = key if key in archive.zip.namelist() else f"{key}.npy"
    claim = _claim(archive.zip, member)
    if claim is None:
        return
    about = archive.zip.getinfo(member)
    held = about.file_size
    if about.compress_type in (0, 8):  # stored, deflated
        held = min(held, about.compress_size * _RATIO)
    _refuse_short(f"{path}:{key}", claim[0], claim[1], held)


def refuse_short_dataset(where: str, data: Any) -> None:
    """Refuse a data set of a `.h5` that claims more bytes than the file has for it.

    Raises:
        ValueError: names the claim and the bytes.
    """
    if data.shape is None:
        return
    claimed = math.prod(data.shape) * data.dtype.itemsize
    if claimed <= Path(data.file.filename).stat().st_size:
        return
    held = data.id.get_storage_size()
    if data.chunks is not None:  # they may be compressed
        held = data.id.get_num_chunks() * math.prod(data.chunks) * data.dtype.itemsize
    _refuse_short(where, data.shape, claimed, held)


def _refuse_short(where: str, shape: tuple[int, ...], claimed: int, held: int) -> None:
    if claimed > held:
        raise InvalidValue(
            f"{where}: claims the shape {shown(tuple(shape))}, which is {claimed:.4g} bytes, but "
            f"the file holds {held} bytes of it; make the file again"
        )


def _claim(archive: Any, member: str) -> tuple[tuple[int, ...], int] | None:
    """Shape and bytes in the heading of a `.npy`; None if the reader says what is wrong."""
    try:
        with archive.open(member) as file:
            version = np.lib.format.read_magic(file)
            reader = "read_array_header_1_0" if version == (1, 0) else "read_array_header_2_0"
            shape, _, dtype = getattr(cast(Any, np.lib.format), reader)(file)
        return tuple(shape), math.prod(shape) * dtype.itemsize
    except Exception:  # noqa: BLE001 (damaged members fail in every way)
        return None
