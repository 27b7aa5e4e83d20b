"""The interface of extractors, which turn pictures into features."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from basnet_rt._errors import InvalidType
from basnet_rt._system.shown import shown
from basnet_rt.features.extractor_spec import ExtractorSpec
from basnet_rt.video.frames import Frame

Features = npt.NDArray[np.float32]


class Extractor(Protocol):
    """Makes features; has weights and settings, but no state of a video."""

    @property
    def spec(self) -> ExtractorSpec: ...

    def start(self) -> Session:
        """Begin a video, or continue after a gap."""
        ...


def check_extractor(extractor: Any) -> None:
    """Refuse what is no extractor.

    Raises:
        TypeError: it is none, such as the name of one.
    """
    if not hasattr(extractor, "start") or not hasattr(extractor, "spec"):
        raise InvalidType(
            f"extractor is {shown(extractor)}; it must be an extractor, such as "
            "make_extractor('motion')"
        )


class Session(Protocol):
    """The extraction of one video. Not thread-safe, but `prepare` and `push` may run in two
    threads: neither uses data that the other changes.
    """

    def prepare(self, frame: Frame) -> Any:
        """Do the work on single frames, in order: flow, colours, crops."""
        ...

    def push(self, prepared: Any) -> Features:
        """Take results of `prepare`, in order; return the rows (n, F) that are ready, n often 0."""
        ...

    def finish(self) -> Features:
        """End the session and return the remaining rows."""
        ...
