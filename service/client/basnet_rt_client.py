"""Client of the service: whole videos, and live streams that survive lost connections and replicas.

Needs grpcio, grpcio-tools, and basnet_rt_wire.py beside this file.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import operator
import random
import secrets
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import grpc
import numpy as np

if __package__:  # part of a package
    from .basnet_rt_wire import BROKEN_WRITE, Part, Status, floats, messages, packed, stub, written
else:
    from basnet_rt_wire import BROKEN_WRITE, Part, Status, floats, messages, packed, stub, written

# Errors after which another try may succeed: the service restarts, or the connection broke.
RETRIED = frozenset(
    {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED, grpc.StatusCode.UNKNOWN}
)

_UNEXPLAINED = 5  # errors without a reason, one after the other, that are tried again
_LONGEST = 2**60  # snippets of a stream
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 2.0  # seconds between two tries
_GOODBYE = 5.0  # seconds that leaving a finished stream may take
_CHANNEL_ARGUMENTS = (
    ("grpc.max_receive_message_length", -1),  # a video may have many detections
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 2000),  # also the longest time to connect
    ("grpc.max_reconnect_backoff_ms", 2000),
)


def new_token() -> bytes:
    """A name for a stream that nobody can guess."""
    return secrets.token_bytes(16)


class Client:
    """A connection to the service, or to several replicas of it.

    Streams are distributed to the replicas. A call that a replica cannot accept or finish continues
    at the next one.

    Args:
        target: host:port, or one for each replica.
        credentials: of `grpc.ssl_channel_credentials`; None: no TLS.
        keepalive_seconds: after so long without data from a replica, a ping is sent; without an
            answer in half that time the replica is given up.
        options: further channel arguments.
    """

    def __init__(
        self,
        target: str | Sequence[str],
        *,
        credentials: grpc.ChannelCredentials | None = None,
        keepalive_seconds: float = 10.0,
        options: tuple[tuple[str, Any], ...] = (),
    ) -> None:
        self.targets = (target,) if isinstance(target, str) else tuple(target)
        if not self.targets:
            raise ValueError("target is empty; it must name one host:port or more")
        self._credentials = credentials
        keepalive = int(keepalive_seconds * 1000)
        self._arguments = [
            *_CHANNEL_ARGUMENTS,
            ("grpc.keepalive_time_ms", keepalive),
            ("grpc.keepalive_timeout_ms", keepalive // 2),
            ("grpc.http2.ping_timeout_ms", keepalive // 2),  # of newer versions; else a minute
            ("grpc.http2.max_pings_without_data", 0),
            *options,
        ]
        self._channels = [self._connect(target) for target in self.targets]
        self._stubs = [stub(channel) for channel in self._channels]
        self.channel, self.stub = self._channels[0], self._stubs[0]
        self.turns = itertools.count()  # the replica of the next call; see `stub_at`

    def _connect(self, target: str) -> Any:
        if self._credentials is None:
            return grpc.aio.insecure_channel(target, options=self._arguments)
        return grpc.aio.secure_channel(target, self._credentials, options=self._arguments)

    def stub_at(self, turn: int) -> Any:
        """The calls of one replica; the next turn has the next replica."""
        return self._stubs[turn % len(self._stubs)]

    async def _at_any(self, call: Callable[[Any], Awaitable[Any]]) -> Any:
        """The answer of the first available replica; if there is none, the last one's error."""
        first = next(self.turns)
        for turn in range(first, first + len(self.targets) - 1):
            try:
                return await call(self.stub_at(turn))
            except grpc.aio.AioRpcError as error:
                if error.code() != grpc.StatusCode.UNAVAILABLE:
                    raise
        return await call(self.stub_at(first + len(self.targets) - 1))

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(self, *_: object) -> None:
        for channel in self._channels:
            await channel.close()

    async def describe(self, *, timeout: float = 10.0) -> Any:
        """The service's `Description`: classes, feature dimension, limits."""
        request = messages.DescribeRequest()
        return await self._at_any(lambda at: at.Describe(request, timeout=timeout))

    async def localize_video(
        self, features: np.ndarray, *, duration: float | None = None, timeout: float | None = None
    ) -> list[Any]:
        """The `Detection`s of a whole video, (T, F), by falling score."""
        video = messages.Video(rows=packed(features), duration=duration)
        found = await self._at_any(lambda at: at.LocalizeVideo(video, timeout=timeout))
        return list(found.detections)

    def stream(self, **options: Any) -> Stream:
        """A live stream; see `Stream`. Use it in an `async with` block."""
        return Stream(self, **options)


