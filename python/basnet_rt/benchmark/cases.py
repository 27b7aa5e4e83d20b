"""The measured ways of running a bundle."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from basnet_rt._errors import InvalidValue
from basnet_rt._system.extras import is_installed
from basnet_rt.model.bundle import BundleMetadata
from basnet_rt.model.loading import ENGINES, NATIVE_DTYPES, TORCH_DTYPES
from basnet_rt.postprocessing.backend_choice import backends

ALL = "all"
NO_KERNEL = "-"  # torch chooses its own


@dataclass(frozen=True)
class Setup:
    """One way of running a bundle.

    Attributes:
        engine: "native" or "torch".
        kernel: of the native engine; "-" for torch.
        dtype: of the weights.
        threads: threads that one call may use.
    """

    engine: str
    kernel: str
    dtype: str
    threads: int


def planned(
    metadata: BundleMetadata,
    *,
    engines: Sequence[str] = (),
    kernels: Sequence[str] = (),
    dtypes: Sequence[str] = (),
    threads: Sequence[int] = (),
) -> list[Setup]:
    """Every case that this machine and this bundle allow; arguments that are not empty restrict it.

    Without `kernels`, only the default kernel of the native engine is measured; "all" means every
    kernel that this processor can run. Without `threads`: 1 and the number of cores.

    Raises:
        ValueError: an engine, a kernel, a dtype or a number of threads is not available here, or no
            case is left.
    """
    _check(threads)
    kinds = _chosen(engines, _engines(), "engine")
    names = _kernels(kernels)
    counts = tuple(threads) or tuple(sorted({1, cores()}))
    _chosen(dtypes, _dtypes("native", metadata), "dtype")
    cases = [
        Setup(engine, kernel, dtype, count)
        for engine in kinds
        for kernel in (names if engine == "native" else (NO_KERNEL,))
        for dtype in _dtypes(engine, metadata)
        if not dtypes or dtype in dtypes
        for count in counts
    ]
    if not cases:
        raise InvalidValue(
            f"engine {', '.join(kinds)} has no dtype {', '.join(dtypes)}; torch runs "
            f"{', '.join(TORCH_DTYPES)}, and nothing of a bundle with int8 weights"
        )
    return cases


def cores() -> int:
    """The number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _check(threads: Sequence[int]) -> None:
    for count in threads:
        if count < 1:
            raise InvalidValue(f"threads is {count}; it must be at least 1")


def _engines() -> tuple[str, ...]:
    return tuple(
        one for one in ENGINES if one == "native" or (one == "torch" and is_installed(one))
    )


def _kernels(wanted: Sequence[str]) -> tuple[str, ...]:
    there = tuple(one.name for one in backends()[0].kernels if one.available)
    if ALL in wanted:
        return there
    forced = os.environ.get("BASNET_RT_FORCE_KERNEL")
    return _chosen(wanted or (forced or there[-1],), there, "kernel")


def _dtypes(engine: str, metadata: BundleMetadata) -> tuple[str, ...]:
    """Weights that are stored as int8 stay int8."""
    if metadata.dtype == "int8":
        return ("int8",) if engine == "native" else ()
    return NATIVE_DTYPES if engine == "native" else TORCH_DTYPES


def _chosen(wanted: Sequence[str], there: Sequence[str], what: str) -> tuple[str, ...]:
    for one in wanted:
        if one not in there:
            raise InvalidValue(f"{what} is {one!r}; there are here: {', '.join(there)}")
    return tuple(wanted) or tuple(there)
