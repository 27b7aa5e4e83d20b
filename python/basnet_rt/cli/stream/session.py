"""One run of `basnet-rt stream`: pushes snippets, writes events, keeps the state."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from basnet_rt._errors import InvalidValue
from basnet_rt.cli.stream.sources import Rows, RowSource
from basnet_rt.cli.stream.state import EventWriter, StreamProgress, save_progress
from basnet_rt.formats.bridges import SUGGESTED
from basnet_rt.results import Detections
from basnet_rt.stream.live_features import Missing
from basnet_rt.stream.localizer import StreamingLocalizer

if TYPE_CHECKING:
    from basnet_rt.cli.stream.view import LiveView

Answer = TypeVar("Answer")


class StreamSession:
    """Pushes the snippets of a run, one input after the other, and writes its events."""

    def __init__(
        self,
        localizer: StreamingLocalizer,
        events: EventWriter,
        view: LiveView | None,
        progress: StreamProgress,
        pending: bool,
        everything: bool = False,
    ) -> None:
        self.localizer, self.progress = localizer, progress
        self._events, self._view, self._pending = events, view, pending
        self._everything = everything
        self._state: Path | None = None
        self._save_every, self._saved_at = 1, progress.snippet
        self._last_pending: list[dict[str, Any]] = []

    def begin(self, resumed: bool) -> None:
        model, progress = self.localizer.model, self.progress
        if resumed:
            where = {"source": progress.source, "snippet": progress.snippet}
            self._write("resumed", sequence=progress.sequence, **where)
            return
        self._write(
            "start",
            model=model.name,
            mode=self.localizer.config.mode,
            simulated=model.simulated,
            classes=list(model.classes),
            snippet_seconds=model.metadata.snippet_seconds,
            **self._suggested(),
        )

    def _suggested(self) -> dict[str, Any]:
        """The lowest confidence of an event by class, in the form of result files."""
        found = self.localizer.pending()
        if found.suggested is None or found.classes is None:
            return {}
        return {SUGGESTED: dict(zip(found.classes, found.suggested.tolist(), strict=True))}

    def keep(self, path: Path, every: int) -> None:
        self._state, self._save_every = path, every

    def push(self, name: str, rows: Rows) -> None:
        try:
            found = self.localizer.push(rows)
        except InvalidValue as error:
            raise InvalidValue(f"{name}: {error}") from error
        self._tell(name, found)
        self.progress.snippet += len(rows)
        if self._pending:
            self._tell_pending(name)
        if self.progress.snippet - self._saved_at >= self._save_every:
            self.save()

    def gap(self, name: str, missing: Missing) -> None:
        """Take snippets that are missing from a camera."""
        seconds = self.localizer.model.metadata.snippet_seconds
        self._tell(name, self.localizer.gap(missing.snippets))
        self.progress.snippet = missing.first + missing.snippets
        where = {"start": missing.first * seconds, "end": self.progress.snippet * seconds}
        self._write("gap", video=name, **where, reason=missing.reason)

    def began(self, name: str, started: datetime | None) -> None:
        """Report the date and time of second 0 of a camera, once."""
        if started is None or self.progress.started is not None:
            return
        self.progress.started = started.isoformat()
        self._write("connected", video=name, started=self.progress.started)

    def finish(self, source: RowSource, *, last: bool) -> None:
        """End one input."""
        self._tell(source.name, self.localizer.finish(duration=source.duration))
        statistics = self.localizer.statistics
        self._write(
            "end",
            video=source.name,
            **({"offset": source.offset} if source.offset else {}),
            snippets=statistics.snippets_in,
            finals=statistics.finals_out,
            mean_latency=round(statistics.mean_latency, 3),
            max_latency=round(statistics.latency_max, 3),
            compute_seconds=round(statistics.compute_seconds, 3),
            **({} if source.problems is None else {"problems": dict(source.problems)}),
            **({"remarks": remarks} if (remarks := list(source.remarks)) else {}),
        )
        self.localizer.reset()
        self.progress.source, self.progress.snippet = self.progress.source + 1, 0
        self.progress.done, self.progress.started = last, None
        self.save()

    def save(self) -> None:
        """Flush the events first, then save the state that counts them."""
        self._saved_at = self.progress.snippet
        if self._state is None:
            return
        self.progress.written, self.progress.events = self._events.sync(), self._events.digest
        state = self.localizer.save()
        save_progress(self._state, self.progress, state, self.localizer.model.name)

    def _tell(self, name: str, finals: Detections) -> None:
        onsets = self.localizer.onsets()
        for onset in onsets:
            where = {"time": onset.time, "snippet": onset.decided}
            self._number(
                "onset", video=name, label=onset.name, **where, activation=onset.activation
            )
        chosen = self._chosen(finals)
        decided = [] if chosen.decided is None else chosen.decided.tolist()
        for record, snippet in zip(chosen.to_records(), decided, strict=True):
            self._number("final", video=name, **record, decided=snippet)
        if self._view is not None:
            self._view.show(name, chosen, self._chosen(self.localizer.pending()), onsets)

    def _chosen(self, found: Detections) -> Detections:
        """The events, as they became final.

        Detections of different pushes lie in different roots, so overlapping detections become
        final in one push. The events of all pushes are therefore the events of the stream.
        """
        if self._everything:
            return found
        events = found.events()
        if events.decided is None:
            return events
        return events[np.argsort(events.decided, kind="stable")]

    def _tell_pending(self, name: str) -> None:
        now = self._chosen(self.localizer.pending()).to_records()
        if now != self._last_pending:
            self._write("pending", video=name, detections=now)
            self._last_pending = now

    def _number(self, event: str, **fields: Any) -> None:
        self._write(event, sequence=self.progress.sequence, **fields)
        self.progress.sequence += 1

    def _write(self, event: str, **fields: Any) -> None:
        self._events.write({"event": event, **fields})


class Interrupts:
    """Lets Ctrl-C and SIGTERM interrupt only waiting for input, never computing or writing."""

    def __init__(self) -> None:
        self._waiting = self._asked = False

    @contextlib.contextmanager
    def caught(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield  # signals are the main thread's
            return
        kinds = (signal.SIGINT, signal.SIGTERM)
        before = [signal.signal(kind, self._handle) for kind in kinds]
        try:
            yield
        finally:
            for kind, handler in zip(kinds, before, strict=True):
                signal.signal(kind, handler)

    def wait(self, call: Callable[[], Answer]) -> Answer:
        """The result of `call`, which an interrupt may end."""
        self._waiting = True
        try:
            if self._asked:
                raise KeyboardInterrupt
            return call()
        finally:
            self._waiting = False

    def _handle(self, *_: object) -> None:
        self._asked = True
        if self._waiting:
            raise KeyboardInterrupt
