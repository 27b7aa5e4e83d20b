"""A bad client is told what was wrong, and nobody else notices."""

from __future__ import annotations

import asyncio
import socket

import grpc
import numpy as np
import pytest
from service_cases import (
    basnet_rt_client,
    check_finals,
    chunk_request,
    converse,
    end_request,
    features,
    gap_request,
    open_request,
    run,
    streamed,
)
from service_process import ANY_PORT

from patience import HANG

Client = basnet_rt_client.Client
messages = basnet_rt_client.messages
INVALID = grpc.StatusCode.INVALID_ARGUMENT
POISON = 1000.0  # fails the fake network


def bad_value(value: float, snippet: int = 2, channel: int = 5) -> np.ndarray:
    rows = features(4, seed=1)
    rows[snippet, channel] = value
    return rows


def raw_chunk(**encoding: bytes):
    chunk = messages.Features(first_snippet=0, rows=messages.Rows(**encoding))
    return messages.StreamRequest(features=chunk)


GOOD = chunk_request(0, features(4, seed=0))
# With a token the service waits for a last word, so it is still there to refuse another request.
KEPT, KEPT_TOO = open_request(token=b"a first token"), open_request(token=b"a second token")
FAULTS = {
    "nan": ([open_request(), GOOD, chunk_request(4, bad_value(np.nan))], "snippet 6, channel 5"),
    "infinite": ([open_request(), chunk_request(0, bad_value(np.inf))], "snippet 2, channel 5"),
    "infinite in float16": (
        [open_request(), chunk_request(0, bad_value(np.inf).astype(np.float16))],
        "snippet 2, channel 5",
    ),
    "wrong dimension": (
        [open_request(), chunk_request(0, np.zeros((3, 9), np.float32))],
        "rows have 9 channels; the model takes 8",
    ),
    "twice the dimension": (
        [open_request(), chunk_request(0, np.zeros((3, 16), np.float32))],
        "rows have 16 channels; the model takes 8",
    ),
    "wrong bytes": ([open_request(), raw_chunk(float32=bytes(108))], "108 bytes; a snippet has 8"),
    "odd bytes": ([open_request(), raw_chunk(float16=b"123")], "3 bytes"),
    "time goes back": (
        [open_request(), GOOD, chunk_request(2, features(2, seed=0))],
        "first_snippet is 2; the next snippet is 4: time cannot go back",
    ),
    "a hole": (
        [open_request(), GOOD, chunk_request(9, features(2, seed=0))],
        "first_snippet is 9; the next snippet is 4: declare what is missing as a gap",
    ),
    "a gap that goes back": ([open_request(), GOOD, gap_request(1, 2)], "time cannot go back"),
    "an empty gap": ([open_request(), gap_request(0, 0)], "gap.snippets is 0"),
    "an endless gap": ([open_request(), gap_request(0, 2**62)], "gap.snippets is"),
    "no open": ([GOOD], "the first request must be an open"),
    "two opens": ([open_request(), open_request()], "open must be the first request"),
    "a short token": ([open_request(token=b"short")], "token has 5 bytes; it must have 8 to 64"),
    "a negative index": ([open_request(durable=-1)], "durable and pending_every"),
    "features after the end": ([KEPT, GOOD, end_request(), GOOD], "after the end"),
    "two ends": ([KEPT_TOO, GOOD, end_request(), end_request()], "after the end"),
    "no end": ([open_request(), GOOD], "the requests stopped without an end"),
    "nothing at all": ([], "the first request must be an open"),
    "a duration that is no time": ([open_request(), end_request(-1.0)], "end.duration is -1"),
    "a duration too short": (
        [open_request(), GOOD, end_request(0.5)],
        "duration is 0.5; the last snippet's centre is at",
    ),
    "an event that never was": (
        [open_request(), messages.StreamRequest(received=99)],
        "received is 99; the last event was 0",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_named_and_a_neighbour_gets_everything(service, name):
    requests, message = FAULTS[name]
    rows = features(60, seed=9)

    async def work():
        async with Client(service.target) as client, Client(service.target) as other:
            neighbour = asyncio.create_task(streamed(other, rows, pause=0.005))
            _, code, details = await converse(client, *requests)
            return code, details, await neighbour

    code, details, events = run(work())
    assert code == INVALID, details
    assert message in details
    assert not details.startswith("stream ")  # whose number nobody else knows
    check_finals(events, rows)


def test_a_stream_of_no_snippets_finishes_with_nothing(service):
    async def work():
        async with Client(service.target) as client:
            return await converse(client, open_request(), end_request())

    events, code, _ = run(work())
    assert code == grpc.StatusCode.OK
    assert events[-1].finished.snippets == 0


def test_a_network_that_fails_on_one_stream_fails_that_stream(service):
    rows = features(60, seed=2)
    poison = features(4, seed=3)
    poison[1, 0] = POISON

    async def work():
        async with Client(service.target) as client, Client(service.target) as other:
            neighbour = asyncio.create_task(streamed(other, rows, chunk=1, pause=0.002))
            _, code, details = await converse(
                client, open_request(), chunk_request(0, poison), end_request()
            )
            return code, details, await neighbour

    code, details, events = run(work())
    assert (code, "failed on purpose" in details) == (grpc.StatusCode.INTERNAL, True)
    check_finals(events, rows)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (bad_value(np.nan), "snippet 2, channel 5 is nan"),
        (np.zeros((0, 8), np.float32), "no snippets"),
        (np.zeros((3, 7), np.float32), "rows have 7 channels; the model takes 8"),
    ],
    ids=["nan", "empty", "wrong dimension"],
)
def test_a_bad_video_is_refused_by_name(service, rows, message):
    async def work():
        async with Client(service.target) as client:
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await client.localize_video(rows, timeout=HANG)
            return caught.value

    error = run(work())
    assert error.code() == INVALID
    assert message in error.details()


