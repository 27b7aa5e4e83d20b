"""Reading JSON files, with errors that name the file."""

from __future__ import annotations

import gc
import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from basnet_rt._errors import InvalidValue
from basnet_rt._system.shown import cut, shown
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
        InvalidValue: it is not JSON, an object has a key twice, so one of the two values would be
            lost, or a whole number has thousands of digits.
    """
    try:
        return json.loads(text, object_pairs_hook=_object)
    except InvalidValue as error:
        raise InvalidValue(f"{where}: {error}") from error
    except json.JSONDecodeError as error:
        raise InvalidValue(f"{where}: not JSON: {error}") from error
    except RecursionError as error:
        raise InvalidValue(
            f"{where}: not JSON that can be read: its lists or objects are nested too deep"
        ) from error
    except ValueError as error:  # Python reads no longer numbers
        raise InvalidValue(f"{where}: {_long_number(text)}") from error


def _long_number(text: str) -> str:
    """The message about the first whole number that is too long for Python."""
    found = max(re.finditer(r"\d+", text), key=lambda one: len(one[0]), default=None)
    digits = "" if found is None else found[0]
    line = text.count("\n", 0, 0 if found is None else found.start()) + 1
    return (
        f"line {line}: the number {cut(digits)} has {len(digits)} digits; write numbers of at most "
        f"{sys.get_int_max_str_digits()} digits"
    )


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise InvalidValue(
            f"the key {shown(twice)} appears twice in one object; remove one of the two"
        )
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
