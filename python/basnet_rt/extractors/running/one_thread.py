"""Computing on one core, so that features do not depend on the number of cores.

OpenCV's DIS flow cuts pictures into as many stripes as it has threads, and sums of torch depend on
how they are divided. To use more cores, several tasks run at the same time.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_lock = threading.Lock()
_inside = 0  # blocks that are open, in all threads: OpenCV has one setting for the process
_before = 0  # OpenCV's threads before the first of them


@contextmanager
def one_thread() -> Iterator[None]:
    """Let OpenCV in this process, and torch in this and new threads, compute on one core.

    Both settings are restored afterwards, OpenCV's when the last such block ends. A package that is
    not imported is not changed.
    """
    torch = sys.modules.get("torch")
    network = None if torch is None else torch.get_num_threads()
    vision = sys.modules.get("cv2")
    _enter(vision)
    try:
        if torch is not None:
            torch.set_num_threads(1)
        yield
    finally:
        _leave(vision)
        if torch is not None:
            torch.set_num_threads(network)


def _enter(vision: Any) -> None:
    global _inside, _before
    if vision is None:
        return
    with _lock:
        if not _inside:
            _before = vision.getNumThreads()
        _inside += 1
        vision.setNumThreads(1)


def _leave(vision: Any) -> None:
    global _inside
    if vision is None:
        return
    with _lock:
        _inside -= 1
        if not _inside:
            vision.setNumThreads(_before)
