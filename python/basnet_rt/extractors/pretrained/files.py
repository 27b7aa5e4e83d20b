"""Folders of models: local ones, and those of the hub."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from basnet_rt._errors import BundleError
from basnet_rt._system.extras import from_extra
from basnet_rt.extractors.model_folders import PICKLED, SAFE, weight_files

# Files to fetch from a repository on the hub: no programs, and no second form of the weights.
_PLAIN = ["*.json", "*.txt", "*.model"]


def model_folder(name: str, revision: str | None, kind: str) -> tuple[Path, str | None]:
    """The folder of a model and its revision on the hub, None of a local folder.

    Args:
        name: a folder, or a name on the hub; that is fetched unless it is in the hub's cache.
        kind: of the extractor, for messages.

    Raises:
        BundleError: neither.
    """
    if Path(name).is_dir():
        return Path(name), None
    hub = from_extra("huggingface_hub", kind, f"extractor {kind}")
    try:
        folder = _fetched(hub, name, revision, SAFE)
        if not weight_files(folder):
            folder = _fetched(hub, name, revision, PICKLED)
    except Exception as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise BundleError(
            f"extractor {kind}: model {name!r} is neither a folder nor to be had from the hub: "
            f"{reason}"
        ) from error
    return folder, folder.name  # the cache has one folder a revision, named by its hash


def _fetched(hub: Any, name: str, revision: str | None, weights: list[str]) -> Path:
    patterns = [*_PLAIN, *weights]
    return Path(hub.snapshot_download(name, revision=revision, allow_patterns=patterns))
