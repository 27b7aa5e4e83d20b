"""Reading JSON files, with errors that name the file."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from basnet_rt._errors import InvalidValue
from basnet_rt._system.text_file import read_text


def read_json(path: str | Path) -> Any:
    """The content of a JSON file.

    Raises:
        InvalidValue: (a ValueError) the file is absent, cannot be read, or is not JSON.
    """
    text = read_text(path)
    with _collector_paused():
        return parse_json(text, str(path))


def parse_json(text: str, where: str) -> Any:
    """The content of a JSON text; `where` names its source in messages.

    Raises:
        InvalidValue: it is not JSON, or an object has a key twice, so one of the two values would
            be lost.
    """
    try:
        return json.loads(text, object_pairs_hook=_object)
    except InvalidValue as error:
        raise InvalidValue(f"{where}: {error}") from error
    except (ValueError, RecursionError) as error:
        raise InvalidValue(f"{where}: not JSON: {error}") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise InvalidValue(f"the key {twice!r} appears twice in one object; remove one of the two")
    return found


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Pause the garbage collector: parsing makes millions of objects, and scans double the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
