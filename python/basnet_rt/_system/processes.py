"""Child processes that ignore Ctrl-C and leave it to their parent."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker


@contextmanager
def children_ignore_interrupts() -> Iterator[None]:
    """Let processes started in this block ignore Ctrl-C; this process gets it after the block.

    They ignore it from their first instruction. If they set a handler themselves, Ctrl-C during
    their imports would print a traceback for each process.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # its start would unblock the signal
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
