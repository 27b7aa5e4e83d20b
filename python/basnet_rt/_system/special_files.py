"""Pipes, sockets and devices: names without a file's content behind them."""

from __future__ import annotations

import stat
from pathlib import Path


def is_pipe(path: str | Path) -> bool:
    """Whether it is a FIFO, a pipe such as `<(...)` or a socket."""
    kind = _mode(path)
    return stat.S_ISFIFO(kind) or stat.S_ISSOCK(kind)


def why_no_file(path: str | Path) -> str | None:
    """The reason why a path has no content of a fixed length; None of files, folders and nothing.

    Such a path cannot be read twice, and reading it may never end.
    """
    if is_pipe(path):
        return "is a pipe, which can be read only once"
    kind = _mode(path)
    if stat.S_ISCHR(kind) or stat.S_ISBLK(kind):
        return "is a device, which may never end"
    return None


def _mode(path: str | Path) -> int:
    try:
        return Path(path).stat().st_mode
    except (OSError, ValueError):
        return 0
