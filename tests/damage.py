"""Files as accidents leave them: text with a damaged place, JSON with a value of another kind."""

from __future__ import annotations

import json
import random
from typing import Any

INSERTED = ["", "0", "-1", "nan", "1e999", "\x00", "\ufffe", "{}", "[]", "null", '"', "<", "&", ";",
            "\n", "9" * 40, "true", "-->", "\u2028"]  # fmt: skip


def damaged(text: str, dice: random.Random) -> str:
    """A piece cut out, doubled, or replaced by something awkward."""
    start = dice.randrange(len(text))
    end = min(len(text), start + dice.choice([0, 1, 2, 5, 20, 200]))
    piece = dice.choice([*INSERTED, text[start:end] * 2])
    return text[:start] + piece + text[end:]


def shaken(value: Any, dice: random.Random) -> Any:
    """JSON with one value somewhere replaced by one of another kind."""
    places: list[tuple[Any, Any]] = []

    def collect(holder: Any) -> None:
        for key in holder if isinstance(holder, dict) else range(len(holder)):
            places.append((holder, key))
            if isinstance(holder[key], (dict, list)) and holder[key]:
                collect(holder[key])

    copy = json.loads(json.dumps(value))
    collect(copy)
    holder, key = dice.choice(places)
    holder[key] = dice.choice([None, -1, 10**30, 0.5, "x", [], {}, [1], {"a": None}, True])
    return copy
