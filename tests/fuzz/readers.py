"""Every reader of files that people and programs write, on damaged files, for as long as told.

    python tests/fuzz/readers.py SECONDS [READER ...]

A file is read and used, or refused by one of our errors that names it. Anything else is a finding:
it is printed with the file, and the program ends with 1.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from basnet_rt import Detections, Error, evaluate, write_results
from basnet_rt.annotations import read_annotations
from basnet_rt.features.rates import read_rates
from basnet_rt.features.records import read_sidecar
from basnet_rt.formats import FORMATS, from_results, read_marks, write_marks
from basnet_rt.formats.result_files import read_results
from basnet_rt.formats.timecode import FrameRate
from basnet_rt.formats.video_list import read_video_list
from basnet_rt.reviewing import review_order
from basnet_rt.tags import read_tagged
from basnet_training.reading.corrected import read_corrected
from damage import damaged, shaken

TAGS = "video;tags;subset\na;Run,Jump;train\nb;;train\nc;Run;test\n"
RATES = {"a": 25.0, "b": 29.97, "c": 30}
SEGMENTS = [{"label": "Run", "segment": [0.5, 2.0]}, {"label": "Jump", "segment": [3, 4.25]}]
TRUTH = {
    "version": "1",
    "database": {
        "a": {"subset": "train", "duration": 9.5, "reviewed": True, "annotations": SEGMENTS},
        "b": {"subset": "test", "duration": 4, "fps": 25, "annotations": []},
    },
    "unfinished": {"c": {"duration": 3.0, "annotations": SEGMENTS[:1], "rejected": SEGMENTS[1:]}},
}
PROVENANCE = {
    "mode": "continuous",
    "classes": ["Run", "Jump"],
    "suggested": {"Run": 0.5, "Jump": 0.25},
    "simulated": False,
    "snippet_seconds": 0.64,
    "postprocess": {"gate": "video"},
}
SIDECAR = {
    "version": 1,
    "duration": 12.5,
    "fps": 25.0,
    "snippet_stride": 16,
    "snippet_frames": 16,
    "extractor": {"name": "motion", "feature_dim": 4},
}


@dataclass(frozen=True)
class Target:
    """A reader, and the file that it reads undamaged.

    Attributes:
        name: of the file, with the ending that says its form.
        use: reads the file and does with it what a command would.
        named: whether every refusal is of this file, and so must name it.
    """

    name: str
    text: str
    use: Callable[[Path], object]
    named: bool = True


def results() -> dict[str, Detections]:
    labels, scores = np.array([0, 1, 0]), np.array([0.9, 0.5, 0.25], np.float32)
    segments = np.array([[0.5, 2.0], [3.0, 4.25], [7.0, 9.0]])
    sure = np.array([0.8, 0.6, 0.1])
    found = Detections(
        labels, scores, segments, "continuous", classes=("Run", "Jump"), confidence=sure
    )
    return {"a": found, "b": found[:0]}


def use_results(path: Path) -> None:
    file = read_results(path)
    for one in file.detections.values():
        one.events()
        repr(one)
    if all(one.confidence is not None for one in file.detections.values() if len(one)):
        review_order(file.detections)
    assert isinstance(file.simulated, bool)


def use_truth(path: Path) -> None:
    read_annotations(path)
    evaluate(path, results(), subset=None)


def use_predictions(path: Path) -> None:
    truth = {"database": {"a": TRUTH["database"]["a"]}}
    known = path.with_name("truth.json")
    known.write_text(json.dumps(truth))
    evaluate(known, path, subset=None)


def targets(folder: Path) -> dict[str, Target]:
    """By name; files to start from are written into the folder."""
    write_results(folder / "results.json", results(), PROVENANCE)
    write_results(folder / "results.csv", results())
    as_json, table = ((folder / f"results.{end}").read_text() for end in ("json", "csv"))
    found = {
        "results": Target("r.json", as_json, use_results),
        "results-csv": Target("r.csv", table, use_results),
        "predictions": Target("p.json", as_json, use_predictions, False),
        "annotations": Target("a.json", json.dumps(TRUTH), use_truth, False),
        "corrected": Target("c.json", json.dumps(TRUTH), read_corrected),
        "tags": Target("t.csv", TAGS, read_tagged),
        "tags-json": Target("t.json", json.dumps({"a": ["Run"], "b": [], "c": "Run"}), read_tagged),
        "rates": Target("fps_dict.json", json.dumps(RATES), read_rates),
        "sidecar": Target("v.json", json.dumps(SIDECAR), read_sidecar),
        "video-list": Target("l.txt", "a.mp4\nsub/b.mp4\n# c\n", read_video_list),
    }
    marked = from_results({"a": results()["a"]}, PROVENANCE).with_rate(FrameRate.parse("29.97df"))
    for name, form in FORMATS.items():
        (path,) = write_marks(folder / f"one{form.suffix}", marked, format=name)
        use = lambda at, name=name: read_marks(at, format=name, fps="29.97")  # noqa: E731
        found[f"format-{name}"] = Target(f"m{form.suffix}", path.read_text(), use)
    return found


def versions(target: Target, dice: random.Random) -> Iterator[str]:
    """Damaged texts without end."""
    content = json.loads(target.text) if target.name.endswith(".json") else None
    while True:
        if content is None or dice.random() < 0.5:
            text = target.text
            for _ in range(dice.choice([1, 1, 2, 5])):
                text = damaged(text, dice) or " "
            yield text
        else:
            changed = content
            for _ in range(dice.choice([1, 1, 2, 5])):
                changed = shaken(changed, dice) or content
            yield json.dumps(changed)


def finding(target: Target, content: str | bytes, folder: Path) -> str | None:
    """What is wrong with how the reader ends; None: nothing."""
    path = folder / target.name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    try:
        target.use(path)
    except Error as error:
        if target.named and target.name not in str(error):
            return f"does not name the file: {error}"
    except Exception:  # noqa: BLE001 - this is what is looked for
        return traceback.format_exc()
    return None


def main() -> int:
    warnings.simplefilter("error")
    seconds, names = float(sys.argv[1]), sys.argv[2:]
    status = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        known = targets(folder)
        chosen = {one: known[one] for one in names or known}
        for one, target in chosen.items():
            until, runs = time.monotonic() + seconds / len(chosen), 0
            for text in versions(target, random.Random(time.time_ns())):
                runs += 1
                if (wrong := finding(target, text, folder)) is not None:
                    print(f"{one}: {wrong}\nthe file:\n{text}")
                    status = 1
                if wrong is not None or time.monotonic() > until:
                    break
            print(f"{one}: {runs} files", flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
