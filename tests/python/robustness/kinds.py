"""Faulty inputs of every kind, and what becomes of each: the rows of docs/robustness.md.

usage: kinds.py     (writes the table into the page; BASNET_RT_SHARED says where the inputs lie)
"""

from __future__ import annotations

import os
import re
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import live_kinds
import numpy as np
import training_kinds
from outcomes import Row, Shows, refused

REPOSITORY = Path(__file__).resolve().parents[3]
PAGE = REPOSITORY / "docs" / "robustness.md"
BEGIN, END = "<!-- robustness:begin -->", "<!-- robustness:end -->"
_LONGEST = 300  # characters of an outcome


@dataclass(frozen=True)
class Kind:
    """One row: what is faulty, the input that shows it, and a function to what happens now.

    The function is given an empty folder and the folder of faulty inputs.
    """

    area: str
    what: str
    shown_by: str
    happens: Shows


KINDS: list[Kind] = []


def kind(area: str, what: str, shown_by: str) -> Callable[[Shows], Shows]:
    def register(happens: Shows) -> Shows:
        KINDS.append(Kind(area, what, shown_by, happens))
        return happens

    return register


def table(shared: Path) -> str:
    """The page's rows, each from running its input."""
    rows = ["| kind | shown by | what happens now |", "| --- | --- | --- |"]
    area = ""
    for one in KINDS:
        if one.area != area:
            area = one.area
            rows.append(f"| **{area}** | | |")
        rows.append(f"| {one.what} | {one.shown_by} | {outcome(one, shared)} |")
    return "\n".join(rows)


def outcome(one: Kind, shared: Path) -> str:
    with tempfile.TemporaryDirectory() as folder:
        said = one.happens(Path(folder), shared)
        for path in (folder, str(shared)):
            said = re.sub(rf"{re.escape(path)}/(\w+/)*", "", said)
    said = " ".join(said.split()).replace("|", "\\|").replace("<", "&lt;")
    return said if len(said) <= _LONGEST else said[:_LONGEST].rstrip() + " ..."


def read(path: Path, **how: int) -> str:
    """What `read_frames` makes of a file at 25 pictures a second."""
    from basnet_rt.video import VideoError, read_frames

    try:
        with read_frames(path, fps=25, **how) as reader:
            count = len(list(reader))
    except VideoError as error:
        return f"refused: {error}"
    parts = [f"{count} pictures, {reader.duration:.2f} s"]
    if reader.offset:
        parts.append(f"offset {reader.offset:.2f} s")
    if reader.problems:
        counts = ", ".join(f"{name} {number}" for name, number in reader.problems.items())
        parts.append(f"counted: {counts}")
    return "; ".join([*parts, *reader.remarks])


def _video(what: str, name: str) -> None:
    kind("Videos", what, f"`{name}`")(lambda _, shared: read(shared / "video" / name))


for _what, _name in (
    ("one timestamp 1.8 s too early", "pts_back_1.8s.mkv"),
    ("one timestamp 30 s too late", "pts_forward_30s.mp4"),
    ("one timestamp 10 s too late, in a transport stream", "gl.ts"),
    ("pictures stamped in pairs", "pts_pairs.mkv"),
    ("a still picture before the video", "thumb_first.mov"),
    ("two video streams", "dual.mp4"),
    ("pictures that begin 5 s after the sound", "video_late5s.mp4"),
    ("a recording that begins inside a group of pictures", "gop3_cut.ts"),
    ("a header that says one picture a day", "avi_slow.avi"),
    ("animated WebP", "anim.webp"),
    ("encrypted MP4", "cenc.mp4"),
    ("HDR", "hdr_ts.mp4"),
    ("raw H.264", "clip.h264"),
    ("RealMedia", "base.rm"),
    ("GIF whose pictures have no delay", "zerodelay.gif"),
):
    _video(_what, _name)


def _stamped(moves: dict[int, Fraction], fps: int = 25, count: int = 100) -> str:
    """What the clock makes of a steady stream, some of whose stamps are off by seconds."""
    from basnet_rt.video.clock import Clock

    class Picture:
        def __init__(self, stamp: int) -> None:
            self.pts = stamp

    problems: Counter[str] = Counter()
    clock = Clock(Fraction(1, 1000), Fraction(1, fps), problems)
    stamps = [round(1000 * (Fraction(k, fps) + moves.get(k, 0))) for k in range(count)]
    times = [float(time) for _, time in clock.timed(map(Picture, stamps))]
    counted = ", ".join(f"{name} {number}" for name, number in problems.items() if number)
    said = f"{len(times)} pictures, the last at {times[-1]:.2f} s; counted: {counted or 'nothing'}"
    return "; ".join([said, *clock.remarks])


@kind("Timestamps", "twelve wrong ones in a row", "100 pictures at 25 a second")
def _burst(folder: Path, shared: Path) -> str:
    return _stamped(dict.fromkeys(range(40, 52), Fraction(30)))


@kind("Timestamps", "the first one 30 s too late", "the same")
def _first(folder: Path, shared: Path) -> str:
    return _stamped({0: Fraction(30)})


@kind("Timestamps", "a clock that begins anew", "the same")
def _anew(folder: Path, shared: Path) -> str:
    return _stamped(dict.fromkeys(range(60, 100), Fraction(-100)))


@kind("Timestamps", "whole seconds", "the same")
def _whole(folder: Path, shared: Path) -> str:
    return _stamped({k: -Fraction(k % 25, 25) for k in range(100)})


