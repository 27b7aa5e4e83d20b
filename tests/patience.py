"""How long tests wait for what must come. No test judges speed: the machine may be busy or old."""

from __future__ import annotations

import time
from collections.abc import Callable

HANG = 300.0  # seconds after which something that does not come counts as hanging


def wait_for(condition: Callable[[], object], what: str = "it") -> None:
    """Return as soon as the condition holds."""
    until = time.monotonic() + HANG
    while not condition():
        assert time.monotonic() < until, f"{what} never came"
        time.sleep(0.02)
