"""Post-processing alone: 213 videos x 750 snippets x 20 classes, on a GPU and on all cores.

    python -m bench.cuda.postprocess [--rounds 50] [--smoke]

Activations and video scores lie on the device before, as a network leaves them. For each mode, with
two of 20 classes passing the gate in each video and with all of them:

- device: everything that `enqueue` launches, by events, with the input in the L2 cache (warm) and
  after the cache was emptied (cold); and the same as a CUDA graph;
- call: `CudaPostprocessor` from arrays to `Detections`, by the host's clock;
- unplanned: `postprocess_batch` on tensors, which plans each batch anew;
- CPU: `postprocess_batch` on host arrays, all cores;
- floor: a copy on the device of as many bytes as the activations have (read and written once).

All answers are compared before anything is timed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

import basnet_rt
from basnet_rt import PostprocessConfig
from bench.cuda.gpu import Rows, check_same, chosen, parser, wall_seconds

SECONDS = 16 / 25
FULL = (213, 750, 20)
SMALL = (3, 60, 4)
CONFIGS = {
    "published, 2 classes pass": (PostprocessConfig.published(), 2),
    "published, all pass": (PostprocessConfig.published(), None),
    "continuous, 2 classes pass": (PostprocessConfig(), 2),
    "continuous, all pass": (PostprocessConfig(), None),
}


def made_cas(shape: tuple[int, int, int]) -> np.ndarray:
    """(N, T, C) float32: slow and fast waves with noise, other ones in each video and class."""
    videos, snippets, classes = shape
    rng = np.random.default_rng(0)
    time = np.arange(snippets)[None, :, None]
    slow = rng.uniform(0.01, 0.2, (videos, 1, classes))
    fast = rng.uniform(0.1, 0.5, (videos, 1, classes))
    phase = rng.uniform(0, 6, (videos, 1, classes))
    waves = np.sin(time * slow + phase) + 0.5 * np.sin(time * fast)
    return (waves + 0.3 * rng.normal(size=shape)).astype(np.float32)


def made_scores(shape: tuple[int, int, int], passing: int | None) -> np.ndarray:
    """(N, C) float32: so many of each video's classes pass; None: all."""
    videos, _, classes = shape
    rng = np.random.default_rng(1)
    scores = np.full((videos, classes), 0.01 if passing else 0.5, np.float32)
    for row in scores:
        row[rng.permutation(classes)[: passing or 0]] = 0.5
    return scores


def measure(name: str, shape: tuple[int, int, int], machine: Any, rows: Rows, rounds: int) -> None:
    config, passing = CONFIGS[name]
    cas, scores = made_cas(shape), made_scores(shape, passing)
    on_device = [torch.from_numpy(one).to(machine.name) for one in (cas, scores)]
    videos, snippets, classes = shape
    planned = machine.planner(
        config, num_classes=classes, lengths=[snippets] * videos, snippet_seconds=SECONDS,
        padded=snippets,
    )  # fmt: skip

    def on_cpu() -> list[basnet_rt.Detections]:
        return basnet_rt.postprocess_batch(cas, scores, config, snippet_seconds=SECONDS)

    def unplanned() -> list[basnet_rt.Detections]:
        return basnet_rt.postprocess_batch(*on_device, config, snippet_seconds=SECONDS)

    want = on_cpu()
    count = check_same(planned(*on_device), want, name)
    check_same(unplanned(), want, name)
    # From here on `planned` has all the memory it needs.
    replay = machine.graph(lambda: planned.enqueue(*on_device))
    replay()
    machine.synchronize()
    check_same(planned.read(), want, f"{name}, graph")

    cpu = rows.add(f"{name} ({count} detections): CPU, all cores", wall_seconds(on_cpu, 5))
    for cold in (False, True):
        label = "cold" if cold else "warm"
        times = machine.device_seconds(lambda: planned.enqueue(*on_device), rounds, cold=cold)
        rows.add(f"{name}: device, {label}", times, cpu)
        rows.add(f"{name}: graph, {label}", machine.device_seconds(replay, rounds, cold=cold), cpu)
    rows.add(f"{name}: call", wall_seconds(lambda: planned(*on_device), rounds), cpu)
    rows.add(f"{name}: unplanned", wall_seconds(unplanned, rounds), cpu)


def measure_floor(shape: tuple[int, int, int], machine: Any, rows: Rows, rounds: int) -> None:
    source = torch.zeros(shape, device=machine.name)
    target = torch.empty_like(source)
    for cold in (False, True):
        times = machine.device_seconds(lambda: target.copy_(source), rounds, cold=cold)
        middle = rows.add(f"floor: copy of the activations, {'cold' if cold else 'warm'}", times)
        print(f"    {2 * source.nbytes / middle / 1e9:.0f} GB/s, reading and writing")


def main() -> None:
    options = parser(__doc__).parse_args()
    machine = chosen(options)
    shape = SMALL if machine.smoke else FULL
    rows = Rows(options, "post-processing of {} x {} x {}".format(*shape), machine)
    measure_floor(shape, machine, rows, options.rounds)
    for name in CONFIGS:
        measure(name, shape, machine, rows, options.rounds)
    rows.write()


if __name__ == "__main__":
    main()
