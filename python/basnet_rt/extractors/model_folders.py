"""Folders of models: their files of weights, and the digest of these."""

from __future__ import annotations

import hashlib
from pathlib import Path

from basnet_rt._errors import BundleError
from basnet_rt._system.file_digest import file_sha256

SAFE, PICKLED = ["model*.safetensors"], ["pytorch_model*.bin"]


def weight_files(folder: Path) -> list[Path]:
    """The files of weights in a folder: safetensors, or else pickled ones; may be empty."""
    for pattern in (*SAFE, *PICKLED):
        found = sorted(folder.glob(pattern))
        if found:
            return found
    return []


def weights_digest(place: Path) -> str:
    """The SHA-256 of a file of weights, or of the one in a folder.

    If a folder has several files, it is the digest of lines `digest  name`.

    Raises:
        BundleError: there is none, or it cannot be read.
    """
    files = weight_files(place) if place.is_dir() else [place]
    if not files:
        raise BundleError(
            f"{place}: no weights; expected {SAFE[0]} or {PICKLED[0]} beside config.json"
        )
    try:
        digests = [(file_sha256(path).hexdigest(), path.name) for path in files]
    except OSError as error:
        raise BundleError(f"{place}: cannot be read: {error.strerror or error}") from error
    if len(digests) == 1:
        return str(digests[0][0])
    lines = "".join(f"{digest}  {name}\n" for digest, name in digests)
    return hashlib.sha256(lines.encode()).hexdigest()
