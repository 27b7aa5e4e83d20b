"""Full size without holding it: F = 2048, streamed."""

from __future__ import annotations

import tracemalloc

from basnet_rt.annotations import Segment
from basnet_training.simulate import Simulation, Timeline, write_dataset

MIB = 2**20
PART = Segment("A", 10.0, 15.0)


def long_video(hours: float) -> Timeline:
    return Timeline(f"video_{hours}", "test", hours * 3600, (PART, Segment("B", 40.0, 50.0)))


def peak(job) -> float:
    """Peak of memory taken while `job` runs, in MiB; NumPy reports its arrays to tracemalloc."""
    tracemalloc.start()
    try:
        job()
        return tracemalloc.get_traced_memory()[1] / MIB
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_video(tmp_path):
    """Catches an array as long as the video: 48 minutes of F = 2048 would be 35 MiB."""
    short, long = long_video(0.2), long_video(0.8)
    simulation = Simulation([short, long], seed=0)

    def stream(timeline: Timeline) -> None:
        for chunk in simulation.video(timeline).chunks(256):
            assert chunk.shape[1] == 2048

    stream(short)  # once without counting: caches and lazy imports
    first, second = peak(lambda: stream(short)), peak(lambda: stream(long))
    assert second < 1.1 * first + 1
    assert second < 16


def test_writing_holds_a_chunk_only(tmp_path):
    """Catches a writer that gathers a video: 35 MiB as float32, half of it as float16."""
    simulation = Simulation([long_video(0.8)], seed=0)
    assert peak(lambda: write_dataset(simulation, tmp_path)) < 14
