"""The live view of `basnet-rt stream`: open and final detections."""

from __future__ import annotations

from collections import deque

from rich.console import Group
from rich.live import Live
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from basnet_rt.cli.common import printable
from basnet_rt.postprocessing.onsets import Onset
from basnet_rt.results import Detection, Detections
from basnet_rt.stream.localizer import StreamingLocalizer

NUM_LINES = 12


class LiveView:
    """A view that is redrawn in place with every chunk; a context manager."""

    def __init__(self, localizer: StreamingLocalizer) -> None:
        self._localizer = localizer
        self._finals: deque[tuple[str, str, str, str]] = deque(maxlen=NUM_LINES)
        self._onsets: deque[str] = deque(maxlen=3)
        self._live = Live(auto_refresh=False, vertical_overflow="crop")

    def __enter__(self) -> LiveView:
        self._live.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._live.__exit__(None, None, None)

    def show(self, name: str, finals: Detections, pending: Detections, onsets: list[Onset]) -> None:
        """Draw the new finals, the pending detections and the onsets."""
        self._finals.extendleft(map(_cells, finals))
        self._onsets.extend(f"{onset.name} at {onset.time:.2f} s" for onset in onsets)
        sure = self._localizer.model.confidence is not None
        now = _table("open now (provisional)", sure)
        for one in list(pending)[:NUM_LINES]:
            now.add_row(*_cells(one))
        done = _table("final, newest first", sure)
        for cells in self._finals:
            done.add_row(*cells)
        self._live.update(Group(self._head(name), now, done), refresh=True)

    def _head(self, name: str) -> Text:
        statistics = self._localizer.statistics
        seconds = statistics.snippets_in * self._localizer.model.metadata.snippet_seconds
        per_push = 1e3 * statistics.compute_seconds / max(1, statistics.pushes)
        simulated = ", simulated" if self._localizer.model.simulated else ""
        line = (
            f"{name}: {seconds:.1f} s of stream, {statistics.finals_out} finals, "
            f"{statistics.mean_latency:.2f} s late on average, {per_push:.1f} ms per push"
        )
        began = "began: " + (", ".join(self._onsets) or "-")
        return Text(printable("\n".join([line + simulated, began])))


def _cells(one: Detection) -> tuple[str, str, str, str]:
    """A row; names are plain text, without rich's markup and control characters."""
    sure = f"{one.score:.3f}" if one.confidence is None else f"{100 * one.confidence:.0f} %"
    return escape(printable(one.name or "")), f"{one.start:.2f}", f"{one.end:.2f}", sure


def _table(title: str, sure: bool) -> Table:
    table = Table(title=title, title_justify="left", expand=True)
    table.add_column("label")
    for column in ("start", "end", "confidence" if sure else "score"):
        table.add_column(column, justify="right", width=10)
    return table
