"""Arrays as text in a page, which its script reads without a copy: packed, deflated, base64.

Packed: the length of a JSON heading (uint32, little-endian), the heading {name: [dtype, shape,
offset]}, then the arrays at those offsets from the heading's end, each a multiple of 8.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

# NumPy's names of the types that JavaScript has typed arrays for.
DTYPES = ("u1", "i1", "u2", "i4", "f4", "f8")
ALIGNMENT = 8


def pack(arrays: Mapping[str, np.ndarray[Any, Any]]) -> str:
    """Base64 of the deflated arrays; every dtype must be one of `DTYPES`."""
    heading: dict[str, Any] = {}
    parts: list[bytes] = []
    offset = 0
    for name, array in arrays.items():
        dtype = array.dtype.str[1:]
        if dtype not in DTYPES:
            raise TypeError(f"{name} has dtype {array.dtype}; it must be one of {DTYPES}")
        data = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()
        heading[name] = [dtype, list(array.shape), offset]
        parts.append(data + bytes(-len(data) % ALIGNMENT))
        offset += len(parts[-1])
    text = json.dumps(heading).encode()
    text += b" " * (-(len(text) + 4) % ALIGNMENT)
    raw = len(text).to_bytes(4, "little") + text + b"".join(parts)
    return base64.b64encode(zlib.compress(raw, 9)).decode()


def unpack(text: str) -> dict[str, np.ndarray[Any, Any]]:
    """The inverse of `pack`."""
    raw = zlib.decompress(base64.b64decode(text))
    size = 4 + int.from_bytes(raw[:4], "little")
    found = {}
    for name, (dtype, shape, offset) in json.loads(raw[4:size]).items():
        count = int(np.prod(shape))
        found[name] = np.frombuffer(raw, f"<{dtype}", count, size + offset).reshape(shape)
    return found


def quantised(values: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], float, float]:
    """uint16 of the same shape, and the values of 0 and 65535; the input must be finite."""
    low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 1.0)
    width = (high - low) or 1.0
    steps = np.rint((values.astype(np.float64) - low) / width * 65535)
    return steps.astype(np.uint16), low, low + width


def json_in_html(value: Any) -> str:
    """JSON for a script element, without `<`, `>` or `&`, which the HTML parser would find."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))  # ASCII: U+2028 is escaped
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
