"""The digest of a file, which changes with any of its bytes."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path
from typing import Any

_BLOCK = 1 << 20


def file_sha256(path: str | Path, size: int | None = None) -> Any:
    """The running hash (`hashlib.sha256`) of a file's content; more may be added to it.

    Args:
        size: bytes from its start; None: all.

    Raises:
        OSError: the file cannot be read.
    """
    digest = hashlib.sha256()
    with Path(path).open("rb") as file:
        left = math.inf if size is None else size
        while block := file.read(int(min(left, _BLOCK))):
            digest.update(block)
            left -= len(block)
    return digest
