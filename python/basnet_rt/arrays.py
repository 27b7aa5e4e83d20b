"""Turns what callers hold into NumPy arrays, without copies where that matters."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from basnet_rt._errors import InvalidType


def as_numpy(value: Any, name: str) -> npt.NDArray[Any]:
    """A NumPy view of an array, a torch tensor or anything with DLPack; never a copy.

    Raises:
        InvalidType: (a TypeError) it is none of these, or does not live in host memory.
    """
    if isinstance(value, np.ndarray):
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
        return np.ascontiguousarray(value, dtype=dtype)
    except (TypeError, ValueError) as error:
        raise InvalidType(f"{name} cannot be read as {np.dtype(dtype)}: {error}") from error
