"""Files of weights, identified by their SHA-256."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from basnet_rt._errors import BundleError, InvalidValue
from basnet_rt._system.file_digest import file_sha256
from basnet_rt.extractors.registry import Weights


def weights_files(weights: Weights | None, extractor: str) -> list[Path]:
    """One path or many as a list.

    Raises:
        ValueError: none was given.
        BundleError: one is absent.
    """
    given = [weights] if isinstance(weights, (str, Path)) else list(weights or [])
    if not given:
        raise InvalidValue(f"weights: extractor {extractor} needs its file of weights")
    paths = [Path(one) for one in given]
    for path in paths:
        if not path.is_file():
            raise BundleError(f"{path}: no such file; expected weights of extractor {extractor}")
    return paths


def sha256_of(path: str | Path) -> str:
    """Hexadecimal digest of a file.

    Raises:
        BundleError: it cannot be read.
    """
    try:
        digest: str = file_sha256(path).hexdigest()
    except OSError as error:
        raise BundleError(f"{path}: cannot be read: {error.strerror or error}") from error
    return digest


def check_recorded(recorded: Mapping[str, str], paths: list[Path], extractor: str) -> None:
    """Refuse files that are not the recorded ones, each of them once.

    Args:
        recorded: SHA-256 of each file, by name.

    Raises:
        BundleError: a file is not a recorded one, or a recorded one is missing; names it.
    """
    found = {sha256_of(path): path for path in paths}
    foreign = [str(path) for digest, path in found.items() if digest not in recorded.values()]
    absent = [f"{n} (SHA-256 {d[:12]}...)" for n, d in recorded.items() if d not in found]
    if foreign or absent:
        parts = (("other weights", foreign), ("missing", absent))
        said = "; ".join(f"{kind}: {', '.join(some)}" for kind, some in parts if some)
        raise BundleError(f"extractor {extractor}: not the weights on record: {said}")
