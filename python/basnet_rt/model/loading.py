"""From a bundle's file to a `Model`; a file that is not a whole bundle is refused."""

from __future__ import annotations

import warnings
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from basnet_rt._errors import BundleError, InvalidType, InvalidValue
from basnet_rt.model.bundle import DTYPES, read_metadata
from basnet_rt.model.model import Model
from basnet_rt.postprocessing.gpu_arrays import check_gpu_error

if TYPE_CHECKING:
    import torch


def load(path: str | Path, *, device: Any = "cpu", dtype: Any = None) -> Model:
    """Load a bundle.

    Args:
        path: a file from `basnet-train export`.
        device: for torch, such as "cpu" or "cuda:0".
        dtype: of the weights, "float32" or "bfloat16" (or torch's); None keeps the bundle's. What
            goes in and comes out is float32 either way.

    Raises:
        BundleError: the file is absent, truncated, damaged, no TorchScript file or no bundle, or
            of another format version.
        ValueError: the device is not there, or the dtype is neither.
    """
    path = Path(path)
    metadata = read_metadata(path)
    check_undamaged(path)
    name = _dtype_name(dtype, metadata.dtype)
    import torch

    module = load_script(path, usable_device(device))
    if name != metadata.dtype:
        module.to(getattr(torch, name))
    try:
        return Model(
            module.eval(), metadata, device=usable_device(device), dtype=name, name=path.name
        )
    except (InvalidValue, InvalidType) as error:
        raise BundleError(f"{path}: post-processing settings: {error}") from error


def check_undamaged(path: Path) -> None:
    """torch reads flipped bits without noticing; the archive's checksums do."""
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
    except (zipfile.BadZipFile, EOFError, OSError, RuntimeError) as error:
        raise BundleError(f"{path}: damaged: {error}") from error
    if damaged is not None:
        raise BundleError(f"{path}: damaged: the checksum of {damaged} is wrong")


def load_script(path: Path, device: torch.device) -> Any:
    import torch

    load_any: Any = torch.jit.load
    with warnings.catch_warnings():
        # Deprecated since torch 2.11, but the format asked for, and the one that C++ loads.
        warnings.filterwarnings("ignore", r"`torch\.jit\.load` is deprecated", DeprecationWarning)
        try:
            return load_any(str(path), map_location=device)
        except (RuntimeError, ValueError) as error:
            check_gpu_error(error)
            reason = str(error).strip().splitlines()[0]
            raise BundleError(f"{path}: not a TorchScript file: {reason}") from error


def usable_device(device: Any) -> torch.device:
    import torch

    try:
        chosen = torch.device(device)
        torch.empty(0, device=chosen)
    except (RuntimeError, AssertionError, TypeError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise InvalidValue(f"device is {device!r}; it cannot be used: {reason}") from error
    return chosen


def _dtype_name(dtype: Any, default: str) -> str:
    name = default if dtype is None else str(dtype).removeprefix("torch.")
    if name not in DTYPES:
        raise InvalidValue(f"dtype is {dtype!r}; it must be one of {', '.join(DTYPES)}")
    return name
