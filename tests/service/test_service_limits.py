"""Limits hold for the client that reaches them, and for no other."""

from __future__ import annotations

import asyncio
import contextlib
import time

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
    open_request,
    quiet,
    run,
    streamed,
)
from service_process import ANY_PORT

from patience import HANG

Client = basnet_rt_client.Client
ANY_TIME = "no open within 0.500000 seconds"
EXHAUSTED = grpc.StatusCode.RESOURCE_EXHAUSTED


def test_a_client_may_have_only_so_many_streams(start):
    service = start(max_streams_per_client=3, metrics=ANY_PORT)

    async def work():
        async with Client(service.target) as client:
            streams = [client.stream() for _ in range(3)]
            for stream in streams:
                await stream.__aenter__()
                await stream.push(features(5, seed=0))
                while stream.processed < 5:
                    await asyncio.sleep(0.01)
            refused = await converse(client, open_request())
            await streams[0].__aexit__(None, None, None)
            while service.metrics()["basnet_rt_streams_open"] > 2:
                await asyncio.sleep(0.02)
            allowed = await streamed(client, features(10, seed=1))
            for stream in streams[1:]:
                await stream.__aexit__(None, None, None)
            return refused, allowed

    (_, code, details), events = run(work())
    assert (code, "3 streams open" in details) == (EXHAUSTED, True)
    assert events[-1].HasField("finished")


def test_the_service_may_have_only_so_many_streams(start):
    service = start(max_streams=1)

    async def work():
        async with Client(service.target) as client, client.stream() as stream:
            await stream.push(quiet(3))
            while stream.processed < 3:
                await asyncio.sleep(0.01)
            return await converse(client, open_request())

    _, code, details = run(work())
    assert (code, "the service has 1 streams open" in details) == (EXHAUSTED, True)


def test_snippets_per_second_slow_a_client_down_and_lose_nothing(start):
    service = start(max_snippets_per_second=100)
    rows = features(200, seed=3)

    async def work():
        async with Client(service.target) as client:
            begin = time.monotonic()
            events = await streamed(client, rows, chunk=5)
            return events, time.monotonic() - begin

    events, seconds = run(work())
    check_finals(events, rows)
    assert seconds > 0.8  # the first hundred are free, the second take a second


def test_a_message_over_the_limit_is_refused_with_both_sizes(start):
    service = start(max_message_bytes=10000)
    rows = features(60, seed=4)

    async def work():
        async with Client(service.target) as client:
            neighbour = asyncio.create_task(streamed(client, rows, pause=0.01))
            large = chunk_request(0, quiet(400))
            stream = await converse(client, open_request(), large, end_request())
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await client.localize_video(quiet(400), timeout=HANG)
            return stream, caught.value, await neighbour

    (_, code, details), error, events = run(work())
    assert (code, error.code()) == (EXHAUSTED, EXHAUSTED)
    assert "10000" in details
    assert "10000" in error.details()
    check_finals(events, rows)


def test_a_slow_reader_is_held_back_alone_and_loses_nothing(start):
    """Its events fill what TCP and the service hold for it; then it is read no further."""
    service = start(max_unsent=20, max_queue=8, metrics=ANY_PORT)
    noise = np.random.default_rng(0).random((3000, 8), dtype=np.float32)
    rows = features(100, seed=5)

    async def work():
        options = (("grpc.http2.lookahead_bytes", 1024), ("grpc.http2.bdp_probe", 0))
        async with Client(service.target, options=options) as slow, Client(service.target) as fast:
            call = slow.stub.Localize(timeout=HANG)
            await call.write(open_request())
            sent = asyncio.create_task(write_all(call, noise))
            quick = await streamed(fast, rows, chunk=1)
            await asyncio.sleep(0.5)
            taken = service.metrics()["basnet_rt_snippets_total"] - len(rows)
            events = []
            while (event := await call.read()) is not grpc.aio.EOF:
                events.append(event)
            await sent
            return quick, taken, events

    quick, taken, events = run(work())
    check_finals(quick, rows)
    assert taken < len(noise) / 2
    check_finals(events, noise)


async def write_all(call, rows) -> None:
    for begin in range(0, len(rows), 8):
        await call.write(chunk_request(begin, rows[begin : begin + 8]))
    await call.write(end_request())
    await call.done_writing()


def test_a_reader_that_stops_is_cut_off_in_time(start):
    service = start(max_unsent=20, slow_reader_timeout=0.5, metrics=ANY_PORT)
    noise = np.random.default_rng(0).random((3000, 8), dtype=np.float32)

    async def work():
        options = (("grpc.http2.lookahead_bytes", 1024), ("grpc.http2.bdp_probe", 0))
        async with Client(service.target, options=options) as slow:
            call = slow.stub.Localize(timeout=HANG)
            await call.write(open_request())
            sent = asyncio.create_task(write_all(call, noise))
            while service.metrics().get('basnet_rt_errors_total{kind="slow_reader"}', 0) == 0:
                await asyncio.sleep(0.05)
            sent.cancel()
            with contextlib.suppress(grpc.aio.AioRpcError):
                while await call.read() is not grpc.aio.EOF:
                    pass
            return await call.code()

    assert run(work()) in {grpc.StatusCode.CANCELLED, EXHAUSTED}