class Stream:
    """One live stream.

    With a token, the stream survives a lost connection: this object connects again (to the next
    replica, if there are several), sends the snippets that the service does not have, and drops
    repeated events. `events` then gives each event exactly once. Without a token, a lost connection
    ends the stream with the service's error.

    Args:
        token: from `new_token`; b"": not resumable.
        pending_every: request pending detections after so many snippets; 0: never.
        max_buffer: snippets kept for sending again; when it is full, `push` waits for the service.
        retry_seconds: how long to try to connect again.
        take_back: how often to take the stream back from another connection: a stopped replica that
            wakes up may continue a stream that this object has given up. None: twice with several
            replicas, else never.
        timeout: deadline of each connection, in seconds; None: none.
    """

    def __init__(
        self,
        client: Client,
        *,
        token: bytes = b"",
        pending_every: int = 0,
        max_buffer: int = 4096,
        retry_seconds: float = 30.0,
        take_back: int | None = None,
        timeout: float | None = None,
    ) -> None:
        self._client = client
        self._token = token
        self._pending_every = pending_every
        self._max_buffer = max_buffer
        self._retry_seconds = retry_seconds
        default = 2 if len(client.targets) > 1 else 0
        self._take_back = default if take_back is None else take_back
        self._turn = next(client.turns)
        self._timeout = timeout
        self._parts: deque[Part] = deque()  # not durable yet; if not resumable: not processed yet
        self._next = 0  # index of the next snippet
        self._end: Any = None
        self._in_order = asyncio.Lock()  # what waits for room goes in as it was called
        self._changed = asyncio.Condition()
        self._events: asyncio.Queue[Any] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self._broken: Exception | None = None
        self._finished = False
        self._unexplained: deque[tuple[int, int]] = deque(maxlen=_UNEXPLAINED)
        self.processed = self.durable = self.connections = 0
        self.received = 0  # highest sequence

    async def __aenter__(self) -> Stream:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        assert self._task is not None
        if self._finished and kind is None:  # if cancelled now, the service would keep the stream
            await asyncio.wait({self._task}, timeout=_GOODBYE)
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    async def push(self, rows: np.ndarray) -> None:
        """Send the next (N, F) snippets, of floats. Waits if the service is behind.

        Raises:
            ValueError: `rows` is something else, or the stream has ended.
        """
        await self._add("push", floats(rows).copy())

    async def gap(self, snippets: int) -> None:
        """Declare so many snippets missing; ValueError: fewer than 1, or the stream has ended."""
        try:
            count = operator.index(snippets)
        except TypeError:
            count = 0
        if not 1 <= count <= _LONGEST:
            raise ValueError(f"snippets is {snippets}; it must be a whole number from 1 to 2**60")
        await self._add("gap", None, count)

    async def end(self, *, duration: float | None = None) -> None:
        """End the input, behind what was pushed before; `events` ends after `finished`."""
        end = messages.End(duration=duration)
        async with self._in_order, self._changed:
            self._check_not_ended("end")
            self._end = end
            self._changed.notify_all()

    async def events(self) -> AsyncIterator[Any]:
        """Every `StreamEvent` except `opened`, until `finished`.

        Raises:
            grpc.aio.AioRpcError: the service refused, or could not be reached in time.
        """
        while True:
            event = await self._events.get()
            if isinstance(event, Exception):
                raise event
            yield event
            if event.WhichOneof("event") == "finished":
                return

    async def _add(self, what: str, rows: np.ndarray | None, missing: int = 0) -> None:
        async with self._in_order, self._changed:
            await self._changed.wait_for(lambda: self._broken or self._has_room())
            if self._broken:
                raise self._broken
            self._check_not_ended(what)
            self._parts.append(Part(self._next, rows, missing))
            self._next = self._parts[-1].end
            self._changed.notify_all()

    def _check_not_ended(self, what: str) -> None:
        if self._end is not None:
            raise ValueError(f"{what} after end(): this stream has ended; open another one")

    def _has_room(self) -> bool:
        return sum(len(p.rows) for p in self._parts if p.rows is not None) <= self._max_buffer

    async def _run(self) -> None:
        """Connections, one after the other, until the stream is finished."""
        try:
            while not await self._connected_once():
                pass
        except Exception as error:  # noqa: BLE001 - it is raised where events are read
            if self._finished:  # everything has arrived; the kept stream will expire
                return
            async with self._changed:
                self._broken = error
                self._changed.notify_all()
            self._events.put_nowait(error)

    async def _connected_once(self) -> bool:
        """Run one connection; returns whether the stream is finished, else try again."""
        give_up = asyncio.get_running_loop().time() + self._retry_seconds
        pause = _FIRST_PAUSE
        while True:
            heard = self.connections
            try:
                return await self._converse()
            except grpc.aio.AioRpcError as error:
                if not self._token or not self._can_go_on(error):
                    raise
                late = asyncio.get_running_loop().time() > give_up
                if late and heard == self.connections:
                    raise
            self._turn += 1
            # A random pause, so that clients that lose a replica do not reconnect all at once.
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))
            if heard != self.connections:
                return False
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _can_go_on(self, error: grpc.aio.AioRpcError) -> bool:
        if error.code() == grpc.StatusCode.ABORTED and self._take_back > 0:
            self._take_back -= 1
            return True
        if error.code() != grpc.StatusCode.UNKNOWN and error.details() != BROKEN_WRITE:
            return error.code() in RETRIED
        # At the same place again and again, it is a refusal whose reason was lost.
        self._unexplained.append((self.durable, self.received))
        return len(set(self._unexplained)) > 1 or len(self._unexplained) < _UNEXPLAINED

    async def _converse(self) -> bool:
        call = self._client.stub_at(self._turn).Localize(timeout=self._timeout)
        status = Status(call)
        hello = messages.Open(
            token=self._token, durable=self.durable, pending_every=self._pending_every
        )
        sender: asyncio.Task[None] | None = None
        try:
            await written(call, messages.StreamRequest(open=hello, received=self.received))
            async for event in call:
                if event.WhichOneof("event") == "opened":
                    self.connections += 1
                    if not self._finished:
                        sender = asyncio.create_task(self._send(call, event.opened.next_snippet))
                elif await self._heard(event):
                    self._finished = True
                    await self._goodbye(call, sender)
                    return True
            if self._finished:  # a second goodbye: `received` of the open said it all
                return True
            raise await status.error()
        except grpc.aio.AioRpcError as error:
            if error.details() == BROKEN_WRITE:
                raise await status.error() from error
            raise
        finally:
            if sender is not None:
                sender.cancel()
            call.cancel()

    async def _heard(self, event: Any) -> bool:
        """Keep an event; returns whether it was the last."""
        kind = event.WhichOneof("event")
        if kind == "progress":
            await self._progress(event.progress)
        if event.sequence:
            if event.sequence <= self.received:
                return False
            self.received = event.sequence
        self._events.put_nowait(event)
        return bool(kind == "finished" and not event.finished.cut)

    async def _progress(self, progress: Any) -> None:
        async with self._changed:
            self.processed = max(self.processed, progress.processed)
            self.durable = max(self.durable, progress.durable)
            sure = self.durable if self._token else self.processed
            while self._parts and self._parts[0].end <= sure:
                self._parts.popleft()
            self._changed.notify_all()

    async def _send(self, call: Any, cursor: int) -> None:
        """Everything from snippet `cursor` on, as it comes, then the end."""
        while True:
            async with self._changed:
                # Bound now: `cursor` moves on.
                waits = lambda at=cursor: self._after(at) is not None or self._end is not None  # noqa: E731
                await self._changed.wait_for(waits)
                part = self._after(cursor)
            if part is None:
                await written(call, messages.StreamRequest(end=self._end, received=self.received))
                return
            if not await written(call, part.request(self.received, cursor)):
                return
            cursor = part.end

    def _after(self, cursor: int) -> Part | None:
        """The first part that is not behind snippet `cursor`."""
        return next((part for part in self._parts if part.end > cursor), None)

    async def _goodbye(self, call: Any, sender: asyncio.Task[None] | None) -> None:
        """Says that everything came, so that the service can forget the stream."""
        if self._token and sender is not None:
            await sender
            await written(call, messages.StreamRequest(received=self.received))
        await call.done_writing()
        async for _ in call:
            pass
