"""The saved state of a `StreamingLocalizer`: four parts behind a header that finds damage."""

from __future__ import annotations

import itertools
import json
import struct
import zlib
from typing import Any, NamedTuple

from basnet_rt._errors import InvalidValue
from basnet_rt.postprocessing.arrays import as_bytes

_MAGIC = b"BRSL"
_VERSION = 2
_HEADER = struct.Struct("<4sIIQQQQ")  # magic, version, crc32 and the sizes of the four parts


class Parts(NamedTuple):
    """What is saved; `about` is plain data, `onsets` is empty without an alarm."""

    about: dict[str, Any]
    network: bytes
    post: bytes
    onsets: bytes


def seal(parts: Parts) -> bytes:
    """As bytes with a version and a checksum."""
    contents = [json.dumps(parts.about).encode(), *parts[1:]]
    payload = b"".join(contents)
    header = _HEADER.pack(_MAGIC, _VERSION, zlib.crc32(payload), *map(len, contents))
    return header + payload


def unseal(state: Any) -> Parts:
    """What `seal` was given.

    Raises:
        ValueError: other bytes, another version, or damaged.
        TypeError: no bytes.
    """
    state = as_bytes(state, "state")
    if len(state) < _HEADER.size or state[:4] != _MAGIC:
        raise InvalidValue("state is not the saved state of a StreamingLocalizer")
    _, version, crc, *sizes = _HEADER.unpack(state[: _HEADER.size])
    if version != _VERSION:
        raise InvalidValue(f"state has version {version}; this program reads {_VERSION}")
    payload = state[_HEADER.size :]
    if len(payload) != sum(sizes) or zlib.crc32(payload) != crc:
        raise InvalidValue("state is damaged or truncated: its checksum does not match")
    ends = list(itertools.accumulate(sizes, initial=0))
    about, network, post, onsets = (payload[a:b] for a, b in itertools.pairwise(ends))
    return Parts(json.loads(about), network, post, onsets)
