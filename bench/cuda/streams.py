"""One step of 10,000 streams: a snippet of 20 classes for each, post-processed on a GPU.

    python -m bench.cuda.streams [--rounds 50] [--smoke]

0.64 s a snippet, max_duration 60 s, normalisation fixed, gate none. Activations lie on the device,
as a network for streams leaves them. First 100 steps fill the streams' buffers, and on the way the
finals of 100 streams must equal those of a StreamPostprocessor each. Timed are

- step: `CudaStreams.push` of all streams, from activations to finals, by the host's clock;
- StreamPool's step, on the GPU and on the CPU: a pool whose network hands on what it is given (for
  the GPU: puts it there), so that a step is batching and post-processing;
- single: `StreamPostprocessor.push` of all streams, one after the other, on one core.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

import basnet_rt
from basnet_rt import PostprocessConfig, _core
from basnet_rt.postprocessing import gpu_arrays
from bench.cuda.gpu import Rows, chosen, parser, wall_seconds

SECONDS, MAX_DURATION = 0.64, 60.0
CHECKED = 100
CONFIG = PostprocessConfig(
    gate="none", normalisation="fixed", fixed_lo=[-2.0], fixed_hi=[2.0], max_duration=MAX_DURATION
)


def made_rows(streams: int, classes: int, steps: int) -> np.ndarray:
    """(steps, streams, C) float32: waves of every length, so that roots open and close."""
    rng = np.random.default_rng(0)
    speed = rng.uniform(0.02, 0.6, (streams, classes))
    phase = rng.uniform(0, 6, (streams, classes))
    found = np.empty((steps, streams, classes), np.float32)
    for step in range(steps):
        found[step] = np.sin(step * speed + phase) + 0.3 * rng.normal(size=speed.shape)
    return found


class Handing:
    """A network for `_core.StreamPool` whose activations are its features."""

    def step(self, slots: Any, fresh: Any, features: np.ndarray) -> tuple[Any, None, Any]:
        return features, None, np.full(len(features), features.shape[1])

    def flush(self, slots: Any) -> tuple[Any, None, Any]:
        return np.zeros((len(slots), 0, 0), np.float32), None, np.zeros(len(slots), np.int64)


class HandingOnDevice(Handing):
    """The same, with the activations on a GPU."""

    def __init__(self, device: str) -> None:
        self._device = device

    def step(self, slots: Any, fresh: Any, features: np.ndarray) -> tuple[Any, None, Any, int]:
        rows = torch.from_numpy(features).to(self._device)
        stream = gpu_arrays.current_stream(rows.device.index)
        counts = np.full(len(features), features.shape[1])
        return gpu_arrays.capsule(rows, "activations", stream), None, counts, stream


def compare_finals(got: basnet_rt.Detections | None, want: basnet_rt.Detections) -> None:
    if got is None:
        same = len(want) == 0
    else:
        same = np.array_equal(got.labels, want.labels) and bool(
            np.allclose(got.segments, want.segments, rtol=0, atol=1e-6)
            and np.allclose(got.scores, want.scores, rtol=0, atol=1e-6)
        )
    if not same:
        raise SystemExit("finals of a stream differ from those of a StreamPostprocessor")


def warmed(machine: Any, rows: np.ndarray) -> Any:
    """Streams with full buffers; checks some of them against single ones."""
    _, count, classes = rows.shape
    many = machine.streams(CONFIG, num_classes=classes, snippet_seconds=SECONDS, max_streams=count)
    checked = np.random.default_rng(1).permutation(count)[:CHECKED]
    alone = {
        int(slot): basnet_rt.StreamPostprocessor(
            CONFIG, num_classes=classes, snippet_seconds=SECONDS
        )
        for slot in checked
    }
    total = 0
    for step in rows:
        found = many.push(np.arange(count), torch.from_numpy(step).to(machine.name))
        if found.errors:
            raise SystemExit(f"streams failed: {found.errors}")
        for slot, single in alone.items():
            want = single.push(step[slot : slot + 1])
            compare_finals(found.finals.get(slot), want)
            total += len(want)
    print(f"  {total} finals of {len(alone)} streams equal those of single ones")
    return many


def pool_step(rows: np.ndarray, device: str | None) -> Callable[[], float]:
    """Pushes a snippet for each stream, untimed, and gives the seconds of the pool's step.

    Args:
        device: where the network leaves activations and they are post-processed; None: the CPU.
    """
    steps, count, classes = rows.shape
    network = Handing() if device is None else HandingOnDevice(device)
    pool = _core.StreamPool(
        network, CONFIG.native, classes, classes, SECONDS, count, 0.0, 4, count, False, False,
        None, None, None if device is None else 0,
    )  # fmt: skip
    streams = [pool.open() for _ in range(count)]
    place = iter(range(10**9))

    def step() -> float:
        row = rows[next(place) % steps]
        for i, stream in enumerate(streams):
            pool.push(stream, row[i : i + 1], 0.0)
        before = pool.statistics()["snippets"]
        seconds = wall_seconds(lambda: pool.step(True), 1)[0]
        if pool.statistics()["snippets"] != before + count:
            raise SystemExit(f"the pool's step did not take all streams: {pool.statistics()}")
        for stream in streams:
            pool.poll(stream)
        return float(seconds)

    for _ in range(steps):
        step()
    return step


def main() -> None:
    options = parser(__doc__).parse_args()
    machine = chosen(options)
    count, classes, steps = (40, 3, 120) if machine.smoke else (10_000, 20, 100)
    rows = Rows(options, f"a step of {count} streams, {classes} classes", machine)
    made = made_rows(count, classes, steps)
    many = warmed(machine, made)
    print(f"  {many.state_bytes / 2**20:.0f} MiB of state on the device")
    on_device = [torch.from_numpy(one).to(machine.name) for one in made[:10]]
    slots, place = np.arange(count), iter(range(10**9))
    cpu_rounds = min(options.rounds, 5)
    on_cpu = pool_step(made, None)
    against = rows.add("StreamPool's step, CPU", np.array([on_cpu() for _ in range(cpu_rounds)]))
    if not machine.smoke:
        on_gpu = pool_step(made, machine.name)
        rows.add("StreamPool's step, GPU", np.array([on_gpu() for _ in range(10)]), against)
    single = [
        basnet_rt.StreamPostprocessor(CONFIG, num_classes=classes, snippet_seconds=SECONDS)
        for _ in range(count)
    ]
    for step in made:
        for i, stream in enumerate(single):
            stream.push(step[i : i + 1])

    def push_each() -> None:
        for i, stream in enumerate(single):
            stream.push(made[0, i : i + 1])

    rows.add("single streams, CPU", wall_seconds(push_each, cpu_rounds), against)
    times = wall_seconds(lambda: many.push(slots, on_device[next(place) % 10]), options.rounds)
    rows.add("step, GPU", times, against)
    rows.write()


if __name__ == "__main__":
    main()