def test_garbage_bytes_to_the_port_harm_nobody(service):
    rows = features(60, seed=8)
    rng = np.random.default_rng(0)
    garbage = [
        rng.bytes(2000),
        b"GET / HTTP/1.1\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + rng.bytes(500),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\xff\xff\x00" * 50,
        b"",
    ]

    async def work():
        async with Client(service.target) as client:
            neighbour = asyncio.create_task(streamed(client, rows, chunk=1, pause=0.002))
            for junk in garbage * 5:
                with socket.create_connection(("127.0.0.1", service.port)) as raw:
                    raw.sendall(junk)
                await asyncio.sleep(0.002)
            return await neighbour

    check_finals(run(work()), rows)


def test_bytes_that_are_no_message_are_refused(service):
    rng = np.random.default_rng(1)

    async def work():
        async with Client(service.target) as client:
            codes = set()
            for _ in range(30):
                method = "/basnet_rt.v1.Localization/Localize"
                call = client.channel.stream_stream(method)(timeout=HANG)
                try:
                    await call.write(rng.bytes(200))
                    await call.done_writing()
                except grpc.aio.AioRpcError:
                    pass
                codes.add(await call.code())
            return codes, await streamed(client, features(30, seed=1))

    codes, events = run(work())
    assert grpc.StatusCode.OK not in codes
    check_finals(events, features(30, seed=1))


def test_clients_killed_in_the_middle_leave_nothing_behind(start):
    service = start(max_streams_per_client=100, metrics=ANY_PORT)
    rows = features(80, seed=7)

    async def killed(seed: int) -> None:
        async with Client(service.target) as client, client.stream() as stream:
            await stream.push(features(20 + seed, seed))
            while stream.processed < 20 + seed:
                await asyncio.sleep(0.01)

    async def work():
        async with Client(service.target) as client:
            neighbour = asyncio.create_task(streamed(client, rows, chunk=1, pause=0.005))
            await asyncio.gather(*(killed(seed) for seed in range(20)))
            events = await neighbour
            while service.metrics()["basnet_rt_streams_open"] > 0:
                await asyncio.sleep(0.05)
            return events

    check_finals(run(work()), rows)
    samples = service.metrics().items()
    # Some are heard of as a stream of requests that stops without an end.
    assert sum(count for name, count in samples if name.startswith("basnet_rt_errors")) == 20
