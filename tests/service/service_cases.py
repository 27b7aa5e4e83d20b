"""Features, what the fake network makes of them, and what must be found in that."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Awaitable
from typing import Any, TypeVar

import grpc
import numpy as np
from service_process import REPOSITORY

import basnet_rt
from patience import HANG

sys.path.insert(0, str(REPOSITORY / "service/client"))

import basnet_rt_client

F, C = 8, 3
SNIPPET = 0.64  # seconds
CLASSES = ["Jump", "Run", "Swim"]
CONFIG = basnet_rt.PostprocessConfig.continuous(
    normalisation="fixed",
    gate="none",
    cas_thresholds=(0.2, 0.4, 0.6),
    max_duration=20.0,
    merge_gap=0.7,
)

Answer = TypeVar("Answer")
Row = tuple[int, float, float, float]  # label, start, end, score


def run(work: Awaitable[Answer], seconds: float = HANG) -> Answer:
    """A test's own event loop; nothing hangs for longer."""

    async def bounded() -> Answer:
        return await asyncio.wait_for(work, seconds)

    return asyncio.run(bounded())


def features(num_snippets: int, seed: int) -> np.ndarray:
    """(N, F) float32, a walk within [0, 1] so that roots open and close."""
    steps = np.random.default_rng(seed).normal(0, 0.25, (num_snippets, F))
    return np.ascontiguousarray(np.abs(np.mod(np.cumsum(steps, 0), 2) - 1), np.float32)


def quiet(num_snippets: int) -> np.ndarray:
    """Features in which nothing is ever found."""
    return np.zeros((num_snippets, F), np.float32)


def activations(rows: np.ndarray) -> np.ndarray:
    """What the fake network says: the mean of a snippet and the next."""
    after = np.concatenate([rows[1:], rows[-1:]])[:, :C]
    half = np.float32(0.5)
    return np.ascontiguousarray(rows[:, :C] * half + after * half)


def localized(rows: np.ndarray) -> list[Row]:
    """The whole video's detections, every bit of them, by falling score."""
    found = basnet_rt.postprocess(activations(rows), None, CONFIG, snippet_seconds=SNIPPET)
    columns = (found.labels.tolist(), found.segments.tolist(), found.scores.tolist())
    return [(label, start, end, score) for label, (start, end), score in zip(*columns, strict=True)]


def row_of(detection: Any) -> Row:
    return (detection.label, detection.start, detection.end, detection.score)


def finals(events: list[Any]) -> list[Row]:
    return [row_of(e.final.detection) for e in events if e.WhichOneof("event") == "final"]


def check_finals(events: list[Any], rows: np.ndarray) -> None:
    """The finals are the whole video's detections, each once; a failure shows but a few."""
    found, expected = sorted(finals(events)), sorted(localized(rows))
    doubled = len(found) - len(set(found))
    lost, foreign = set(expected) - set(found), set(found) - set(expected)
    what = f"{len(lost)} lost, {doubled} doubled, {len(foreign)} foreign, of {len(expected)}"
    assert found == expected, what


def check_exactly_once(events: list[Any], rows: np.ndarray) -> None:
    """Numbered without a gap, and the finals as of `check_finals`."""
    numbers = [event.sequence for event in events if event.sequence]
    assert numbers == list(range(1, len(numbers) + 1))
    check_finals(events, rows)


def kinds(events: list[Any]) -> set[str]:
    return {e.WhichOneof("event") for e in events}


async def feed(
    stream: basnet_rt_client.Stream, rows: np.ndarray, chunk: int = 7, pause: float = 0.0
) -> None:
    for begin in range(0, len(rows), chunk):
        await stream.push(rows[begin : begin + chunk])
        await asyncio.sleep(pause)
    await stream.end()


async def streamed(client: basnet_rt_client.Client, rows: np.ndarray, **options: Any) -> list[Any]:
    """Every event of a stream of these features."""
    how = {name: options.pop(name) for name in ("chunk", "pause") if name in options}
    async with client.stream(**options) as stream:
        sender = asyncio.create_task(feed(stream, rows, **how))
        try:
            return [event async for event in stream.events()]
        finally:
            sender.cancel()


async def converse(client: basnet_rt_client.Client, *requests: Any) -> tuple[list[Any], Any, str]:
    """Sends exactly these requests; the events that came, the status code and its text."""
    call = client.stub.Localize(timeout=HANG)
    status = basnet_rt_client.Status(call)
    sender = asyncio.create_task(_send(call, requests))
    events = []
    with contextlib.suppress(grpc.aio.AioRpcError):
        async for event in call:
            events.append(event)
    await sender
    error = await status.error()
    return events, error.code(), error.details()


async def _send(call: Any, requests: tuple[Any, ...]) -> None:
    for request in requests:
        if not await basnet_rt_client.written(call, request):
            return
    await call.done_writing()


def open_request(**fields: Any) -> Any:
    received = fields.pop("received", 0)
    opening = basnet_rt_client.messages.Open(**fields)
    return basnet_rt_client.messages.StreamRequest(open=opening, received=received)


def chunk_request(first: int, rows: np.ndarray) -> Any:
    packed = basnet_rt_client.packed(rows)
    chunk = basnet_rt_client.messages.Features(first_snippet=first, rows=packed)
    return basnet_rt_client.messages.StreamRequest(features=chunk)


def gap_request(first: int, snippets: int) -> Any:
    gap = basnet_rt_client.messages.Gap(first_snippet=first, snippets=snippets)
    return basnet_rt_client.messages.StreamRequest(gap=gap)


def end_request(duration: float | None = None) -> Any:
    end = basnet_rt_client.messages.End(duration=duration)
    return basnet_rt_client.messages.StreamRequest(end=end)
