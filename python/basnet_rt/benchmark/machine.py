"""The machine and the versions that belong to measurements, and the memory of a process."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from basnet_rt import _core
from basnet_rt.benchmark.cases import cores


def machine() -> dict[str, Any]:
    """Names and versions, as values for JSON."""
    return {
        "processor": _processor(),
        "cores": cores(),
        "system": platform.platform(terse=True),
        "basnet_rt": _core.__version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "torch": _torch_version(),
    }


def peak_memory() -> int | None:
    """The peak memory of this process in bytes; None if the system does not report it."""
    status = Path("/proc/self/status")
    if status.exists():
        # Not ru_maxrss: on Linux it includes the parent's memory when this process was started.
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    try:
        import resource
    except ImportError:  # Windows
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes on macOS


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _torch_version() -> str | None:
    try:
        return version("torch")  # from the package's metadata: importing torch takes seconds
    except PackageNotFoundError:
        return None
