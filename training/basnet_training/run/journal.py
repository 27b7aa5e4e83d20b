"""The journal of a run: each step with a key that changes with everything it depends on."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from basnet_rt import InvalidValue
from basnet_rt._system.json_file import read_json
from basnet_rt._system.whole_file import write_whole
from basnet_training.reading.sources import RUN_RECORD

FORMAT = "basnet_training.run"

Say = Callable[[str], None]
Work = Callable[[], dict[str, Any]]


class RunJournal:
    """The steps of one run's folder.

    A step is repeated if its key has changed, or a file that it wrote is gone. Its result is kept
    for later calls.
    """

    def __init__(self, folder: Path, say: Say) -> None:
        """
        Raises:
            ValueError: the folder has other files, or a damaged record.
        """
        self.folder, self._say = folder, say
        self._path = folder / RUN_RECORD
        self._steps: dict[str, dict[str, Any]] = {}
        if self._path.is_file():
            found = read_json(self._path)
            if not isinstance(found, dict) or found.get("format") != FORMAT:
                raise InvalidValue(f"{self._path}: not the record of a run; choose another folder")
            self._steps = found["steps"]
        elif folder.is_dir() and any(folder.iterdir()):
            raise InvalidValue(
                f"{folder}: holds files, but no run; choose another folder, or an empty one"
            )
        self._write()  # marks the folder as a run's, even if the run fails

    def step(
        self,
        name: str,
        what: str,
        depends_on: object,
        work: Work,
        *,
        shown: str | None = None,
        leaves: Sequence[str] = (),
        clears: Sequence[str] = (),
    ) -> dict[str, Any]:
        """Do a step, or return its kept result.

        Args:
            what: the step in words, for people.
            shown: its name for people, if that is another than the one it is kept by.
            depends_on: plain values; if they change, the step is repeated.
            leaves: files in the run's folder that must still exist.
            clears: files to remove if the step ran before with other inputs. After an
                interruption with the same inputs they are kept, and the step continues.
        """
        key = digest(depends_on)
        before = self._steps.get(name, {})
        shown = shown or name
        whole = all((self.folder / one).exists() for one in leaves)
        if before.get("key") == key and "result" in before and whole:
            self._say(f"{shown}: {what} (done before)")
            result: dict[str, Any] = before["result"]
            return result
        if before and before["key"] != key:
            self._say(f"{shown}: {what} (again: {_reason(before, depends_on)})")
            self._remove(clears)
        else:
            self._say(f"{shown}: {what}")
        began = {"key": key, "depends_on": _short(depends_on)}
        self._steps[name] = began
        self._write()
        started = time.monotonic()
        result = work()
        seconds = round(time.monotonic() - started, 2)
        self._steps[name] = {**began, "result": result, "seconds": seconds}
        self._write()
        return result

    def _remove(self, names: Sequence[str]) -> None:
        for name in names:
            path = self.folder / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    def _write(self) -> None:
        content = {"format": FORMAT, "format_version": 1, "steps": self._steps}
        write_whole(self._path, [json.dumps(content, indent=1), "\n"])


def digest(values: object) -> str:
    """Sixteen hex digits of plain values."""
    text = json.dumps(values, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _short(depends_on: object) -> dict[str, str]:
    """A digest for each named input, to find later which has changed."""
    if not isinstance(depends_on, dict):
        return {}
    return {name: digest(value) for name, value in depends_on.items()}


def _reason(before: dict[str, Any], depends_on: object) -> str:
    now, old = _short(depends_on), before.get("depends_on", {})
    changed = [name for name in now if old.get(name) != now[name]]
    return f"changed: {', '.join(changed)}" if changed else "something it depends on changed"
