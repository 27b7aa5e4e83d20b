"""The one interface of everything that turns pictures into features."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from basnet_rt.features.extractor_spec import ExtractorSpec
from basnet_rt.video.frames import Frame

Features = npt.NDArray[np.float32]


class Extractor(Protocol):
    """Makes features; holds weights and settings, and no state of a video."""

    @property
    def spec(self) -> ExtractorSpec: ...

    def start(self) -> Session:
        """Begin a video, or go on after a gap."""
        ...


class Session(Protocol):
    """One video's way through an extractor. Not thread-safe, but `prepare` and `push` may run in
    two threads: neither looks at what the other changes.
    """

    def prepare(self, frame: Frame) -> Any:
        """Does the part that needs one frame at a time, in order: flow, colours, crops."""
        ...

    def push(self, prepared: Any) -> Features:
        """Take what `prepare` gave, in order; return the rows (n, F) that are ready, n often 0."""
        ...

    def finish(self) -> Features:
        """The rows not handed out yet; the session is over."""
        ...
