"""After years of snippets a stream is as exact as in its first minute, and as small."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from post_cases import make_video
from stream_cases import maker, rows_of, run

from basnet_rt import PostprocessConfig

FAR = 10**9  # twenty years of snippets of 0.64 s
LIMITED = {
    "normalisation": "fixed",
    "gate": "none",
    "max_duration": 30.0,
    "merge_gap": 1.3,
    "cas_thresholds": [0.1, 0.3],
    "nms": "hard",  # soft-NMS decays by an IoU, whose last bits depend on the place in time
}


@pytest.mark.parametrize("seconds", [0.64, 0.5, 16 / 29.97])
@pytest.mark.parametrize("changes", [{}, {"normalisation": "horizon", "gate": "horizon"}])
def test_far_away(seconds, changes):
    """Scores, and the order of finals, in every bit as at the start; times to one rounding of
    the exact ones. Catches a running sum, and indices that pass through float32."""
    video = make_video("smooth", 400, 2, 5)
    fields = {**LIMITED, "horizon": 30.0, "keep_top1": True, **changes}
    config = PostprocessConfig.continuous(**fields)
    near = run(config, [rows_of(video)], snippet_seconds=seconds)
    far = run(config, [FAR, rows_of(video)], snippet_seconds=seconds)
    assert len(near.labels) > 20
    np.testing.assert_array_equal(far.labels, near.labels)
    np.testing.assert_array_equal(far.scores, near.scores)
    np.testing.assert_array_equal(far.decided, near.decided + FAR)
    for got, local in zip(far.segments.ravel(), near.segments.ravel(), strict=True):
        exact = Fraction(local) + FAR * Fraction(seconds)
        assert abs(Fraction(got) - exact) <= 2 * Fraction(np.spacing(got))


def resident_mib():
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 2**20


def endless(chunk, num_classes, seed=0):
    """Chunks of activations between 0 and 1 that wander; the generator never repeats."""
    rng = np.random.default_rng(seed)
    level = rng.random(num_classes)
    while True:
        steps = rng.normal(0, 0.15, (chunk, num_classes))
        walk = np.abs((level + np.cumsum(steps, axis=0)) % 2 - 1)
        level = level + steps.sum(axis=0)
        yield np.ascontiguousarray(walk, np.float32)


@pytest.mark.parametrize(
    ("changes", "num_classes", "num_chunks", "most"),
    [
        ({}, 20, 400, 1200),
        ({"normalisation": "horizon", "horizon": 60.0}, 3, 100, 1200),
        ({"gate": "horizon", "horizon": 60.0, "class_threshold": 0.05}, 3, 60, 1500),
    ],
)
def test_memory_is_flat(changes, num_classes, num_chunks, most):
    """200,000 snippets of 20 classes (and fewer where windows are computed). The buffer holds
    max_duration with its flanks, twice over between two trims, and a chunk; resident memory is
    the same at half-time and at the end."""
    stream = maker(PostprocessConfig.continuous(**{**LIMITED, **changes}), num_classes, 0.64)()
    chunks, finals, sizes, resident = endless(500, num_classes), 0, [], []
    for _, chunk in zip(range(num_chunks), chunks, strict=False):
        raw = np.zeros((500, num_classes + 1), np.float32)
        finals += len(stream.push(chunk, cas=raw if "gate" in changes else None))
        sizes.append(stream.buffered_snippets)
        resident.append(resident_mib())
    assert stream.num_snippets == 500 * num_chunks
    assert finals > 10 * num_chunks
    assert max(sizes) <= most
    half = num_chunks // 2
    assert max(sizes[half:]) <= max(sizes[:half]) * 1.5
    assert resident[-1] - resident[half] < 4


def test_saved_state_is_as_small():
    """Bounded by max_duration as well, whatever came before."""
    stream = maker(PostprocessConfig.continuous(**LIMITED), 4, 0.64)()
    sizes = []
    for _, chunk in zip(range(40), endless(500, 4), strict=False):
        stream.push(chunk)
        sizes.append(len(stream.save()))
    assert max(sizes[20:]) <= 1.5 * max(sizes[:20])
    assert max(sizes) < 64 * 1024
