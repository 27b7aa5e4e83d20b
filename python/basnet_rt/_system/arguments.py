"""Arguments of one kind: numbers, with those of NumPy and torch but no truth values, and paths."""

from __future__ import annotations

import operator
import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from basnet_rt._errors import InvalidType, InvalidValue
from basnet_rt._system.shown import shown


def is_truth(value: Any) -> bool:
    """Whether it is True or False, of Python, NumPy or torch, which would count as 1 and 0."""
    return isinstance(value, bool) or str(getattr(value, "dtype", "")) in ("bool", "torch.bool")


def as_number(value: Any, name: str) -> float:
    """A float; the core checks its range.

    Raises:
        InvalidType: (a TypeError) it is not a number; True and False are none.
    """
    try:
        if not isinstance(value, (str, bytes)) and not is_truth(value):
            return float(value)
    except (TypeError, ValueError):
        pass
    raise InvalidType(f"{name} is {value!r}; it must be a number")


def as_count(value: Any, name: str) -> int:
    """An int that fits into 64 bits.

    Raises:
        InvalidType: (a TypeError) it is not an integer.
        InvalidValue: (a ValueError) it is too large.
    """
    try:
        count = operator.index(value)
    except TypeError as error:
        raise InvalidType(f"{name} is {value!r}; it must be an integer") from error
    if is_truth(value):
        raise InvalidType(f"{name} is {value}; it must be an integer")
    if abs(count) >= 2**63:
        raise InvalidValue(f"{name} is {count}; it must fit into 64 bits")
    return count


def as_path(value: Any, name: str) -> Path:
    """The path.

    Raises:
        InvalidType: (a TypeError) it is neither a text nor a path.
    """
    if not isinstance(value, (str, os.PathLike)):
        raise InvalidType(f"{name} is {shown(value)}; it must be a path, as text or pathlib.Path")
    return Path(value)


def check_unmasked(value: npt.NDArray[Any], name: str) -> None:
    """A mask would be ignored in silence.

    Raises:
        TypeError: the array has one.
    """
    if isinstance(value, np.ma.MaskedArray):
        raise InvalidType(
            f"{name} is a masked array, and every value is used; fill it first, such as with "
            f"{name}.filled(0)"
        )
