"""Copies of a bundle with other metadata. All changes of a bundle's metadata are made here.

The file is copied; neither torch nor any code in the file is needed.
"""

from __future__ import annotations

import json
import shutil
import struct
import zipfile
from pathlib import Path

import numpy as np

from basnet_rt._errors import BundleError, InvalidValue
from basnet_rt._system.whole_file import whole
from basnet_rt.model.bundle import METADATA_FILE, BundleMetadata, read_metadata
from basnet_rt.model.loading import load
from basnet_rt.model.model import Model

SAMPLE = 16  # snippets on which the copy must agree
ALIGNMENT = 64  # of an entry's bytes, as in TorchScript, so that tensors can be memory-mapped
LOCAL_HEADER = 30  # bytes of a zip archive before an entry's name
PADDING = b"FB"  # id of the extra field that TorchScript fills up with


def rewrite_metadata(source: str | Path, metadata: BundleMetadata, path: str | Path) -> None:
    """Write the bundle `source` to `path` (which may be the same) with other metadata.

    The weights' bytes are unchanged in both formats; the file is written completely or not at all.

    Raises:
        BundleError: `source` is not a bundle, or is damaged.
        Error: the file cannot be written.
    """
    source = Path(source)
    read_metadata(source)
    text = metadata.to_json()
    with whole(path) as part:
        if zipfile.is_zipfile(source):
            _copy_archive(source, part, text)
        else:
            _copy_safetensors(source, part, text)
        if read_metadata(part) != metadata:
            raise BundleError(f"{path}: the copy of {source.name} does not read back")


def write_bundle_copy(model: Model, metadata: BundleMetadata, path: str | Path) -> None:
    """Write the file that a model was loaded from with other `metadata`.

    The copy is loaded again, and its output for random features must be the same, bit for bit.

    Raises:
        Error: the file cannot be written, or the model was not loaded from a file.
        BundleError: the file changed since loading, or the copy's output is not the same.
    """
    if model.path is None:
        raise InvalidValue(f"model {model.name} was not loaded from a file; there is none to copy")
    if read_metadata(model.path) != model.metadata:
        raise BundleError(f"{model.path}: another file than the one that was loaded")
    with whole(path) as part:
        rewrite_metadata(model.path, metadata, part)
        # The copy has the same code as the loaded model, which runs already.
        copy = load(
            part,
            device=str(model.device),
            dtype=model.dtype,
            engine=model.engine,
            trust_code=model.engine == "torch",
        )
        rows = np.random.default_rng(0).standard_normal((SAMPLE, model.feature_dim))
        sample = rows.astype(np.float32)
        pairs = zip(model.forward(sample), copy.forward(sample), strict=True)
        if not all(np.array_equal(a, b) for a, b in pairs):
            raise BundleError(f"{path}: the copy of {model.name} does not agree with it")


def _copy_archive(source: Path, path: Path, text: str) -> None:
    try:
        with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w") as new:
            for entry in old.infolist():
                content = old.read(entry)  # the checksum is checked
                if entry.filename.endswith(f"/extra/{METADATA_FILE}"):
                    content = text.encode()
                assert new.fp is not None
                name = entry.filename.encode()
                begin = new.fp.tell() + LOCAL_HEADER + len(name) + 4
                gap = -begin % ALIGNMENT
                entry.extra = PADDING + struct.pack("<H", gap) + bytes(gap)
                new.writestr(entry, content, compress_type=entry.compress_type)
    except zipfile.BadZipFile as error:
        raise BundleError(f"{source}: damaged: {error}") from error


def _copy_safetensors(source: Path, path: Path, text: str) -> None:
    with source.open("rb") as old, path.open("wb") as new:
        header = json.loads(old.read(*struct.unpack("<Q", old.read(8))))
        header["__metadata__"][METADATA_FILE] = text
        encoded = json.dumps(header, separators=(",", ":")).encode()
        encoded += b" " * (-len(encoded) % 8)  # tensors begin on a multiple of 8
        new.write(struct.pack("<Q", len(encoded)) + encoded)
        shutil.copyfileobj(old, new)
