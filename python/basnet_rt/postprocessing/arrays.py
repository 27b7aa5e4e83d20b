"""Converts arguments into NumPy arrays, large ones without copies."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from basnet_rt._errors import InvalidType
from basnet_rt._system.arguments import as_count as as_count
from basnet_rt._system.arguments import as_number as as_number
from basnet_rt._system.arguments import check_unmasked as check_unmasked


def as_numpy(value: Any, name: str) -> npt.NDArray[Any]:
    """A NumPy view of an array, a torch tensor or anything with DLPack; never a copy.

    Raises:
        InvalidType: (a TypeError) it has another kind, or is not in host memory.
    """
    if isinstance(value, np.ndarray):
        check_unmasked(value, name)
        return value
    if hasattr(value, "detach"):
        value = value.detach()
    if not hasattr(value, "__dlpack__"):
        raise InvalidType(
            f"{name} is a {type(value).__name__}; it must be a NumPy array or a torch tensor"
        )
    try:
        return np.from_dlpack(value)
    except (BufferError, RuntimeError, TypeError) as error:
        raise InvalidType(
            f"{name} cannot be viewed as a NumPy array ({error}); it must lie in host memory"
        ) from error


def as_vector(value: Any, name: str, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """A contiguous array of `dtype`; short inputs such as scores may be lists and may be cast."""
    if hasattr(value, "__dlpack__") and not isinstance(value, np.ndarray):
        value = as_numpy(value, name)
    try:
        found = np.ascontiguousarray(value, dtype=dtype)
        whole = np.dtype(dtype).kind != "i" or np.array_equal(found, np.asarray(value))
    except (TypeError, ValueError) as error:
        raise InvalidType(f"{name} cannot be read as {np.dtype(dtype)}: {error}") from error
    if not whole:
        raise InvalidType(f"{name} has numbers that are not whole; expected indices of classes")
    return found


def as_bytes(value: Any, name: str) -> bytes:
    """The bytes of a bytes-like object.

    Raises:
        InvalidType: (a TypeError) it is not bytes-like.
    """
    if not isinstance(value, (bytes, bytearray, memoryview)):
        raise InvalidType(f"{name} is a {type(value).__name__}; it must be bytes")
    return bytes(value)
