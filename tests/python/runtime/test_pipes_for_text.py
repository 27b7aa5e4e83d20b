"""Texts come from pipes as from files; a pipe that nobody writes to is named, not waited for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from basnet_rt import InvalidValue
from basnet_rt._system import text_file
from basnet_rt._system.json_file import read_json
from basnet_rt._system.text_file import read_text
from basnet_rt.annotations import read_annotations, read_split
from basnet_rt.formats.files import read_marks
from basnet_rt.tags.table import read_table


@pytest.fixture
def fifo(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.setattr(text_file, "WRITER_SECONDS", 0.1)
    path = tmp_path / "a.json"
    os.mkfifo(path)
    return path


@pytest.mark.parametrize(
    "read", [read_json, read_annotations, read_split, read_marks, read_table, read_text]
)
def test_a_pipe_without_a_writer_is_named(fifo: Path, read):
    with pytest.raises(InvalidValue, match=r"a\.json: is a pipe without any data"):
        read(fifo)


def test_a_pipe_that_brings_nothing_more_is_named(fifo: Path, monkeypatch):
    monkeypatch.setattr(text_file, "DATA_SECONDS", 0.1)
    handle = os.open(fifo, os.O_RDWR)
    os.write(handle, b"{")
    with pytest.raises(InvalidValue, match="is a pipe without any data"):
        read_json(fifo)
    os.close(handle)


def test_a_pipe_is_read_as_it_comes(fifo: Path, monkeypatch):
    """More than a pipe holds at a time, from a writer that comes late and pauses."""
    monkeypatch.setattr(text_file, "WRITER_SECONDS", 30)
    content = {"videos": [f"video {number}" for number in range(20_000)]}
    text = json.dumps(content)

    def write() -> None:
        time.sleep(0.1)
        with fifo.open("w") as file:
            file.write(text[:100_000])
            file.flush()
            time.sleep(0.1)
            file.write(text[100_000:])

    writer = threading.Thread(target=write)
    writer.start()
    assert read_json(fifo) == content
    writer.join()


def test_process_substitution(tmp_path: Path):
    """`<(...)` of bash is a path such as /dev/fd/63."""
    read = "from basnet_rt._system.json_file import read_json"
    code = f"import sys; {read}; print(read_json(sys.argv[1]))"
    done = subprocess.run(
        ["bash", "-c", f'"{sys.executable}" -c "{code}" <(echo "[1, 2]")'],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert done.stdout == "[1, 2]\n"


def test_what_never_ends_is_bounded():
    with pytest.raises(InvalidValue, match="more than 1000000 bytes"):
        read_text("/dev/zero", most=1_000_000)


def test_annotations_from_a_pipe_without_an_ending(tmp_path: Path):
    """Nothing says whether it brings JSON or CSV."""
    os.mkfifo(tmp_path / "fd")
    with pytest.raises(InvalidValue, match=r"is a pipe, whose name does not say whether"):
        read_annotations(tmp_path / "fd")


def test_utf_16_and_other_encodings(tmp_path: Path):
    path = tmp_path / "a.txt"
    path.write_text("Läufe\r\n", encoding="utf-16", newline="")
    assert read_text(path) == "Läufe\n"
    path.write_bytes("Läufe".encode("cp1252"))
    with pytest.raises(InvalidValue, match=r"cannot be read: .*utf-8"):
        read_text(path)
    assert read_text(path, encodings=("utf-8-sig", "cp1252")) == "Läufe"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
def test_wide_encodings_without_a_mark(tmp_path: Path, encoding: str):
    (tmp_path / "a.txt").write_bytes("clip ä.mp4\r\n".encode(encoding))
    assert read_text(tmp_path / "a.txt") == "clip ä.mp4\n"
