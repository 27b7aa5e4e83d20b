"""`nms` and `soft_nms` of 2,000 and 10,000 segments, against quadratic loops in C++.

    python -m bench.speed.nms

The rival is quadratic_nms.cpp beside this file: plain loops written for this benchmark, which do as
much work as ActionFormer's extension does, in float64. It is compiled here with `c++ -O3`. Both
sides must keep the same segments before anything is timed. One label, one thread.
"""

from __future__ import annotations

import ctypes
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

import basnet_rt
from bench.tables import machine
from bench.timing import HEADER, compare, row

SIZES = (2_000, 10_000)
SIGMA, MIN_SCORE = 0.5, 0.001
Arrays = tuple[np.ndarray, np.ndarray]  # (N, 2) seconds, (N,) scores


def uniform(size: int, rng: np.random.Generator) -> Arrays:
    """Segments of 0.5 to 8 s, as many as there are seconds."""
    starts = rng.uniform(0, size, size)
    return np.column_stack([starts, starts + rng.uniform(0.5, 8, size)]), rng.random(size)


def proposals(size: int, rng: np.random.Generator) -> Arrays:
    """Forty tries at each action of 1 to 33 s; the nearer to it, the higher the score."""
    actions = size // 40
    start = rng.uniform(0, actions * 8, actions)
    length = np.exp(rng.uniform(0, 3.5, actions))
    which = rng.integers(0, actions, size)
    errors = rng.normal(0, 0.15, (size, 2))
    ends = np.column_stack([start, start + length])[which] + errors * length[which, None]
    return np.sort(ends), np.exp(-np.abs(errors).sum(axis=1)) * rng.uniform(0.5, 1, size)


def build(folder: str) -> ctypes.CDLL:
    """The rival as a library."""
    library = Path(folder) / "quadratic_nms.so"
    source = Path(__file__).with_name("quadratic_nms.cpp")
    flags = ["-O3", "-DNDEBUG", "-std=c++17", "-ffp-contract=off", "-shared", "-fPIC"]
    subprocess.run(["c++", *flags, str(source), "-o", str(library)], check=True)
    loaded = ctypes.CDLL(str(library))
    for function in (loaded.hard, loaded.soft):
        function.restype = ctypes.c_int64
    return loaded


def pointer(array: np.ndarray) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


def rival_hard(library: ctypes.CDLL, arrays: Arrays, iou: float) -> np.ndarray:
    """Indices kept, best first."""
    segments, scores = arrays
    kept = np.empty(len(scores), np.int64)
    size = ctypes.c_int64(len(scores))
    count = library.hard(
        pointer(segments), pointer(scores), size, ctypes.c_double(iou), pointer(kept)
    )
    return kept[:count]


def rival_soft(library: ctypes.CDLL, arrays: Arrays, iou: float) -> tuple[np.ndarray, np.ndarray]:
    """Indices kept and their scores, best first; Gaussian where `iou` is 0."""
    segments, scores = arrays
    kept, decayed = np.empty(len(scores), np.int64), np.empty(len(scores))
    numbers = [ctypes.c_double(value) for value in (iou, SIGMA, MIN_SCORE)]
    size = ctypes.c_int64(len(scores))
    count = library.soft(
        pointer(segments), pointer(scores), size, *numbers, pointer(kept), pointer(decayed)
    )
    return kept[:count], decayed[:count]


def works(library: ctypes.CDLL, arrays: Arrays) -> dict[str, tuple[Callable, Callable]]:
    """Name to (rival, ours)."""

    def soft(method: str, iou: float) -> Callable:
        options = {"method": method, "iou": iou, "sigma": SIGMA, "min_score": MIN_SCORE}
        return lambda: basnet_rt.soft_nms(*arrays, **options)

    return {
        "nms 0.5": (
            lambda: (rival_hard(library, arrays, 0.5),),
            lambda: (basnet_rt.nms(*arrays, iou=0.5),),
        ),
        "nms 0.7": (
            lambda: (rival_hard(library, arrays, 0.7),),
            lambda: (basnet_rt.nms(*arrays, iou=0.7),),
        ),
        "soft_nms linear 0.5": (
            lambda: rival_soft(library, arrays, 0.5),
            soft("linear", 0.5),
        ),
        "soft_nms gaussian": (
            lambda: rival_soft(library, arrays, 0.0),
            soft("gaussian", 0.5),
        ),
    }


def main() -> None:
    print(f"{machine()}; one label, one thread, equality checked\n")
    print(HEADER)
    with tempfile.TemporaryDirectory() as folder:
        library = build(folder)
        for make in (proposals, uniform):
            for size in SIZES:
                arrays = make(size, np.random.default_rng(size))
                for name, (rival, ours) in works(library, arrays).items():
                    for want, got in zip(rival(), ours(), strict=True):
                        if not np.array_equal(want, got):
                            raise SystemExit(f"{name}, {size} {make.__name__}: results differ")
                    result = compare(rival, ours, rounds=7)
                    print(row(f"{name}, {size:,} {make.__name__}", result))


if __name__ == "__main__":
    main()
