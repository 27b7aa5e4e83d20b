"""The demo's steps, from drawing the videos to the report."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from basnet_demo.chance import chance_levels
from basnet_demo.commands import Commands, check_extras
from basnet_demo.dataset import ANNOTATIONS, TAGS, write_annotations, write_films, write_tags
from basnet_demo.folder import DemoFolder, open_folder
from basnet_demo.script import FilmScript
from basnet_demo.settings import DemoSettings
from basnet_rt._system.json_file import read_json
from basnet_rt._system.whole_file import write_whole
from basnet_rt.annotations import read_annotations
from basnet_rt.formats.result_files import read_results

TIOU_THRESHOLDS = tuple(k / 10 for k in range(1, 8))
REPORT, SUMMARY, EVALUATION = "report.html", "summary.json", "evaluation.json"


@dataclass(frozen=True, kw_only=True)
class Watcher:
    """Callbacks of a run: `tell` gets lines, `advance` the number of videos left to draw."""

    tell: Callable[[str], None]
    advance: Callable[[int], None]


class Workshop:
    """Runs a demo in its folder; each step is a method."""

    def __init__(self, folder: DemoFolder, scripts: Sequence[FilmScript], watcher: Watcher) -> None:
        self.folder, self.scripts, self.watcher = folder, scripts, watcher
        self.path = folder.path
        self.commands = Commands(self.path, lambda line: watcher.tell(f"    {line}"))
        self.jobs = 1 if folder.settings.quick else _cores()  # videos at a time

    def render(self) -> None:
        write_annotations(self.path, self.scripts)
        write_tags(self.path, self.scripts)
        write_films(self.path, self.scripts, processes=self.jobs, advance=self.watcher.advance)

    def learn(self) -> None:
        settings = self.folder.settings
        line = f"basnet-train run videos/train {TAGS} -o run --extractor motion"
        line += f" --jobs {self.jobs} --seed {settings.seed}"
        # Enough to show the step; the network learns almost nothing.
        self.commands.run(line + (" --set optim.iterations=10" if settings.quick else ""))

    def localize(self) -> None:
        line = "basnet-rt localize videos/test -m run/model.pt -o results.json --csv results.csv"
        self.commands.run(f"{line} --save-activations activations --jobs {self.jobs}")

    def evaluate(self) -> None:
        line = f"basnet-rt evaluate {ANNOTATIONS} results.json --subset test --tiou 0.1:0.1:0.7"
        # So few videos may lack some classes that the network knows.
        few = " --unknown-labels ignore" if self.folder.settings.quick else ""
        found = self.commands.run(line + few)
        truth = read_annotations(self.path / ANNOTATIONS).subset("test")
        detections = read_results(self.path / "results.json").detections
        chance = chance_levels(truth, detections, TIOU_THRESHOLDS)
        content = {**found, "chance": chance.to_dict()}
        write_whole(self.path / EVALUATION, [json.dumps(content, indent=1) + "\n"])

    def report(self) -> None:
        self.commands.run("basnet-rt convert results.json subtitles --to webvtt")
        line = f"basnet-rt report results.json -o {REPORT} --ground-truth {ANNOTATIONS}"
        more = "--subset test --video videos/test --activations activations"
        self.commands.run(f"{line} {more} --tiou 0.1:0.1:0.7 --title 'basnet-rt demo'")


def _cores() -> int:
    """Number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


STEPS = {
    "render": "draw and encode {train} + {test} untrimmed videos",
    "learn": "from the {train} training videos and their tags alone",
    "localize": "actions in the {test} unseen video files",
    "evaluate": "against the true times, and what chance would reach",
    "report": "one page to look at it all",
}


def run_demo(
    path: Path, settings: DemoSettings, watcher: Watcher, *, force: bool
) -> dict[str, Any]:
    """Make a demo, or continue one that was interrupted.

    Args:
        path: the demo's folder; created if missing.
        force: delete the files of an earlier demo in the folder and begin again.

    Returns:
        The content of `summary.json`: settings, seconds of each step, average mAP with AP per
        class, chance levels, and the path of the report.

    Raises:
        Error: extras are missing, the folder holds other files or a demo of other settings, or a
            step failed.
    """
    check_extras()
    folder = open_folder(path, settings, force=force)
    workshop = Workshop(folder, settings.scripts(), watcher)
    for number, (name, what) in enumerate(STEPS.items(), start=1):
        described = what.format(train=settings.size.train, test=settings.size.test)
        title = f"{number}/{len(STEPS)} {name}: {described}"
        if name in folder.seconds:
            watcher.tell(f"{title} (done before)")
            continue
        watcher.tell(title)
        began = time.monotonic()
        getattr(workshop, name)()
        folder.finish(name, time.monotonic() - began)
    return _summary(folder)


def _summary(folder: DemoFolder) -> dict[str, Any]:
    found = read_json(folder.path / EVALUATION)
    summary = {
        **folder.settings.to_dict(),
        "seconds": folder.seconds,
        "total_seconds": round(sum(folder.seconds.values()), 2),
        "videos": found["num_videos"],
        "segments": found["num_truths"],
        "detections": found["num_detections"],
        "average_map": found["average_map"],
        "tiou_thresholds": found["tiou_thresholds"],
        "map": found["map"],
        "ap": found["ap"],
        "chance": found["chance"],
        "report": str(folder.path / REPORT),
    }
    write_whole(folder.path / SUMMARY, [json.dumps(summary, indent=1) + "\n"])
    return summary
