"""Random numbers by purpose: any part of a simulation can be drawn without the parts before it.

Philox is a counter-based generator: the numbers depend on key and counter, not on earlier draws.
The key here is a hash of the seed and the purpose of the numbers. The counter's highest word is an
index (of a block of snippets, of a knot), which leaves 2**192 numbers for each index.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def generator(seed: int, *purpose: str | int, index: int = 0) -> np.random.Generator:
    """The generator of one purpose, e.g. `generator(7, "white", "video_1", index=3)`.

    Args:
        seed: seed of the whole simulation.
        purpose: words that name the use of the numbers; other words give other numbers.
        index: in [0, 2**64).
    """
    name = "\x00".join(str(part) for part in (seed, *purpose)).encode()
    digest = hashlib.blake2b(name, digest_size=16).digest()
    key = np.frombuffer(digest, dtype="<u8").astype(np.uint64)
    counter = np.array([0, 0, 0, index], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=counter))


def smooth_noise(
    seed: int, purpose: Sequence[str | int], positions: Floats, channels: int
) -> Floats:
    """Slowly varying noise, with variance one at every position.

    Independent normal values (knots) lie at the integers. Between two knots the noise blends from
    one to the next, with weights whose squares sum to one.

    Args:
        positions: shape (N,), rising, >= 0, in units of knots.

    Returns:
        Shape (N, channels), float64.
    """
    first, last = int(np.floor(positions[0])), int(np.floor(positions[-1])) + 1
    drawn = (generator(seed, *purpose, index=i) for i in range(first, last + 1))
    knots = np.stack([random.standard_normal(channels) for random in drawn])
    left = np.floor(positions).astype(np.int64)
    angle = (positions - left)[:, None] * (np.pi / 2)
    blend: Floats = np.cos(angle) * knots[left - first] + np.sin(angle) * knots[left - first + 1]
    return blend