@kind("Timestamps", "a pause of 9 s", "the same")
def _pause(folder: Path, shared: Path) -> str:
    return _stamped(dict.fromkeys(range(50, 100), Fraction(9)))


def _pipe(folder: Path) -> Path:
    os.mkfifo(folder / "pipe.json")
    return folder / "pipe.json"


@kind("Pipes", "a FIFO in place of a video", "`pipe.json`")
def _pipe_video(folder: Path, shared: Path) -> str:
    return read(_pipe(folder))


@kind("Pipes", "a FIFO that nobody writes to, in place of annotations", "`pipe.json`")
def _pipe_json(folder: Path, shared: Path) -> str:
    from basnet_rt._system.json_file import read_json

    return refused(lambda: read_json(_pipe(folder)))


@kind("Pipes", "a container on standard input of `stream`", "`dual.mp4`")
def _stdin(folder: Path, shared: Path) -> str:
    from basnet_rt.cli.stream.sources import ByteSource

    with (shared / "video" / "dual.mp4").open("rb") as file:
        return refused(lambda: ByteSource("stdin", file, 16).read(4))


def _evaluated(shared: Path, truth: str, found: str, **how: object) -> str:
    from basnet_rt import evaluate

    data = shared / "data"
    report = evaluate(data / truth, data / found, subset="test", tiou_thresholds=0.5, **how)
    return f"mAP {100 * report.average_map:.2f} at tIoU 0.5"


@kind("Evaluation", "names with a prefix that annotations lack", "`vprefix.json`")
def _prefix(folder: Path, shared: Path) -> str:
    return refused(lambda: _evaluated(shared, "gt.json", "vprefix.json"))


@kind("Evaluation", "names with an ending that annotations lack", "`mp4.json`")
def _ending(folder: Path, shared: Path) -> str:
    return refused(lambda: _evaluated(shared, "gt.json", "mp4.json"))


@kind("Evaluation", "a class `Ambiguous`, ignored", "`ambig_pred.json`")
def _ambiguous(folder: Path, shared: Path) -> str:
    how = {"ignore_labels": ["Ambiguous"]}
    return _evaluated(shared, "gt_ambig.json", "ambig_pred.json", **how)


@kind("Evaluation", "a video twice as a JSON key", "`dup_key.json`")
def _twice(folder: Path, shared: Path) -> str:
    return refused(lambda: _evaluated(shared, "gt.json", "dup_key.json"))


@kind("Evaluation", "thresholds in the wrong order", "`--tiou 0.5:0.95:0.05`")
def _order(folder: Path, shared: Path) -> str:
    import typer

    from basnet_rt.cli.scoring import parse_thresholds

    try:
        parse_thresholds("0.5:0.95:0.05")
    except typer.BadParameter as error:
        return f"refused: {error}"
    raise AssertionError("nothing was refused")


def _saved(folder: Path, rows: np.ndarray) -> Path:
    np.save(folder / "v.npy", rows, allow_pickle=True)
    return folder / "v.npy"


def _opened(path: Path) -> str:
    from basnet_rt.features import open_features

    def all_read() -> None:
        source = open_features(path)
        for name in source.names:
            source.read(name)

    return refused(all_read)


@kind("Features", "a table of objects with all videos", "`v.npy`")
def _objects(folder: Path, shared: Path) -> str:
    return _opened(_saved(folder, np.array([np.ones((3, 2)), np.ones((4, 2))], dtype=object)))


@kind("Features", "a value that is not finite", "`v.npy`")
def _nan(folder: Path, shared: Path) -> str:
    return _opened(_saved(folder, np.full((3, 2), np.nan, np.float32)))


@kind("Features", "a file that is cut off", "`v.npy`")
def _cut(folder: Path, shared: Path) -> str:
    path = _saved(folder, np.ones((100, 4), np.float32))
    path.write_bytes(path.read_bytes()[:500])
    return _opened(path)


@kind("Features", "HDF5 that links to another file", "`v.h5`")
def _linked(folder: Path, shared: Path) -> str:
    import h5py

    with h5py.File(folder / "v.h5", "w") as file:
        file["a"] = np.ones((4, 2), np.float32)
        file["b"] = h5py.ExternalLink("/etc/other.h5", "/x")
    return _opened(folder / "v.h5")


@kind("Secrets and steering", "a password in an address", "`rtsp://admin:hunter2@camera/live`")
def _secret(folder: Path, shared: Path) -> str:
    from basnet_rt._system.addresses import shown_source

    return f"named `{shown_source('rtsp://admin:hunter2@camera/live?token=1')}` everywhere"


@kind("Secrets and steering", "a label that steers a terminal", "`\\x1b[2J`")
def _escape(folder: Path, shared: Path) -> str:
    from basnet_rt.cli.common import printable

    return f"printed as `{printable(chr(27) + '[2J')}`"


@kind("Secrets and steering", "a label that a spreadsheet would run", "`=1+1`")
def _formula(folder: Path, shared: Path) -> str:
    from basnet_rt.formats.csv_table import inert

    return f"written as `{inert('=1+1')}`"


def _add(rows: list[Row]) -> None:
    KINDS.extend(Kind(*row) for row in rows)


_add(live_kinds.ROWS)
_add(training_kinds.ROWS)


def page_table() -> str:
    """The table in the page."""
    return PAGE.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0].strip()


def main() -> None:
    shared = Path(os.environ.get("BASNET_RT_SHARED", REPOSITORY.parent / "shared")) / "faults"
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    text = f"{before}{BEGIN}\n\n{table(shared)}\n\n{END}{after}"
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
