"""Messages of the service, compiled from proto/localization.proto on import, and its calls."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import numpy as np

_PROTO = Path(__file__).resolve().parents[1] / "proto"
sys.path.insert(0, str(_PROTO))  # where grpc looks for it
messages, _services = grpc.protos_and_services("localization.proto")
sys.path.remove(str(_PROTO))

stub = _services.LocalizationStub  # the service's calls on a channel of grpc or grpc.aio

BROKEN_WRITE = "Internal error from Core"  # of grpc.aio, if a call ended during a write
_PATIENCE = 1.0  # seconds until the service's status of such a call arrives


def packed(rows: np.ndarray) -> Any:
    """(N, F) floats as a message; float16 stays float16. ValueError: it is something else."""
    rows = floats(rows)
    name, kind = ("float16", "<f2") if rows.dtype == np.float16 else ("float32", "<f4")
    return messages.Rows(channels=rows.shape[1], **{name: rows.astype(kind).tobytes()})


def floats(rows: np.ndarray) -> np.ndarray:
    """`rows` as an array; ValueError: it is not (N, F) floats."""
    rows = np.asarray(rows)
    if rows.ndim != 2 or not rows.shape[1] or rows.dtype.kind != "f":
        raise ValueError(f"expected (snippets, channels) of floats, got {rows.shape} {rows.dtype}")
    return rows


@dataclass(frozen=True)
class Part:
    """Snippets, or a gap, that may have to be sent again."""

    first: int
    rows: np.ndarray | None
    missing: int = 0

    @property
    def end(self) -> int:
        return self.first + (self.missing if self.rows is None else len(self.rows))

    def request(self, received: int, begin: int) -> Any:
        """The request with snippets from `begin`, because the service has earlier ones already."""
        if self.rows is None:
            gap = messages.Gap(first_snippet=begin, snippets=self.end - begin)
            return messages.StreamRequest(gap=gap, received=received)
        rows = packed(self.rows[begin - self.first :])
        features = messages.Features(first_snippet=begin, rows=rows)
        return messages.StreamRequest(features=features, received=received)


async def written(call: Any, request: Any) -> bool:
    """Whether the request could be written; if not, reading to the end gives the reason.

    Read with `async for`: after a failed write, `read` only repeats grpc.aio's own error.
    """
    try:
        await call.write(request)
    except (grpc.aio.AioRpcError, asyncio.InvalidStateError):
        return False
    return True


class Status:
    """How the service ended a call. grpc.aio may put its own error of a failed write before it, or
    in its place: the first is waited out, and for the second it is kept as soon as it comes."""

    def __init__(self, call: Any) -> None:
        self._call = call
        self._first: tuple[Any, Any] | None = None
        call.add_done_callback(self._keep)

    async def error(self) -> grpc.aio.AioRpcError:
        loop = asyncio.get_running_loop()
        give_up = loop.time() + _PATIENCE
        code, details = await self._now()
        while details == BROKEN_WRITE and loop.time() < give_up:
            await asyncio.sleep(0.01)
            code, details = await self._now()
        return grpc.aio.AioRpcError(
            code,
            await self._call.initial_metadata(),
            await self._call.trailing_metadata(),
            details=details or "the service ended the stream before its end",
        )

    async def _now(self) -> tuple[Any, Any]:
        if self._first is not None and self._first[1] != BROKEN_WRITE:
            return self._first
        return await self._call.code(), await self._call.details()

    def _keep(self, call: Any) -> None:
        self._first = _at_once(call.code()), _at_once(call.details())


def _at_once(answer: Coroutine[Any, Any, Any]) -> Any:
    """The result of a coroutine that has nothing to wait for."""
    try:
        answer.send(None)
    except StopIteration as done:
        return done.value
    answer.close()
    return None
