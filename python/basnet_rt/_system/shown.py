"""Values of files as messages show them: readable, and never longer than a line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from basnet_rt._system.addresses import without_secrets

MOST = 80  # characters of a shown value


def shown(value: Any, most: int = MOST) -> str:
    """`repr` of a value, or of a text's two ends: the middle of a long one is `...`.

    Secrets of addresses are left out first, because a part of an address looks like no address.
    """
    if isinstance(value, str) and "://" in value:
        value = without_secrets(value)
    if isinstance(value, str) and len(value) > most:
        value = value[:most] + value[-most:]  # a long text is not copied as a whole
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # a number of thousands of digits, a deep list
        return f"<{type(value).__name__}>"
    return cut(text, most)


def shown_all(values: Iterable[Any], most: int = 3) -> str:
    """The first values as a list, such as ['a', 'b']."""
    first = [shown(value) for value, _ in zip(values, range(most), strict=False)]
    return f"[{', '.join(first)}]"


def cut(text: str, most: int = MOST) -> str:
    """The text; the middle of a longer one than `most` characters is `...`."""
    if len(text) <= most:
        return text
    end = (most - 3) // 3
    return f"{text[: most - 3 - end]}...{text[-end:]}"
