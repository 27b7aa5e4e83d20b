"""Child processes that ignore Ctrl-C and leave it to their parent."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker


@contextmanager
def children_ignore_interrupts() -> Iterator[None]:
    """Processes started within ignore Ctrl-C; this process gets it after the block at the latest.

    They ignore it from their first instruction on. A handler that they set themselves would leave
    the time in which they import, and Ctrl-C would then print a traceback of each.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # its start would lift the block
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
