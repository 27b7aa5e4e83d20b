"""A stream with a token outlives connections and servers: nothing is lost, nothing comes twice."""

from __future__ import annotations

import asyncio
import shutil
import signal

import grpc
import pytest
from service_cases import (
    basnet_rt_client,
    check_exactly_once,
    check_finals,
    chunk_request,
    converse,
    end_request,
    features,
    feed,
    open_request,
    quiet,
    run,
    streamed,
)

from patience import HANG

Client = basnet_rt_client.Client
RETRIED = basnet_rt_client.RETRIED


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM], ids=["kill -9", "SIGTERM"])
def test_a_restart_of_the_service_loses_and_doubles_nothing(start, tmp_path, how):
    """Ten streams, and the server is killed three times among them."""
    options = {"state_folder": tmp_path / "states", "checkpoint_every": 0.1, "grace": 0.1}
    service = start(**options)
    port = service.port
    videos = [features(200, seed=seed) for seed in range(10)]

    async def restart_often(service):
        for _ in range(3):
            await asyncio.sleep(0.4)
            service.process.send_signal(how)
            await asyncio.to_thread(service.process.wait)
            service.process.stdout.close()
            service = start(listen=f"127.0.0.1:{port}", **options)

    async def one(client, rows):
        async with client.stream(token=basnet_rt_client.new_token()) as stream:
            sender = asyncio.create_task(feed(stream, rows, chunk=3, pause=0.02))
            events = [event async for event in stream.events()]
            await sender
            return events, stream.connections

    async def work():
        async with Client(service.target) as client:
            restarts = asyncio.create_task(restart_often(service))
            answers = await asyncio.gather(*(one(client, rows) for rows in videos))
            await restarts
            return answers

    answers = run(work())
    for rows, (events, _) in zip(videos, answers, strict=True):
        check_exactly_once(events, rows)
    assert max(connections for _, connections in answers) >= 2


def test_states_of_finished_streams_are_forgotten(start, tmp_path):
    folder = tmp_path / "states"
    service = start(state_folder=folder)

    async def work():
        async with Client(service.target) as client:
            await streamed(client, features(50, seed=1), token=b"soon forgotten")
            while list(folder.glob("*.stream")):
                await asyncio.sleep(0.02)

    run(work())


def test_a_lost_connection_goes_on_in_memory(start, monkeypatch):
    service = start(checkpoint_every=0.05)
    rows = features(120, seed=2)

    async def work():
        token = b"breaks often"
        async with Client(service.target) as client, client.stream(token=token) as stream:
            sender = asyncio.create_task(feed(stream, rows, chunk=2, pause=0.01))
            breaker = asyncio.create_task(break_often(client))
            events = [event async for event in stream.events()]
            breaker.cancel()
            await sender
            return events, stream.connections

    async def break_often(client):
        """Another connection takes the stream over, and leaves it."""
        while True:
            await asyncio.sleep(0.15)
            call = client.stub.Localize(timeout=HANG)
            await call.write(open_request(token=b"breaks often"))
            await call.read()
            call.cancel()

    monkeypatch.setattr(basnet_rt_client, "RETRIED", {*RETRIED, grpc.StatusCode.ABORTED})
    events, connections = run(work())
    check_exactly_once(events, rows)
    assert connections > 1


def test_the_last_events_come_again_until_they_were_received(start):
    """The connection breaks between the end of the stream and the client's last word."""
    service = start()
    rows = features(60, seed=3)
    token = b"ends without a word"

    async def first(client):
        call = client.stub.Localize(timeout=HANG)
        await call.write(open_request(token=token))
        await call.write(chunk_request(0, rows))
        await call.write(basnet_rt_client.messages.StreamRequest(end={}))
        events = []
        while not (events and events[-1].HasField("finished")):
            events.append(await call.read())
        call.cancel()
        return events

    async def work():
        async with Client(service.target) as client:
            events = await first(client)
            again, code, _ = await converse(client, open_request(token=token, received=0))
            to_be_sure = (open_request(token=token), end_request())
            ended, end_code, details = await converse(client, *to_be_sure)
            assert end_code == grpc.StatusCode.OK, details
            rest, _, _ = await converse(client, open_request(token=token, received=5))
            return events, again, ended, rest, code

    events, again, ended, rest, code = run(work())
    assert code == grpc.StatusCode.OK
    numbered = [e for e in events if e.sequence]
    assert [e for e in again if e.sequence] == numbered
    assert [e for e in ended if e.sequence] == numbered
    assert [e for e in rest if e.sequence] == numbered[5:]
    check_exactly_once(events, rows)


def test_a_stream_that_is_not_there_is_not_begun_anew_behind_the_clients_back(start):
    service = start()

    async def work():
        async with Client(service.target) as client:
            return await converse(client, open_request(token=b"never heard of", durable=7))

    _, code, details = run(work())
    assert code == grpc.StatusCode.NOT_FOUND
    assert "kept up to snippet 7" in details


@pytest.mark.parametrize("damage", [b"", b"junk", "cut", "flip"], ids=str)
def test_a_damaged_state_is_refused(start, tmp_path, damage):
    options = {"state_folder": tmp_path / "states", "checkpoint_every": 0.05}
    service = start(**options)
    token = b"to be damaged"

    async def begin():
        async with Client(service.target) as client, client.stream(token=token) as stream:
            await stream.push(quiet(10))
            while stream.durable < 10:
                await asyncio.sleep(0.01)

    run(begin())
    service.stop()
    (path,) = tmp_path.glob("states/*.stream")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    new = {"cut": path.read_bytes()[:-9], "flip": bytes(content)}.get(damage, damage)
    path.write_bytes(new)
    second = start(**options)

    async def resume():
        async with Client(second.target) as client:
            refused = await converse(client, open_request(token=token, durable=10))
            fine = await streamed(client, features(30, seed=1))
            return refused, fine

    (_, code, _), events = run(resume())
    assert code in {grpc.StatusCode.NOT_FOUND, grpc.StatusCode.FAILED_PRECONDITION}
    check_finals(events, features(30, seed=1))


def test_a_state_that_cannot_be_written_fails_that_stream_and_says_so(start, tmp_path):
    folder = tmp_path / "states"
    service = start(state_folder=folder, checkpoint_every=0.05)
    shutil.rmtree(folder)

    async def work():
        async with Client(service.target) as client:
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await streamed(client, features(40, seed=1), token=b"nowhere to keep it")
            return caught.value, await streamed(client, features(40, seed=1))

    error, events = run(work())
    assert error.code() == grpc.StatusCode.INTERNAL
    assert "state could not be written" in error.details()
    check_finals(events, features(40, seed=1))
