"""Simulated features of one video, or of any range of it, and of a whole simulation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from basnet_rt import InvalidValue

from .casting import cast_video
from .config import SimulationConfig
from .randomness import generator
from .script import Script, Weights
from .timelines import Timeline, class_names
from .vocabulary import Rows, Vocabulary, make_vocabulary

# Features are always computed in whole blocks, at multiples of this many snippets, and then cut. A
# matrix product with another number of rows may round differently, and the bytes must not depend
# on the chunks.
BLOCK = 64


class VideoFeatures:
    """Simulated features of one video, computed on request. Holds no array as long as the video.

    The same seed, dials, classes and timeline give the same bytes, for any division into ranges.
    Across machines or NumPy versions, features agree only up to rounding.
    """

    def __init__(self, script: Script, rows: Rows, timeline: Timeline) -> None:
        self.timeline = timeline
        self._script = script
        self._rows = rows
        step = script.config.snippet_seconds
        # Counted as an extractor does: only whole snippets, but a video has at least one.
        self._length = max(1, int(timeline.duration / step + 1e-9))

    def __len__(self) -> int:
        """Number of snippets T."""
        return self._length

    @property
    def shape(self) -> tuple[int, int]:
        """(T, F)."""
        return self._length, self._script.config.feature_dim

    def read(self, start: int = 0, stop: int | None = None) -> Rows:
        """Features of the snippets [start, stop); default all. (stop - start, F) float32.

        Raises:
            InvalidValue: not 0 <= start <= stop <= T.
        """
        stop = self._length if stop is None else stop
        if not 0 <= start <= stop <= self._length:
            raise InvalidValue(
                f"snippets [{start}, {stop}) of {self.timeline.video}: expected"
                f" 0 <= start <= stop <= {self._length}"
            )
        out = np.empty((stop - start, self._rows.shape[1]), dtype=np.float32)
        for block in range(start // BLOCK, -(-stop // BLOCK)):
            low, high = max(start, block * BLOCK), min(stop, (block + 1) * BLOCK)
            made = self._block(block)
            out[low - start : high - start] = made[low - block * BLOCK : high - block * BLOCK]
        return out

    def chunks(self, snippets: int = BLOCK) -> Iterator[Rows]:
        """The whole video in consecutive pieces of `snippets` rows; the last may be shorter."""
        if snippets < 1:
            raise InvalidValue(f"snippets = {snippets}: expected at least 1")
        for start in range(0, self._length, snippets):
            yield self.read(start, min(start + snippets, self._length))

    def weights(self) -> Weights:
        """Weights of all parts per snippet: the truth behind the features, for tests and plots."""
        return self._script.weights(0, self._length)

    def _block(self, block: int) -> Rows:
        config = self._script.config
        weights = self._script.weights(block * BLOCK, BLOCK).stacked().astype(np.float32)
        used = weights.any(axis=0)  # most classes are absent, so a tenth of the product remains
        white = generator(self._script.seed, "white", self.timeline.video, index=block)
        made = white.standard_normal((BLOCK, config.feature_dim), dtype=np.float32)
        made *= np.float32(config.white_noise)
        made += weights[:, used] @ self._rows[used]
        return np.maximum(made, 0, out=made) if config.rectify else made


class Simulation:
    """All videos of a data set, to iterate over as `VideoFeatures`. No features are kept.

    Args:
        timelines: at least one has an action; each video occurs once.
        config: the dials; default: `SimulationConfig()`.
        seed: any integer; vocabulary and videos depend on it.
        classes: class names; the vocabulary of a class depends on its place here. Default: the
            names in the timelines, sorted.

    Raises:
        InvalidValue: no timeline has an action, a video occurs twice, or `classes` lacks a class.
    """

    def __init__(
        self,
        timelines: Sequence[Timeline],
        config: SimulationConfig | None = None,
        *,
        seed: int,
        classes: Sequence[str] | None = None,
    ) -> None:
        found = class_names(timelines)
        self.config = config or SimulationConfig()
        self.seed = seed
        self.timelines = tuple(timelines)
        self.classes = found if classes is None else tuple(classes)
        if missing := set(found) - set(self.classes):
            raise InvalidValue(f"classes: {sorted(missing)} occur in timelines but are not listed")
        self.vocabulary: Vocabulary = make_vocabulary(self.config, self.classes, seed)
        self._rows = self.vocabulary.rows

    def __len__(self) -> int:
        """Number of videos."""
        return len(self.timelines)

    def __iter__(self) -> Iterator[VideoFeatures]:
        return (self.video(timeline) for timeline in self.timelines)

    def video(self, timeline: Timeline) -> VideoFeatures:
        """The features of a timeline: one of this simulation, or a new one with its classes."""
        cast = cast_video(self.config, timeline, self.classes, self.seed)
        salience = self.vocabulary.salience
        script = Script(self.config, cast, salience, timeline.video, self.seed)
        return VideoFeatures(script, self._rows, timeline)
