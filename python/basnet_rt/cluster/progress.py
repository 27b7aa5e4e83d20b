"""Progress through a corpus: videos and hours a second, time left, failures."""

from __future__ import annotations

import time
from collections.abc import Mapping


class CorpusProgress:
    """Counts finished videos; the time left is estimated by weight, because long ones come first.

    Args:
        weights: of every video to do: seconds, or anything proportional.
    """

    def __init__(self, weights: Mapping[str, float]) -> None:
        self._weights, self._left = dict(weights), sum(weights.values())
        self._started, self._worked = time.monotonic(), 0.0
        self.total, self.done, self.failed, self.before = len(weights), 0, 0, 0
        self.video_seconds = 0.0

    def add(
        self, name: str, seconds: float | None, *, failed: bool = False, before: bool = False
    ) -> None:
        """Add a finished video of `seconds`; `before`: an earlier run had finished it."""
        weight = self._weights.pop(name, 0.0)
        self._left -= weight
        if before:
            self.before += 1
            return
        self._worked += weight
        self.done += 1
        self.failed += failed
        self.video_seconds += seconds or 0.0

    @property
    def seconds_left(self) -> float | None:
        """The estimated time left; None before any video is done."""
        if self._worked <= 0:
            return None
        return self._elapsed() * max(0.0, self._left) / self._worked

    def line(self) -> str:
        """The progress as a line for people."""
        elapsed = max(self._elapsed(), 1e-9)
        rate = f"{self.done / elapsed:.2f} videos/s"
        if self.video_seconds:
            rate += f", {self.video_seconds / elapsed / 3600:.3f} hours/s"
        left = self.seconds_left
        clock = "" if left is None else f", left {int(left) // 60}:{int(left) % 60:02d}"
        before = f", {self.before} from an earlier run" if self.before else ""
        failed = f", {self.failed} failed" if self.failed else ""
        return f"{self.before + self.done}/{self.total} videos{before}, {rate}{clock}{failed}"

    def _elapsed(self) -> float:
        return time.monotonic() - self._started
