"""The list of backends, and the choice of one for a call's post-processing."""

from __future__ import annotations

import os
from dataclasses import dataclass

from basnet_rt import _core
from basnet_rt._errors import BackendUnavailable, InvalidValue

CPU, CUDA = "cpu", "cuda"
NAMES = (CPU, CUDA)
FORCE = "BASNET_RT_FORCE_BACKEND"


@dataclass(frozen=True)
class Kernel:
    """The native engine's code for one instruction set.

    Attributes:
        name: such as "avx2"; BASNET_RT_FORCE_KERNEL takes it.
        available: whether this processor can run it.
        reason: why it is not available; else empty.
    """

    name: str
    available: bool
    reason: str


@dataclass(frozen=True)
class Backend:
    """One way to compute, in this build and on this machine.

    Attributes:
        name: "cpu" or "cuda".
        built: whether this build contains it.
        available: whether it can be used now.
        devices: its devices, such as ("cuda:0", "cuda:1").
        reason: why it is not available; else empty.
        kernels: of the native engine, the most capable last; none on a GPU.
    """

    name: str
    built: bool
    available: bool
    devices: tuple[str, ...]
    reason: str
    kernels: tuple[Kernel, ...] = ()


def backends() -> tuple[Backend, ...]:
    """Every backend that basnet_rt knows, "cpu" first; imports nothing and starts no device."""
    kernels = tuple(Kernel(*one) for one in _core.kernels())
    return Backend(CPU, True, True, (CPU,), "", kernels), _cuda()


def forced_backend() -> str | None:
    """The backend that BASNET_RT_FORCE_BACKEND names; None if the variable is not set.

    Raises:
        ValueError: it names an unknown backend.
    """
    name = os.environ.get(FORCE)
    if not name:
        return None
    if name not in NAMES:
        raise InvalidValue(f"{FORCE} is {name!r}; it must be one of {', '.join(NAMES)}")
    return name


def chosen_backend(name: str) -> str:
    """The forced backend, or else the one with this name.

    Raises:
        BackendUnavailable: it cannot be used.
        ValueError: no backend has this name.
    """
    if name not in NAMES:
        raise InvalidValue(f"backend is {name!r}; it must be one of {', '.join(NAMES)}")
    chosen = forced_backend() or name
    backend = _cuda()
    if chosen == CUDA and not backend.available:
        raise BackendUnavailable(f"backend {CUDA} is not available: {backend.reason}")
    return chosen


def backend_for(on_gpu: bool) -> str:
    """The backend that post-processes arrays on a GPU, or on the host.

    Raises:
        BackendUnavailable: the forced backend, or the one that the arrays need, cannot be used.
        ValueError: an unknown backend is forced.
    """
    forced = forced_backend()
    chosen = forced or (CUDA if on_gpu else CPU)
    if chosen == CUDA:
        backend = _cuda()
        if not backend.available and forced:
            raise BackendUnavailable(
                f"{FORCE} is {CUDA}, and it is not available: {backend.reason}"
            )
        if not backend.available:
            raise BackendUnavailable(
                f"the arrays lie on a GPU, and backend {CUDA} is not available: {backend.reason}; "
                f"copy them to host memory, or set {FORCE}={CPU}"
            )
    return chosen


def stays_on(device_type: str) -> bool:
    """Whether a model's output stays on a device of this type (torch's name of the type)."""
    if device_type != CUDA or forced_backend() == CPU:
        return False
    return forced_backend() == CUDA or _cuda().available


def _cuda() -> Backend:
    built, count, reason = _core.cuda_support()
    return Backend(CUDA, built, count > 0, tuple(f"{CUDA}:{i}" for i in range(count)), reason)
