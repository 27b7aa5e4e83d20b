"""A day of snippets (135,000) with 20 and with 200 classes: memory flat, times exact, cost flat.

    python -m bench.streaming.soak [--docs]

`StreamPostprocessor` takes one snippet per push; `StreamingLocalizer` runs a small network
(F = 256, hidden 64 and 256) in pushes of 4 with an alarm; `StreamPool` has its thread and 4 streams
of the same input, in pushes of 16. Each runs in a process of its own. Exits with 1 where a promise
fails:

- memory: after two hours the resident set moves by less than LIMIT_MB and has no slope to speak of;
- cost: processor time per snippet in the last six hours is at most LIMIT_COST of hours 2 to 8;
- exact: all finals of the day are those of `postprocess` on the whole, bit for bit, and those of a
  class of known pulses lie at its crossing times up to a microsecond.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import multiprocessing
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch

import basnet_rt
from bench.pictures import save_png
from bench.streaming import PAGE
from bench.streaming.soak_input import HOUR, HOURS
from bench.streaming.soak_subjects import KINDS
from bench.tables import IMAGES, machine, markdown_table, publish

WARM, LIMIT_MB, LIMIT_COST, LIMIT_SECONDS = 2, 4.0, 1.3, 1e-6
HEADER = [
    *("a day of", "finals", "max - min after 2 h, MB", "slope, kB an hour"),
    *("us a snippet, hours 2-8", "hours 18-24", "finals = offline", "worst time error, s"),
]
# The form of a final on disk, so that finals do not count as memory of the stream.
FINAL = np.dtype([("label", "i8"), ("start", "f8"), ("end", "f8"), ("score", "f4")])


@dataclass
class Day:
    """The record of a subject; one entry an hour."""

    name: str
    resident: list[float] = field(default_factory=list)  # MB, highest of its quarters of an hour
    cost: list[float] = field(default_factory=list)  # microseconds of processor time per snippet
    finals: int = 0
    equal: bool = False
    error: float | None = None

    @property
    def settled(self) -> np.ndarray:
        return np.array(self.resident[WARM:])

    @property
    def swing(self) -> float:
        return float(np.ptp(self.settled))

    @property
    def slope(self) -> float:
        """MB an hour, least squares."""
        return float(np.polyfit(np.arange(len(self.settled)), self.settled, 1)[0])

    @property
    def early_cost(self) -> float:
        return float(np.median(self.cost[WARM : WARM + 6]))

    @property
    def late_cost(self) -> float:
        return float(np.median(self.cost[-6:]))

    def failures(self) -> list[str]:
        checks = {
            "memory is not flat": self.swing < LIMIT_MB and 24 * self.slope < LIMIT_MB,
            "cost is not flat": self.late_cost < LIMIT_COST * self.early_cost,
            "finals differ from offline": self.equal and self.finals > 1000,
            "times are not exact": self.error is None or self.error < LIMIT_SECONDS,
        }
        return [f"{self.name}: {what}" for what, good in checks.items() if not good]

    def row(self) -> list[str]:
        return [
            *(self.name, str(self.finals), f"{self.swing:.2f}"),
            *(f"{1e3 * self.slope:.1f}", f"{self.early_cost:.1f}", f"{self.late_cost:.1f}"),
            *("yes" if self.equal else "NO", "-" if self.error is None else f"{self.error:.1e}"),
        ]


def resident_mb() -> float:
    """Of this process, now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def packed(found: basnet_rt.Detections) -> np.ndarray:
    rows = np.empty(len(found), FINAL)
    rows["label"], rows["score"] = found.labels, found.scores
    rows["start"], rows["end"] = found.segments[:, 0], found.segments[:, 1]
    return rows


def run_hour(subject: Any, hour: int, day: Day, file: BinaryIO) -> None:
    rows, size = subject.input(hour), subject.snippets_per_step
    highest, spent = 0.0, 0.0
    for quarter in np.array_split(np.arange(0, HOUR, size), 4):
        begin = time.process_time()
        parts = [subject.push(rows[i : i + size]) for i in quarter.tolist()]
        spent += time.process_time() - begin
        for part in parts:
            file.write(packed(part).tobytes())
        del parts
        gc.collect()
        highest = max(highest, resident_mb())
    day.resident.append(highest)
    day.cost.append(1e6 * spent / HOUR)


def run_day(kind: str, num_classes: int, folder: Path) -> Day:
    torch.set_num_threads(1)
    subject = KINDS[kind](num_classes, folder)
    day = Day(subject.name)
    with tempfile.TemporaryFile() as file:
        for hour in range(HOURS):
            run_hour(subject, hour, day, file)
        file.write(packed(subject.finish()).tobytes())
        file.seek(0)
        found = np.frombuffer(file.read(), FINAL)
    day.finals = len(found)
    day.equal = bool(np.array_equal(np.sort(found), np.sort(packed(subject.offline()))))
    segments = np.column_stack([found["start"], found["end"]])
    day.error = subject.error(found["label"], segments)
    return day


def plot(days: list[Day], path: Path) -> None:
    from matplotlib import pyplot

    figure, (memory, cost) = pyplot.subplots(1, 2, figsize=(10, 3.6), constrained_layout=True)
    hours = np.arange(1, HOURS + 1)
    for day in days:
        memory.plot(hours, np.array(day.resident) - day.settled[0], label=day.name, linewidth=1)
        cost.plot(hours, day.cost, label=day.name, linewidth=1)
    memory.set(xlabel="hours of stream", ylabel="resident MB, against hour 3", ylim=(-4, 4))
    cost.set(xlabel="hours of stream", ylabel="processor time, us a snippet", yscale="log")
    cost.legend(fontsize=7)
    path.parent.mkdir(exist_ok=True)
    save_png(figure, path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--classes", type=int, nargs="+", default=[20, 200])
    parser.add_argument("--docs", action="store_true", help="write table and plot into docs/")
    options = parser.parse_args()
    torch.set_num_threads(1)
    days: list[Day] = []
    # Memory that one subject gave back must not hide the growth of the next.
    spawn = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        for num_classes, kind in itertools.product(options.classes, KINDS):
            with spawn.Pool(1) as process:
                days.append(process.apply(run_day, (kind, num_classes, Path(folder))))
            print(" | ".join(days[-1].row()), flush=True)
    text = f"{machine()}.\n\n{markdown_table(HEADER, [day.row() for day in days])}"
    publish(PAGE, "soak", text, write=options.docs)
    if options.docs:
        plot(days, IMAGES / "soak.png")
    failures = [failure for day in days for failure in day.failures()]
    if failures:
        raise SystemExit("\n".join(failures))


if __name__ == "__main__":
    main()
