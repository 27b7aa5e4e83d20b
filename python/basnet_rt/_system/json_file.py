"""Reading JSON files, with errors that name the file."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from basnet_rt._errors import InvalidValue


def read_json(path: str | Path) -> Any:
    """The content of a JSON file.

    Raises:
        InvalidValue: (a ValueError) the file is absent, cannot be read, or is not JSON.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidValue(f"{path}: cannot be read: {error}") from error
    with _collector_paused():
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InvalidValue(f"{path}: not JSON: {error}") from error


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Parsing makes millions of containers and no cycles; scanning them doubles the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
