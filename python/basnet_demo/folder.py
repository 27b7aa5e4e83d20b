"""A demo's folder: its record with settings and finished steps."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from basnet_demo.settings import DemoSettings
from basnet_rt._errors import Error
from basnet_rt._system.json_file import read_json
from basnet_rt._system.whole_file import write_whole

RECORD = "demo.json"
# All that a demo makes; `force` deletes these and nothing else.
PRODUCTS = (
    *("videos", "run", "activations", "subtitles"),
    *("annotations.json", "tags.csv", "results.json", "results.csv"),
    *("results.json.partial.jsonl", "evaluation.json", "summary.json", "report.html", RECORD),
)
FORMAT = "basnet-rt demo 1"


@dataclass
class DemoFolder:
    """An open folder. `seconds` has the time of each finished step."""

    path: Path
    settings: DemoSettings
    seconds: dict[str, float] = field(default_factory=dict)

    def finish(self, step: str, seconds: float) -> None:
        """Write down that a step is done."""
        self.seconds[step] = round(seconds, 2)
        self.save()

    def save(self) -> None:
        record = {"format": FORMAT, **self.settings.to_dict(), "seconds": self.seconds}
        write_whole(self.path / RECORD, [json.dumps(record, indent=1) + "\n"])


def open_folder(path: Path, settings: DemoSettings, *, force: bool) -> DemoFolder:
    """Begin a demo, or continue the one in that folder.

    Args:
        force: delete the files of an earlier demo and begin again.

    Raises:
        Error: the folder has other files, or a demo of other settings.
    """
    if path.exists() and not path.is_dir():
        raise Error(f"{path}: is a file; the demo needs a folder of its own")
    record = _record(path)
    if record is None and path.is_dir() and any(path.iterdir()):
        raise Error(f"{path}: is not empty and no demo's; choose another folder")
    if record is not None and force:
        _clear(path)
        record = None
    if record is None:
        folder = DemoFolder(path, settings)
        path.mkdir(parents=True, exist_ok=True)
        folder.save()
        return folder
    asked = settings.to_dict()
    there = {name: record.get(name) for name in asked}
    if there != asked:
        raise Error(
            f"{path}: has a demo of other settings ({_words(there)}; asked for {_words(asked)}); "
            "choose another folder, or --force to begin anew"
        )
    return DemoFolder(path, settings, dict(record["seconds"]))


def _clear(path: Path) -> None:
    """Delete a demo's files, the record last: an interruption then still leaves a demo's folder."""
    for name in PRODUCTS:
        product = path / name
        if product.is_dir() and not product.is_symlink():
            shutil.rmtree(product)
        else:
            product.unlink(missing_ok=True)


def _record(path: Path) -> dict[str, Any] | None:
    """The record that a demo left in its folder; None if no demo ran there."""
    if not (path / RECORD).is_file():
        return None
    found = read_json(path / RECORD)
    if not isinstance(found, dict) or not isinstance(found.get("seconds"), dict):
        return None
    return found if found.get("format") == FORMAT else None


def _words(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in settings.items())
