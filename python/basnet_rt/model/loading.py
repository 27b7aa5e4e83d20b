"""From a bundle's file to a `Model`; a file that is not a complete bundle is refused."""

from __future__ import annotations

import logging
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from basnet_rt import _core
from basnet_rt._errors import BundleError, Error, InvalidType, InvalidValue
from basnet_rt._system.arguments import as_path
from basnet_rt._system.extras import from_extra, is_installed
from basnet_rt._system.torchscript import quiet_torchscript
from basnet_rt.model.bundle import BundleMetadata, read_metadata
from basnet_rt.model.model import Model
from basnet_rt.model.native import load_native
from basnet_rt.postprocessing.arrays import as_count
from basnet_rt.postprocessing.gpu_arrays import check_gpu_error

if TYPE_CHECKING:
    import torch

_log = logging.getLogger("basnet_rt.model")

ENGINES = ("auto", "native", "torch")
TORCH_DTYPES = ("float32", "bfloat16")  # what torch runs
NO_TORCH = (
    'engine "torch" needs torch: pip install \'basnet-rt[torch]\', or give engine="native", '
    "which runs bundles on the CPU without it"
)
NATIVE_DTYPES = ("float32", "bfloat16", "int8")


def load(
    path: str | Path,
    *,
    device: Any = "cpu",
    dtype: Any = None,
    engine: Literal["auto", "native", "torch"] = "auto",
    exact: bool = True,
    num_threads: int = 0,
    trust_code: bool = False,
) -> Model:
    """Load a bundle.

    Engine "native" is part of the core. It does not need torch, executes no code in the file, and
    gives the same bits for all chunks, batches and threads. Engine "torch" runs the TorchScript
    file, also on a GPU. torch runs code in the file, some of it while loading. So a file is given
    to torch only if `basnet-train export` of this or an earlier version wrote its code.

    Args:
        path: a file from `basnet-train export`.
        device: "cpu", or one of torch's such as "cuda:0".
        dtype: of the weights, "float32", "bfloat16" (or torch's dtypes) or, with engine "native"
            only, "int8"; None keeps the bundle's. Inputs and outputs are always float32.
        engine: "auto" is "native" on the CPU and "torch" on a GPU, and "torch" for a file with a
            network of another kind.
        exact: False lets the native engine compute whole videos in float32 in about half the time.
            The results then equal those of streams up to rounding, not bit for bit.
        num_threads: threads that one call of the native engine may use; 0: one per core.
        trust_code: True lets torch also load a file with other code. That code can do anything that
            you can do: use this only if you trust the file's author.

    Raises:
        BundleError: the file is absent, truncated, damaged, not a bundle or of another format
            version; or, with engine "torch", not TorchScript or with code of no known exporter.
        ValueError: the device is not available, the dtype or the engine is unknown, or the number
            of threads is negative or over 1024.
        TypeError: `exact` or `trust_code` is not a bool, or `num_threads` not an integer.
        BackendUnavailable: BASNET_RT_FORCE_KERNEL names a kernel that cannot run here.
        Error: engine "torch" is needed and torch is not installed.
    """
    path = as_path(path, "path")
    if engine not in ENGINES:
        raise InvalidValue(f"engine is {engine!r}; it must be one of {', '.join(ENGINES)}")
    for name, flag in (("exact", exact), ("trust_code", trust_code)):
        if not isinstance(flag, bool):
            raise InvalidType(f"{name} is {flag!r}; it must be True or False")
    threads = as_count(num_threads, "num_threads")
    on_cpu = str(device) == "cpu"
    if engine == "native" and not on_cpu:
        raise InvalidValue(
            f'device is {str(device)!r}; engine "native" computes on "cpu" alone, "torch" elsewhere'
        )
    metadata = read_metadata(path)
    if engine == "torch" or not on_cpu or (trust_code and engine == "auto"):
        return _load_torch(path, metadata, device, dtype, trust_code)
    wanted = None if dtype is None else str(dtype).removeprefix("torch.")
    if wanted not in (None, *NATIVE_DTYPES):
        raise InvalidValue(f"dtype is {dtype!r}; it must be one of {', '.join(NATIVE_DTYPES)}")
    try:
        return load_native(path, metadata, wanted, threads, exact)
    except BundleError as error:
        # A TorchScript file may have a network of another kind, which only torch can run.
        if engine == "native" or not _is_torchscript(path) or not is_installed("torch"):
            raise
        _log.info("%s: torch runs it, as the native engine does not: %s", path, error)
        return _load_torch(path, metadata, device, dtype, trust_code)


def _load_torch(
    path: Path, metadata: BundleMetadata, device: Any, dtype: Any, trust_code: bool
) -> Model:
    _check_torchscript(path)
    _core.check_bundle_undamaged(str(path))
    name = _dtype_name(dtype, metadata.dtype)
    if not trust_code:
        _core.check_bundle_code(str(path))
    try:
        import torch
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise Error(NO_TORCH) from error

    module = load_script(path, usable_device(device))
    _check_weights(module, path)
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


def _check_weights(module: Any, path: Path) -> None:
    for name, values in module.state_dict().items():
        if not values.isfinite().all():
            raise BundleError(
                f"{path}: weights: {name} holds NaN or infinity; train or export the network again"
            )


def _check_torchscript(path: Path) -> None:
    if not _is_torchscript(path):
        raise BundleError(
            f"{path}: a safetensors bundle, which holds no code for torch to run; export it as "
            "TorchScript to run it with torch"
        )


def _is_torchscript(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"PK"


def check_undamaged(path: Path) -> None:
    """Check the checksums of any zip archive: torch reads flipped bits without noticing."""
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
    except (zipfile.BadZipFile, EOFError, OSError, RuntimeError) as error:
        raise BundleError(f"{path}: damaged: {error}") from error
    if damaged is not None:
        raise BundleError(f"{path}: damaged: the checksum of {damaged} is wrong")


def load_script(path: Path, device: torch.device) -> Any:
    load_any: Any = from_extra("torch", "torch", "a TorchScript file").jit.load
    try:
        with quiet_torchscript():
            return load_any(str(path), map_location=device)
    except (RuntimeError, ValueError) as error:
        check_gpu_error(error)
        reason = str(error).strip().splitlines()[0]
        raise BundleError(f"{path}: not a TorchScript file: {reason}") from error


def usable_device(device: Any) -> torch.device:
    torch_module = from_extra("torch", "torch", f"device {str(device)!r}")
    try:
        chosen: torch.device = torch_module.device(device)
        torch_module.empty(0, device=chosen)
    except (RuntimeError, AssertionError, TypeError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise InvalidValue(f"device is {device!r}; it cannot be used: {reason}") from error
    return chosen


def _dtype_name(dtype: Any, default: str) -> str:
    name = default if dtype is None else str(dtype).removeprefix("torch.")
    if name not in TORCH_DTYPES:
        raise InvalidValue(f"dtype is {dtype!r}; it must be one of {', '.join(TORCH_DTYPES)}")
    return name
