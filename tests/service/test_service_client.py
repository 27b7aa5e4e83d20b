"""The Python client loses nothing in silence, and tells the service's own reasons."""

from __future__ import annotations

import asyncio
import contextlib

import grpc
import numpy as np
import pytest
from service_cases import (
    basnet_rt_client,
    check_finals,
    features,
    feed,
    quiet,
    run,
)

Client = basnet_rt_client.Client
POISON = np.full((2, 8), np.nan, np.float32)


async def heard(stream: basnet_rt_client.Stream) -> list:
    return [event async for event in stream.events()]


@pytest.mark.parametrize("token", [b"", b"pushed all at once"], ids=["plain", "resumable"])
def test_pushes_that_wait_together_keep_their_order_and_none_is_lost(start, token):
    """Once several had the same index, and all but one were dropped."""
    service = start(checkpoint_every=0.05)
    rows, options = features(200, seed=31), {"token": token, "max_buffer": 4}

    async def work():
        async with Client(service.target) as client, client.stream(**options) as stream:
            parts = [stream.push(rows[begin : begin + 5]) for begin in range(0, 200, 5)]
            await asyncio.gather(*parts, stream.end())
            return await heard(stream)

    events = run(work())
    assert events[-1].finished.snippets == 200
    check_finals(events, rows)


@pytest.mark.parametrize("snippets", [-10, 0, 2.0, 2**61, None, "3"])
def test_a_gap_of_no_whole_number_is_refused_where_it_is_declared(service, snippets):
    """Once a negative one moved time back, and what followed was dropped."""
    rows = features(30, seed=32)

    async def work():
        async with Client(service.target) as client, client.stream() as stream:
            await stream.push(rows[:20])
            with pytest.raises(ValueError, match=f"snippets is {snippets}; it must be a whole"):
                await stream.gap(snippets)
            await stream.push(rows[20:])
            await stream.end()
            return await heard(stream)

    check_finals(run(work()), rows)


def test_nothing_follows_the_end(service):
    """Once it was accepted and never sent."""
    rows = features(30, seed=33)

    async def work():
        async with Client(service.target) as client, client.stream() as stream:
            await feed(stream, rows)
            for call in (lambda: stream.push(rows), lambda: stream.gap(3), stream.end):
                with pytest.raises(ValueError, match=r"after end\(\): this stream has ended"):
                    await call()
            return await heard(stream)

    check_finals(run(work()), rows)


@pytest.mark.parametrize("token", [b"", b"refused in the middle"], ids=["plain", "resumable"])
def test_a_refusal_between_many_pushes_is_told_as_it_is(service, token):
    """Once it was "Internal error from Core" when it came during a write, or was tried for ever."""

    async def refused(client, index):
        async with client.stream(token=token and token + bytes([index])) as stream:
            with contextlib.suppress(grpc.aio.AioRpcError):  # of a push: the same one
                for chunk in (quiet(8), quiet(8), POISON, *[quiet(8)] * 100):
                    await stream.push(chunk)
                await stream.end()
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await heard(stream)
            return caught.value.code(), caught.value.details(), stream.connections

    async def work():
        async with Client(service.target) as client:
            return [await refused(client, index) for index in range(15)]

    for code, details, connections in run(work()):
        assert (code, connections) == (grpc.StatusCode.INVALID_ARGUMENT, 1)
        assert "snippet 16, channel 0 is nan" in details


def test_an_error_without_a_reason_is_not_tried_for_ever():
    """Here of a service that begins every stream and then fails."""
    messages = basnet_rt_client.messages

    async def localize(requests, context):
        yield messages.StreamEvent(opened={})
        await context.abort(grpc.StatusCode.UNKNOWN, "no reason")

    async def work():
        server = grpc.aio.server()
        handler = grpc.stream_stream_rpc_method_handler(
            localize, messages.StreamRequest.FromString, messages.StreamEvent.SerializeToString
        )
        calls = {"Localize": handler}
        service = grpc.method_handlers_generic_handler("basnet_rt.v1.Localization", calls)
        server.add_generic_rpc_handlers((service,))
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        target, token = f"127.0.0.1:{port}", b"without a reason"
        async with Client(target) as client, client.stream(token=token) as stream:
            with pytest.raises(grpc.aio.AioRpcError, match="no reason"):
                await heard(stream)
        await server.stop(None)
        return stream.connections

    assert run(work(), 60) == 5
