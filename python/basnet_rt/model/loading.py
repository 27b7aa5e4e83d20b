"""From a bundle's file to a `Model`; a file that is not a whole bundle is refused."""

from __future__ import annotations

import warnings
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from basnet_rt import _core
from basnet_rt._errors import BundleError, InvalidType, InvalidValue
from basnet_rt.model.bundle import read_metadata
from basnet_rt.model.model import Model
from basnet_rt.postprocessing.gpu_arrays import check_gpu_error

if TYPE_CHECKING:
    import torch


TORCH_DTYPES = ("float32", "bfloat16")  # what torch runs


def load(
    path: str | Path, *, device: Any = "cpu", dtype: Any = None, trust_code: bool = False
) -> Model:
    """Load a bundle.

    torch runs code that a TorchScript file holds, some of it at once. So a file is loaded only
    where that code is what `basnet-train export` writes, of this version or an earlier one.

    Args:
        path: a file from `basnet-train export`.
        device: for torch, such as "cpu" or "cuda:0".
        dtype: of the weights, "float32" or "bfloat16" (or torch's); None keeps the bundle's. What
            goes in and comes out is float32 either way.
        trust_code: also load a file with other code. It can do whatever you can do: give True only
            for a file whose maker you trust.

    Raises:
        BundleError: the file is absent, truncated, damaged, no TorchScript file or no bundle, of
            another format version, or its code is not an exporter's.
        ValueError: the device is not there, or the dtype is neither.
    """
    path = Path(path)
    metadata = read_metadata(path)
    _core.check_bundle_undamaged(str(path))
    name = _dtype_name(dtype, metadata.dtype)
    if not trust_code:
        _core.check_bundle_code(str(path))
    import torch

    module = load_script(path, usable_device(device))
    if name != metadata.dtype:
        module.to(getattr(torch, name))
    try:
        return Model(
            module.eval(),
            metadata,
            device=usable_device(device),
            dtype=name,
            name=path.name,
            path=path,
        )
    except (InvalidValue, InvalidType) as error:
        raise BundleError(f"{path}: post-processing settings: {error}") from error


def check_undamaged(path: Path) -> None:
    """Check any zip archive; torch reads flipped bits without noticing, the checksums do."""
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
    if name not in TORCH_DTYPES:
        raise InvalidValue(f"dtype is {dtype!r}; it must be one of {', '.join(TORCH_DTYPES)}")
    return name
