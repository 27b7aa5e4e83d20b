"""Arrays of other libraries on a GPU: finds their device and passes them to the core."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from basnet_rt._errors import BackendUnavailable, InvalidType, InvalidValue
from basnet_rt._system.extras import from_extra
from basnet_rt.postprocessing.arrays import as_vector

_CUDA = 2  # DLPack's number of the device type
_DEFAULT_STREAM = 1  # DLPack's number of CUDA's default stream
_DEVICE_ERRORS = ("OutOfMemoryError", "AcceleratorError")  # of torch; some versions lack them
_NO_WAITING = -1  # DLPack's number for a consumer on the producer's own stream


def on_gpu(value: Any) -> bool:
    """Whether it is an array, of any library with DLPack, on a CUDA device."""
    asked = getattr(value, "__dlpack_device__", None)
    if asked is None or isinstance(value, np.ndarray):
        return False
    try:
        return int(asked()[0]) == _CUDA
    except (BufferError, RuntimeError, TypeError, ValueError):  # such as torch's "meta"
        return False


def any_on_gpu(value: Any) -> bool:
    """Whether an array, or any array in a list, is on a CUDA device."""
    if isinstance(value, (list, tuple)):
        return any(on_gpu(one) for one in value)
    return on_gpu(value)


def gpu_of(value: Any) -> int:
    """Index of the CUDA device of an array."""
    return int(value.__dlpack_device__()[1])


def current_stream(device: int) -> int:
    """Handle of torch's current stream; 0, the default one, if torch does not use the GPU."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_initialized():
        return 0
    return int(torch.cuda.current_stream(device).cuda_stream)


def capsule(value: Any, name: str, stream: int) -> Any:
    """A DLPack capsule of an array on a GPU, to be read on a stream; never a copy.

    Raises:
        InvalidType: (a TypeError) it is not on a GPU, or its library refuses the export.
    """
    if not on_gpu(value):
        raise InvalidType(f"{name} is a {type(value).__name__} that lies on no GPU, unlike cas")
    try:
        if hasattr(value, "detach"):  # torch's own current stream is the one that will read
            return value.detach().__dlpack__(stream=_NO_WAITING)
        return value.__dlpack__(stream=stream or _DEFAULT_STREAM)
    except (BufferError, RuntimeError, TypeError) as error:
        raise InvalidType(f"{name} cannot be shared by DLPack: {error}") from error


def to_host(value: Any) -> Any:
    """A C-contiguous copy in host memory of an array on a GPU; anything else unchanged."""
    if isinstance(value, (list, tuple)):
        return [to_host(one) for one in value]
    if not on_gpu(value):
        return value
    return _tensor(value).detach().cpu().contiguous().numpy()


def joined(rows: Sequence[Any], name: str) -> Any:
    """(sum of T, columns): arrays (T_i, columns) on one GPU, concatenated.

    A single array is not copied; several are copied on their device.
    """
    for i, one in enumerate(rows):
        if len(one.shape) != 2:
            raise InvalidValue(f"{name}[{i}] has shape {tuple(one.shape)}; it must be (T, C)")
    if len(rows) == 1:
        return rows[0]
    tensors = [_tensor_of_rows(one, f"{name}[{i}]") for i, one in enumerate(rows)]
    for i, tensor in enumerate(tensors):
        _check_alike(tensor, tensors[0], f"{name}[{i}]", f"{name}[0]")
    with gpu_errors():
        return _torch().cat(tensors)


def contiguous(value: Any) -> Any:
    """The same values without gaps between rows; arrays of other libraries are not changed."""
    return value.contiguous() if hasattr(value, "contiguous") else value


def scores_on(value: Any, device: int) -> Any:
    """(N, C) float32 on a GPU, from an array or a list of N arrays (C,) on any device."""
    if isinstance(value, (list, tuple)) and len(value) == 1 and on_gpu(value[0]):
        value = value[0]  # (C,), which is one row
    listed = isinstance(value, (list, tuple))
    if not listed and on_gpu(value):
        return _tensor(value).float().contiguous() if hasattr(value, "detach") else value
    torch = _torch()
    if listed and any_on_gpu(value):
        return torch.stack([_onto(_tensor(one), device).float() for one in value])
    values = np.stack([as_vector(one, "video_scores", np.float32) for one in value])
    return _onto(torch.from_numpy(values), device)


@contextmanager
def gpu_errors() -> Iterator[None]:
    """Turn torch's device errors, such as out of memory, into an error of this package."""
    try:
        yield
    except RuntimeError as error:
        check_gpu_error(error)
        raise


def check_gpu_error(error: BaseException) -> None:
    """Raise `BackendUnavailable` if this is a device error of torch."""
    if type(error).__name__ in _DEVICE_ERRORS:
        reason = str(error).strip().splitlines()[0]
        raise BackendUnavailable(f"the device failed: {reason}") from error


def _onto(tensor: Any, device: int) -> Any:
    with gpu_errors():
        return tensor.detach().to(f"cuda:{device}")


def _torch() -> Any:
    return from_extra("torch", "torch", "bringing arrays together on a GPU")


def _tensor(value: Any) -> Any:
    """A torch tensor on the same memory."""
    return value if hasattr(value, "detach") else _torch().from_dlpack(value)


def _tensor_of_rows(value: Any, name: str) -> Any:
    if not on_gpu(value):
        raise InvalidType(f"{name} is a {type(value).__name__} that lies on no GPU; others do")
    return _tensor(value).detach()


def _check_alike(tensor: Any, first: Any, name: str, first_name: str) -> None:
    for what in ("device", "dtype"):
        if getattr(tensor, what) != getattr(first, what):
            raise InvalidType(
                f"{name} has {what} {getattr(tensor, what)}; {first_name} has "
                f"{getattr(first, what)}, and on a GPU a batch must have one"
            )
    if tensor.shape[1] != first.shape[1]:
        raise InvalidValue(
            f"{name} has {tensor.shape[1]} columns; {first_name} has {first.shape[1]}, and on a "
            "GPU all videos of a batch must have as many"
        )
