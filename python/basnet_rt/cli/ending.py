"""The end of a program: signals that act like Ctrl-C, and output that cannot be written."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

_ASKS = tuple(
    getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)
)  # Windows has no SIGHUP


def run_program(app: Callable[[], Any]) -> None:
    """Call a program's commands and end the process with their exit code.

    If output cannot be written (a full disk), there is one line on standard error and exit code 1.
    If nobody reads the output any more (a closed pipe), the program ends without a message.
    """
    code: Any = 0
    try:
        app()
    except SystemExit as end:
        code = end.code
    except OSError as error:
        code = _said(error)
    try:
        sys.stdout.flush()
    except OSError as error:
        code = code or _said(error)
        drop_stdout()
    sys.exit(code)


def drop_stdout() -> None:
    """Discard buffered output, so that it does not fail again when Python exits."""
    with suppress(OSError, ValueError):  # no real file, as under a test
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def ended_like_ctrl_c() -> Iterator[None]:
    """Let SIGTERM and SIGHUP raise KeyboardInterrupt, unless they have another handler.

    An ignored signal stays ignored, such as SIGHUP under `nohup`.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are the main thread's
        return
    taken = [one for one in _ASKS if signal.getsignal(one) is signal.SIG_DFL]
    for one in taken:
        signal.signal(one, _interrupt)
    try:
        yield
    finally:
        for one in taken:
            signal.signal(one, signal.SIG_DFL)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _said(error: OSError) -> int:
    if not isinstance(error, BrokenPipeError):
        with suppress(OSError):
            sys.stderr.write(f"error: the output cannot be written: {error.strerror or error}\n")
    return 1
