"""The device to time: a GPU, or, for trying the scripts, this machine's processor.

`--smoke` runs every line that does not need a GPU, on small inputs, so that scripts are tested
without one. Its times have no meaning and are marked so.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

import basnet_rt

NO_GPU = 3  # exit status


class Gpu:
    """The first CUDA device."""

    name = "cuda:0"
    smoke = False
    planner = basnet_rt.CudaPostprocessor
    streams = basnet_rt.CudaStreams

    def __init__(self) -> None:
        properties = torch.cuda.get_device_properties(0)
        size = getattr(properties, "L2_cache_size", 0) or 128 << 20
        # Writing four times the cache leaves nothing of the input in it.
        self._flush = torch.empty(4 * size, dtype=torch.uint8, device=self.name)

    def describe(self) -> str:
        properties = torch.cuda.get_device_properties(0)
        return (
            f"{properties.name}, {properties.multi_processor_count} multiprocessors, "
            f"{properties.total_memory / 2**30:.0f} GiB, torch {torch.__version__}"
        )

    def synchronize(self) -> None:
        torch.cuda.synchronize()

    def device_seconds(self, work: Callable[[], object], rounds: int, *, cold: bool) -> np.ndarray:
        """Seconds by events on the current stream around each call, after three warm-up calls.

        Args:
            cold: the cache is emptied of the input before each call.
        """
        for _ in range(3):
            work()
        pairs = []
        for _ in range(rounds):
            if cold:
                self._flush.zero_()
            # The host runs ahead, so the time of launches is not between the events.
            torch.cuda._sleep(1_000_000)
            begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            begin.record()
            work()
            end.record()
            pairs.append((begin, end))
            if len(pairs) % 20 == 0:
                torch.cuda.synchronize()
        torch.cuda.synchronize()
        return np.array([begin.elapsed_time(end) / 1e3 for begin, end in pairs])

    def graph(self, work: Callable[[], object]) -> Callable[[], object]:
        """`work`, recorded; the call replays it."""
        work()
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            work()
        return graph.replay


class HostPlanner:
    """Like `basnet_rt.CudaPostprocessor`, on the processor."""

    def __init__(
        self, config: Any, *, num_classes: int, lengths: list[int], snippet_seconds: Any,
        padded: int | None = None,
    ) -> None:  # fmt: skip
        self._config, self._seconds = config, snippet_seconds
        self._arguments: tuple[Any, Any] = (None, None)

    def enqueue(self, cas: Any, video_scores: Any) -> None:
        self._arguments = cas, video_scores
        self._found = basnet_rt.postprocess_batch(
            cas, video_scores, self._config, snippet_seconds=self._seconds
        )

    def read(self) -> list[basnet_rt.Detections]:
        return self._found

    def __call__(self, cas: Any, video_scores: Any) -> list[basnet_rt.Detections]:
        self.enqueue(cas, video_scores)
        return self.read()


class HostStreams:
    """Like `basnet_rt.CudaStreams`, with one StreamPostprocessor for each stream."""

    def __init__(
        self, config: Any, *, num_classes: int, snippet_seconds: float, max_streams: int
    ) -> None:
        self._own = [
            basnet_rt.StreamPostprocessor(
                config, num_classes=num_classes, snippet_seconds=snippet_seconds
            )
            for _ in range(max_streams)
        ]
        self.state_bytes = 0

    def push(self, slots: Any, activations: torch.Tensor) -> basnet_rt.StreamStep:
        rows = activations.numpy()
        found = {int(s): self._own[s].push(rows[i : i + 1]) for i, s in enumerate(slots)}
        finals = {slot: one for slot, one in found.items() if len(one)}
        return basnet_rt.StreamStep(finals, {}, np.zeros(len(found), np.int64))


class NoGpu:
    """The replacement of `Gpu` with --smoke."""

    name = "cpu"
    smoke = True
    planner = HostPlanner
    streams = HostStreams

    def describe(self) -> str:
        return f"no GPU: smoke test on the processor, times mean nothing, torch {torch.__version__}"

    def synchronize(self) -> None:
        pass

    def device_seconds(self, work: Callable[[], object], rounds: int, *, cold: bool) -> np.ndarray:
        return np.array([wall_seconds(work, 1)[0] for _ in range(rounds)])

    def graph(self, work: Callable[[], object]) -> Callable[[], object]:
        return work


def wall_seconds(work: Callable[[], object], rounds: int) -> np.ndarray:
    """Seconds of each call by the host's clock; `work` must wait for its own result."""
    times = []
    for _ in range(rounds):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return np.array(times)


def parser(description: str) -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(description=description.splitlines()[0])
    found.add_argument("--smoke", action="store_true", help="small, on the processor: a dry run")
    found.add_argument("--rounds", type=int, default=50, help="calls of each thing that is timed")
    found.add_argument("--out", type=Path, help="file of rows for bench/cuda/table.py to read")
    return found


def chosen(options: argparse.Namespace) -> Gpu | NoGpu:
    """The device to time; ends the program with status 3 if a GPU is requested and absent."""
    if options.smoke:
        torch.set_num_threads(1)
        options.rounds = min(options.rounds, 2)
        return NoGpu()
    backend = basnet_rt.backends()[1]
    reason = backend.reason or ("" if torch.cuda.is_available() else "this torch has no CUDA")
    if reason:
        print(f"this benchmark needs a GPU: {reason} (--smoke tries it without)", file=sys.stderr)
        raise SystemExit(NO_GPU)
    return Gpu()


def check_same(got: list[Any], want: list[Any], what: str) -> int:
    """The number of detections, after a check that they are equal: times and scores to 1e-6."""
    for i, (ours, theirs) in enumerate(zip(got, want, strict=True)):
        same = np.array_equal(ours.labels, theirs.labels)
        for name in ("segments", "scores"):
            a, b = getattr(ours, name), getattr(theirs, name)
            same = same and bool(np.allclose(a, b, rtol=0, atol=1e-6))
        if not same:
            raise SystemExit(f"{what}: video {i} differs from the CPU's; nothing is timed")
    return sum(map(len, want))


class Rows:
    """Results, printed as they come and written to a file for the table."""

    def __init__(self, options: argparse.Namespace, part: str, machine: Gpu | NoGpu) -> None:
        self._out, self._part = options.out, part
        self._rows: list[dict[str, Any]] = []
        self.machine = machine.describe()
        self.smoke = machine.smoke
        print(f"{part}: {self.machine}")

    def add(self, what: str, seconds: np.ndarray, against: float | None = None) -> float:
        """Note a time, and how many times as long `against` takes; gives the median."""
        low, middle, high = (float(q) for q in np.quantile(seconds, [0.25, 0.5, 0.75]))
        ratio = None if against is None else against / middle
        self._rows.append(
            {"part": self._part, "what": what, "low": low, "median": middle, "high": high,
             "ratio": ratio}
        )  # fmt: skip
        times = "" if ratio is None else f"   {ratio:.1f}x"
        print(f"  {what}: {middle * 1e3:.4f} [{low * 1e3:.4f}, {high * 1e3:.4f}] ms{times}")
        return middle

    def write(self) -> None:
        if self._out is None:
            return
        content = {"machine": self.machine, "smoke": self.smoke, "rows": self._rows}
        self._out.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
