"""Manifests: tables of videos by address, as JSON Lines or Parquet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from basnet_rt._errors import InvalidValue
from basnet_rt._system.addresses import is_address, local_path, shown_source
from basnet_rt._system.extras import from_extra
from basnet_rt._system.json_file import parse_json
from basnet_rt._system.text_file import read_text
from basnet_rt.extractors.running.video_files import VideoFile, name_of

SUFFIXES = (".jsonl", ".parquet")


@dataclass(frozen=True)
class Listed:
    """One row of a manifest.

    Attributes:
        name: of the video; if the row has none, the address's last part without its ending.
        address: a file, or an address; relative paths are relative to the manifest's folder.
        duration: of the video in seconds, if known; long videos are done first.
    """

    name: str
    address: str
    duration: float | None = None


def is_manifest(path: str | Path) -> bool:
    """Whether a file is a manifest, by its ending."""
    return str(path).endswith(SUFFIXES)


def read_manifest(path: str | Path) -> list[Listed]:
    """Read a manifest.

    A row has "address", and may have "name" and "duration" (seconds); other columns are ignored.

    Raises:
        ValueError: the file is absent or of another form, a row has no address, or two videos have
            the same name; names the row.
        Error: it is a Parquet file, and pyarrow is not installed.
    """
    path = Path(path)
    rows = _parquet(path) if path.suffix == ".parquet" else _json_lines(path)
    listed = [_row(where, row, path.parent) for where, row in rows]
    seen: dict[str, str] = {}
    for one in listed:
        if one.name in seen:
            raise InvalidValue(
                f"{path}: {shown_source(seen[one.name])} and {shown_source(one.address)} are both "
                f'called {one.name!r}; give each row a "name" of its own'
            )
        seen[one.name] = one.address
    return listed


def video_files(listed: Sequence[Listed], stream: int | None = None) -> list[VideoFile]:
    """The rows as videos to decode."""
    return [VideoFile(one.name, one.address, stream) for one in listed]


def _json_lines(path: Path) -> list[tuple[str, Any]]:
    lines = read_text(path).split("\n")
    named = [(f"{path}, line {number}", line) for number, line in enumerate(lines, start=1)]
    return [(where, parse_json(line, where)) for where, line in named if line.strip()]


def _parquet(path: Path) -> list[tuple[str, Any]]:
    parquet = from_extra("pyarrow.parquet", "ray", "a Parquet manifest")
    try:
        rows = parquet.read_table(path).to_pylist()
    except Exception as error:
        raise InvalidValue(f"{path}: cannot be read as Parquet: {error}") from error
    return [(f"{path}, row {number}", row) for number, row in enumerate(rows)]


def _row(where: str, row: Any, folder: Path) -> Listed:
    if not isinstance(row, dict) or not isinstance(row.get("address"), str) or not row["address"]:
        raise InvalidValue(f'{where}: expected an object with "address", the video\'s file or URL')
    address = row["address"]
    if not is_address(address):
        address = str(folder / local_path(address))
    name, duration = row.get("name"), row.get("duration")
    if name is not None and (not isinstance(name, str) or not name):
        raise InvalidValue(f'{where}: "name" is {name!r}; it must be a text')
    if duration is not None and not (isinstance(duration, int | float) and 0 < duration < 1e9):
        raise InvalidValue(f'{where}: "duration" is {duration!r}; it must be seconds above 0')
    return Listed(name or name_of(address), address, None if duration is None else float(duration))
