"""Pictures with known motion for the tests of extractor `motion`."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import cv2
import numpy as np

from basnet_rt.extractors import Extractor, make_extractor
from basnet_rt.video.frames import Frame

WIDTH, HEIGHT = 160, 120


def motion(**settings) -> Extractor:
    return make_extractor("motion", **settings)


def texture(seed: int, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """Smooth noise (H, W) uint8 that flow can follow, and that no other seed resembles."""
    noise = np.random.default_rng(seed).standard_normal((height, width)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 2.5)
    return np.clip(128 + 45 * smooth / smooth.std(), 0, 255).astype(np.uint8)


def moved(picture: np.ndarray, map_at: Callable[[int], np.ndarray], count: int) -> list[np.ndarray]:
    """`count` pictures; `map_at(k)` is the 2 x 3 matrix that takes the first to number k."""
    high, wide = picture.shape
    return [
        cv2.warpAffine(picture, map_at(k), (wide, high), borderMode=cv2.BORDER_REFLECT)
        for k in range(count)
    ]


def shifted(picture: np.ndarray, right: float, down: float, count: int) -> list[np.ndarray]:
    """Moving by so many pixels per frame."""
    return moved(picture, lambda k: np.float32([[1, 0, right * k], [0, 1, down * k]]), count)


def frames(images: Iterable[np.ndarray], fps: float = 25.0) -> list[Frame]:
    return [Frame(k, k / fps, k / fps, image) for k, image in enumerate(images)]


def features(images: Iterable[np.ndarray], extractor: Extractor | None = None) -> np.ndarray:
    """(T, F) of the pictures of a whole video."""
    session = (extractor or motion()).start()
    rows = [session.push(session.prepare(one)) for one in frames(images)]
    return np.concatenate([*rows, session.finish()])


def random_pairs(seed: int, count: int, rows: int, columns: int) -> list[tuple[np.ndarray, ...]]:
    """What `reference.motion.cells` could give, without pictures: float32 as the product's."""
    rng = np.random.default_rng(seed)
    number = rows * columns
    found = []
    for _ in range(count):
        energies = rng.exponential(1, (number, 10)) ** 2
        vectors = rng.normal(0, 1, (number, 3))
        vectors[:, 2] = energies[:, 0] ** 2
        histograms = rng.exponential(0.1, (5, number, 8)) * rng.integers(0, 2, (5, number, 1))
        found.append(tuple(one.astype(np.float32) for one in (energies, vectors, histograms)))
    return found