def test_a_stream_without_requests_is_ended(start):
    service = start(idle_timeout=0.3)

    async def work():
        async with Client(service.target) as client, client.stream() as stream:
            await stream.push(quiet(3))
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                async for _ in stream.events():
                    pass
            return caught.value

    error = run(work())
    assert error.code() == grpc.StatusCode.DEADLINE_EXCEEDED
    assert "no request for 0.3" in error.details()


def test_a_call_that_says_nothing_counts_and_is_ended(start):
    """Once such calls were held for five minutes each, and by no limit."""
    service = start(max_streams_per_client=2, open_timeout=0.5)

    async def work():
        async with Client(service.target) as client:
            silent = [client.stub.Localize(timeout=HANG) for _ in range(2)]
            for call in silent:
                await call.wait_for_connection()
            while True:  # until both have arrived
                _, code, details = await converse(client, open_request())
                if code == EXHAUSTED:
                    break
            ended = [(await call.code(), await call.details()) for call in silent]
            return details, ended, await streamed(client, features(20, seed=1))

    details, ended, events = run(work())
    assert "2 streams open" in details
    assert ended == [(grpc.StatusCode.DEADLINE_EXCEEDED, ANY_TIME)] * 2
    check_finals(events, features(20, seed=1))


async def end_of(call) -> grpc.StatusCode:
    """The status comes behind all events."""
    with contextlib.suppress(grpc.aio.AioRpcError):
        while await call.read() is not grpc.aio.EOF:
            pass
    return await call.code()


async def held(client: Client, token: bytes):
    """A resumable stream whose client says nothing more, as one whose network is gone."""
    call = client.stub.Localize(timeout=HANG)
    await call.write(open_request(token=token))
    assert (await call.read()).HasField("opened")
    return call


@pytest.mark.parametrize("limit", ["max_streams", "max_streams_per_client"])
def test_a_stream_that_connects_again_needs_no_second_place(start, limit):
    """Once its dead connection counted until the service noticed, and the new one was refused."""
    service = start(**{limit: 2})
    tokens = [b"the first stream", b"the second stream"]

    async def work():
        async with Client(service.target) as client:
            old = [await held(client, token) for token in tokens]
            new = await asyncio.gather(*(held(client, token) for token in tokens))
            ended = [await end_of(call) for call in old]
            _, code, _ = await converse(client, open_request())
            for call in new:
                call.cancel()
            return ended, code

    assert run(work()) == ([grpc.StatusCode.ABORTED] * 2, EXHAUSTED)


def test_calls_that_wait_for_a_place_are_bounded_and_are_ended(start):
    service = start(max_streams_per_client=2, open_timeout=0.5)

    async def work():
        async with Client(service.target) as client:
            silent = [client.stub.Localize(timeout=HANG) for _ in range(10)]
            return [(await call.code(), await call.details()) for call in silent]

    ended = run(work())
    assert ended.count((grpc.StatusCode.DEADLINE_EXCEEDED, ANY_TIME)) == 4
    assert sum(code == EXHAUSTED and "2 streams open" in why for code, why in ended) == 6


def test_a_client_that_is_slowed_down_is_not_idle(start):
    """Once it was ended while the service itself let its requests wait."""
    service = start(max_snippets_per_second=50, idle_timeout=0.3)
    rows = features(150, seed=6)

    async def work():
        async with Client(service.target) as client:
            return await streamed(client, rows, chunk=50)

    check_finals(run(work()), rows)


def test_empty_features_leave_nothing_behind(start):
    """Once each was remembered until the next batch."""
    service = start(metrics=ANY_PORT)
    requests = [open_request(), *[chunk_request(0, quiet(0))] * 50, chunk_request(0, quiet(3))]

    async def work():
        async with Client(service.target) as client:
            return await converse(client, *requests, end_request())

    events, code, details = run(work())
    assert code == grpc.StatusCode.OK, details
    assert [e.finished.snippets for e in events if e.HasField("finished")] == [3]
    assert service.metrics()["basnet_rt_push_to_processed_seconds_count"] == 1


def test_compressed_messages_are_refused(start):
    """A message of a few kilobytes inflates to gigabytes before its size is compared."""
    service = start()
    with grpc.insecure_channel(service.target, compression=grpc.Compression.Gzip) as channel:
        call = basnet_rt_client.stub(channel).Localize(
            iter([open_request(), chunk_request(0, quiet(200))]), timeout=HANG
        )
        with pytest.raises(grpc.RpcError) as caught:
            list(call)
    assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED
