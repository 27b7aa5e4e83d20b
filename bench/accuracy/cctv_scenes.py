"""Scenes of the cctv_fights training videos, and where their fights must be: from tags alone.

The videos are chains of clips from few cameras, and most training snippets have a near-duplicate in
another training video. A division by video therefore tests a network on scenes it was trained on,
and prefers networks that memorised them. Here whole scenes are held out: they are cut out of every
training video.

Instead of marked segments, stretches of tagged videos that resemble no video without the tag are
used. The rest of a tagged video may be background that other videos show too.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from basnet_training.dataset import TaggedVideos

RGB_CHANNELS = 1280  # come first; flow tells actions, colour tells places
SAME_SCENE = 0.75  # centred cosine; also: from here on a snippet resembles another
CONTINUES = 0.6  # with a neighbour in time; below, a snippet is a cut or a glitch

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Snippets:
    """All N snippets of V videos, in order.

    features (N, F) float32; owner (N,) places in `names`; tagged (V,); similarity (N, N) float32.
    """

    names: tuple[str, ...]
    features: npt.NDArray[np.float32]
    owner: Ints
    tagged: Bools
    similarity: npt.NDArray[np.float32]

    def of(self, place: int) -> Ints:
        """Indices of one video's snippets."""
        return np.flatnonzero(self.owner == place)


def read_snippets(videos: TaggedVideos) -> Snippets:
    rows = [videos.source.read(name) for name in videos.names]
    owner = np.repeat(np.arange(len(rows)), [len(one) for one in rows])
    features = np.concatenate(rows)
    colour = features[:, :RGB_CHANNELS] - features[:, :RGB_CHANNELS].mean(axis=0)
    colour /= np.linalg.norm(colour, axis=1, keepdims=True)
    tagged = videos.labels.sum(axis=1) > 0
    return Snippets(videos.names, features, owner, tagged, colour @ colour.T)


def scenes(snippets: Snippets) -> Ints:
    """(N,) scene of each snippet: linked by a chain of similar ones."""
    similar = snippets.similarity > SAME_SCENE
    scene = np.full(len(similar), -1)
    for start in range(len(scene)):
        if scene[start] >= 0:
            continue
        number, waiting = scene.max() + 1, [start]
        scene[start] = number
        while waiting:
            near = np.flatnonzero(similar[waiting.pop()] & (scene < 0))
            scene[near] = number
            waiting += near.tolist()
    return scene


def divide(snippets: Snippets, count: int, division: int = 0) -> Ints:
    """(N,) fold of each snippet; scenes stay whole, folds get alike shares of snippets and action.

    Largest scenes first, each into the fold that has least; near-ties by lot.
    """
    scene, likely = scenes(snippets), likely_action(snippets)
    rng = np.random.default_rng(7 + division)
    sizes, actions = np.bincount(scene), np.bincount(scene, likely)
    fold, load = np.zeros(len(sizes), dtype=np.int64), np.zeros((count, 2))
    for one in sorted(rng.permutation(len(sizes)), key=lambda one: -sizes[one]):
        cost = load[:, 0] / len(scene) + load[:, 1] / max(1, likely.sum())
        fold[one] = np.argmin(cost + 1e-3 * rng.random(count))
        load[fold[one]] += sizes[one], actions[one]
    return fold[scene]


def likely_action(snippets: Snippets) -> Bools:
    """(N,) snippets of tagged videos that resemble none of any untagged video."""
    tagged = snippets.tagged[snippets.owner]
    strange = snippets.similarity[:, ~tagged].max(axis=1) < SAME_SCENE
    return tagged & strange & (_with_neighbour(snippets) > CONTINUES)


def likely_segments(snippets: Snippets, place: int, seconds: float) -> list[tuple[float, float]]:
    """[start, end) of the stretches of two snippets or more of one video that are likely action.

    A hole of one snippet is closed. `seconds` is a snippet's length.
    """
    inside = likely_action(snippets)[snippets.of(place)]
    for i in range(1, len(inside) - 1):
        inside[i] |= inside[i - 1] and inside[i + 1]
    edges = np.diff(np.pad(inside.astype(int), 1))
    runs = zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True)
    return [(a * seconds, b * seconds) for a, b in runs if b - a >= 2]


def _with_neighbour(snippets: Snippets) -> npt.NDArray[np.float32]:
    """(N,) similarity with the more similar of the two neighbours in the same video."""
    following = np.diagonal(snippets.similarity, offset=1).copy()
    following[np.diff(snippets.owner) != 0] = 0
    return np.maximum(np.append(following, 0), np.insert(following, 0, 0))
