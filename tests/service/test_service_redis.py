"""Replicas that share a Redis: a stream goes on at any of them, and one of them owns it.

Not tested: a Redis with replicas of its own, and Sentinel.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal

import grpc
import numpy as np
import pytest
from redis_process import PROGRAM, Redis
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
from service_process import ANY_PORT

from patience import HANG

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no redis-server on this machine")

Client = basnet_rt_client.Client
Code = grpc.StatusCode
TOKEN = b"a token that Redis must not show"
OFTEN = {"checkpoint_every": 0.05}


@pytest.fixture(scope="module")
def shared_redis(tmp_path_factory):
    server = Redis(tmp_path_factory.mktemp("redis"))
    yield server
    server.kill()


@pytest.fixture
def stopped():
    """Stops a replica as it stands; at the end of the test it wakes up, if it has not yet."""
    asleep = []

    def stop(service) -> None:
        os.kill(service.process.pid, signal.SIGSTOP)
        asleep.append(service)

    yield stop
    for service in asleep:
        if service.process.poll() is None:
            os.kill(service.process.pid, signal.SIGCONT)


@pytest.fixture
def redis(shared_redis):
    """An empty server."""
    shared_redis.ask("FLUSHALL")
    return shared_redis


async def left_behind(client: Client, token: bytes, rows) -> None:
    """A stream whose client hears that all of it is durable, and goes."""
    async with client.stream(token=token) as stream:
        await stream.push(rows)
        while stream.durable < len(rows):
            await asyncio.sleep(0.01)


def test_streams_go_on_at_the_other_replica_while_each_is_killed_in_turn(start, redis):
    """The clients know both addresses; nobody tells them what happens."""
    services = [start(state=redis.address, **OFTEN) for _ in range(2)]
    ports = [service.port for service in services]
    videos = [features(200, seed=seed) for seed in range(6)]

    async def kill_in_turn():
        for i in (0, 1, 0):
            await asyncio.sleep(0.4)
            await asyncio.to_thread(services[i].kill)
            await asyncio.sleep(0.3)
            listen = f"127.0.0.1:{ports[i]}"
            services[i] = await asyncio.to_thread(
                lambda listen=listen: start(listen=listen, state=redis.address, **OFTEN)
            )

    async def one(client, rows):
        token = basnet_rt_client.new_token()
        async with client.stream(token=token, retry_seconds=HANG) as stream:
            sender = asyncio.create_task(feed(stream, rows, chunk=3, pause=0.03))
            events = [event async for event in stream.events()]
            await sender
            return events, stream.connections

    async def work():
        async with Client([f"127.0.0.1:{port}" for port in ports]) as client:
            killer = asyncio.create_task(kill_in_turn())
            answers = await asyncio.gather(*(one(client, rows) for rows in videos))
            await killer
            return answers

    answers = run(work())
    for rows, (events, _) in zip(videos, answers, strict=True):
        check_exactly_once(events, rows)
    assert sum(connections for _, connections in answers) > len(videos)
    assert redis.streams() == []
    assert redis.ask("HGETALL", "{basnet_rt}:bytes").split() == ["all", "0"]


def test_where_a_replica_dies_at_the_goodbye_the_other_one_forgets_the_stream(start, redis):
    services = [start(state=redis.address, **OFTEN) for _ in range(2)]
    rows = features(30, seed=1)

    async def work():
        targets = [service.target for service in services]
        async with Client(targets) as client, client.stream(token=TOKEN) as stream:
            said = stream._goodbye

            async def too_late(call, sender):
                stream._goodbye = said
                await asyncio.to_thread(services[stream._turn % 2].kill)
                await said(call, sender)

            stream._goodbye = too_late
            await stream.push(rows)
            await stream.end()
            return [event async for event in stream.events()]

    check_exactly_once(run(work()), rows)
    assert redis.streams() == []


def test_a_replica_that_was_stopped_and_wakes_up_writes_nothing(start, stopped, redis):
    """It has snippets that it would store; meanwhile the other one owns the stream.

    Nothing is found in the first of them, so the new owner has nothing to store either.
    """
    sleeper = start(state=redis.address, **OFTEN)
    other = start(state=redis.address, **OFTEN)
    rows = np.concatenate([quiet(60), features(60, seed=1)])

    async def work():
        async with Client(sleeper.target) as first, Client(other.target) as second:
            call = first.stub.Localize(timeout=HANG)
            await call.write(open_request(token=TOKEN))
            await call.write(chunk_request(0, rows[:30]))
            while (await call.read()).progress.durable < 30:
                pass
            stopped(sleeper)
            await call.write(chunk_request(30, rows[30:60]))
            taken = second.stub.Localize(timeout=HANG)
            await taken.write(open_request(token=TOKEN, durable=30))
            assert (await taken.read()).opened.next_snippet == 30
            (name,) = redis.streams()
            before = redis.ask("HGETALL", "{basnet_rt}:stream:" + name)
            os.kill(sleeper.process.pid, signal.SIGCONT)
            with contextlib.suppress(grpc.aio.AioRpcError):
                while await call.read() is not grpc.aio.EOF:
                    pass
            code, details = await call.code(), await call.details()
            after = redis.ask("HGETALL", "{basnet_rt}:stream:" + name)
            taken.cancel()
            rest = [open_request(token=TOKEN), chunk_request(30, rows[30:]), end_request()]
            return before, after, code, details, await converse(second, *rest)

    before, after, code, details, (events, last, _) = run(work())
    assert after == before
    assert (code, "another connection has gone on" in details) == (Code.ABORTED, True)
    assert last == Code.OK
    check_exactly_once(events, rows)


@pytest.mark.parametrize("how", ["restart", "cut"])
def test_a_redis_that_goes_and_comes_back_costs_nothing(start, tmp_path, how):
    """Killed and started again with its file; or every connection is cut, again and again."""
    redis = Redis(tmp_path)
    service = start(state=redis.address, state_timeout=HANG, metrics=ANY_PORT, **OFTEN)
    rows = features(200, seed=2)

    async def disturb():
        for _ in range(2 if how == "restart" else 10):
            await asyncio.sleep(0.2)
            if how == "restart":
                await asyncio.to_thread(redis.kill)
                await asyncio.sleep(0.3)
                await asyncio.to_thread(redis.start)
            else:
                redis.ask("CLIENT", "KILL", "TYPE", "normal")

    async def work():
        async with Client(service.target) as client, client.stream(token=TOKEN) as stream:
            sender = asyncio.create_task(feed(stream, rows, chunk=2, pause=0.02))
            trouble = asyncio.create_task(disturb())
            events = [event async for event in stream.events()]
            await asyncio.gather(sender, trouble)
            return events, stream.connections

    try:
        events, connections = run(work())
    finally:
        redis.kill()
    check_exactly_once(events, rows)
    assert connections == 1  # its client noticed nothing
    assert service.metrics()["basnet_rt_keeper_lost_total"] >= 1


def test_without_its_redis_a_stream_is_told_to_try_again_and_a_plain_one_goes_on(start, tmp_path):
    redis = Redis(tmp_path)
    service = start(state=redis.address, state_timeout=0.5, metrics=ANY_PORT, **OFTEN)
    rows = features(40, seed=3)

    async def work():
        async with Client(service.target) as client:
            call = client.stub.Localize(timeout=HANG)
            await call.write(open_request(token=TOKEN))
            assert (await call.read()).HasField("opened")
            redis.kill()
            await call.write(chunk_request(0, rows))
            events = []
            with contextlib.suppress(grpc.aio.AioRpcError):
                while (event := await call.read()) is not grpc.aio.EOF:
                    events.append(event)
            refused = await converse(client, open_request(token=b"another token"))
            return events, await call.code(), refused, await streamed(client, rows)

    events, code, (_, claim, details), plain = run(work())
    assert (code, claim) == (Code.UNAVAILABLE, Code.UNAVAILABLE)
    assert "the place of kept streams does not answer" in details
    assert all(event.sequence == 0 and event.progress.durable == 0 for event in events)
    check_finals(plain, rows)
    assert service.metrics()["basnet_rt_keeper_reached"] == 0


@pytest.mark.parametrize(
    ("bound", "message"),
    [
        ({"max_states": 2}, "the service has 2 states"),
        ({"max_states_per_client": 2}, "this client has 2 states"),
        ({"max_state_bytes": 8000}, "the service has 8000 bytes"),
        ({"max_state_bytes_per_client": 8000}, "this client has 8000 bytes"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_kept_streams_are_bounded_over_all_replicas(start, redis, bound, message):
    services = [start(state=redis.address, **OFTEN, **bound) for _ in range(2)]

    async def work():
        async with Client(services[0].target) as one, Client(services[1].target) as two:
            for i in range(50):
                requests = open_request(token=b"a state %03d" % i), chunk_request(0, quiet(20))
                _, code, details = await converse(one if i % 2 else two, *requests)
                if code != Code.OK:
                    return i, code, details
            raise AssertionError("never refused")

    before, code, details = run(work())
    assert (code, message in details) == (Code.RESOURCE_EXHAUSTED, True), details
    assert before >= 2
    for service in services:
        service.stop()  # what was refused is given back
    sizes = [int(redis.ask("HGET", "{basnet_rt}:stream:" + n, "bytes")) for n in redis.streams()]
    assert redis.ask("HGET", "{basnet_rt}:bytes", "all") == str(sum(sizes))
    assert redis.ask("HGET", "{basnet_rt}:streams", "all") == str(len(sizes))


def test_what_nobody_owns_is_forgotten_in_time_and_what_is_open_is_not(start, redis):
    service = start(state=redis.address, keep_states=0.1, **OFTEN)

    async def work():
        async with Client(service.target) as client:
            await left_behind(client, b"left behind", quiet(5))
            async with client.stream(token=b"still open") as stream:
                await stream.push(quiet(5))
                while stream.durable < 5:
                    await asyncio.sleep(0.01)
                await asyncio.sleep(0.2)
                start(state=redis.address)  # looks for what is old when it starts
                while len(redis.streams()) > 1:
                    await asyncio.sleep(0.02)
                await stream.push(quiet(5))
                await stream.end()
                return [event async for event in stream.events()]

    assert run(work())[-1].finished.snippets == 10


def test_a_damaged_record_is_refused_and_a_moved_one(start, redis):
    service = start(state=redis.address, **OFTEN)

    async def work():
        async with Client(service.target) as client:
            await left_behind(client, TOKEN, quiet(10))
            (name,) = redis.streams()
            await left_behind(client, b"another token", quiet(12))
            (other,) = set(redis.streams()) - {name}
            copy = "redis.call('HSET', KEYS[1], 'record', redis.call('HGET', KEYS[2], 'record'))"
            keys = ["{basnet_rt}:stream:" + each for each in (name, other)]
            redis.ask("EVAL", copy, 2, *keys)
            moved = await converse(client, open_request(token=TOKEN))
            redis.ask("HSET", keys[1], "record", "junk")
            junk = await converse(client, open_request(token=b"another token"))
            return moved, junk, await streamed(client, features(30, seed=1), token=b"a third one")

    moved, junk, events = run(work())
    assert (moved[1], junk[1]) == (Code.NOT_FOUND, Code.NOT_FOUND)
    check_exactly_once(events, features(30, seed=1))


def test_fences_rise_although_the_server_forgot_its_last_seconds(start, redis):
    """A server that does not sync always may come back with an older count."""
    service = start(state=redis.address, **OFTEN)
    rows = features(40, seed=4)

    async def work():
        async with Client(service.target) as client:
            await left_behind(client, TOKEN, rows[:20])
            redis.ask("SET", "{basnet_rt}:fence", 0)
            async with client.stream(token=TOKEN) as stream:
                stream._parts.clear()
                stream._next = 20
                await stream.push(rows[20:])
                await stream.end()
                return [event async for event in stream.events()]

    check_finals(run(work()), rows)


def test_the_password_comes_from_a_file_or_the_environment_and_is_shown_nowhere(start, tmp_path):
    redis = Redis(tmp_path, "--requirepass", "open sesame")
    secret = tmp_path / "password"
    secret.write_text("open sesame\n")
    wrong = tmp_path / "wrong"
    wrong.write_text("open barley\n")
    try:
        service = start(state=redis.address, redis_password_file=secret)
        rows = features(30, seed=5)

        async def work():
            async with Client(service.target) as client:
                return await streamed(client, rows, token=TOKEN)

        check_exactly_once(run(work()), rows)
        with pytest.raises(AssertionError, match="AUTH was refused") as caught:
            start(state=redis.address, redis_password_file=wrong)
        with pytest.raises(AssertionError, match="was refused: NOAUTH"):
            start(state=redis.address)
        assert "barley" not in str(caught.value)
        assert "sesame" not in service.log.read_text()
    finally:
        redis.kill()


def test_a_server_whose_settings_may_lose_streams_is_warned_of(start, tmp_path):
    redis = Redis(tmp_path)
    try:
        redis.ask("CONFIG", "SET", "appendfsync", "everysec")
        redis.ask("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
        log = start(state=redis.address).log.read_text()
        redis.ask("CONFIG", "SET", "appendonly", "no")
        bare = start(state=redis.address).log.read_text()
    finally:
        redis.kill()
    assert "appendfsync is everysec: a loss of power may lose what was called durable" in log
    assert "maxmemory-policy is allkeys-lru" in log
    assert "keeps no append-only file" in bare


def test_a_replica_stopped_in_its_sleep_is_left_for_the_other_one(start, stopped, redis):
    """No connection breaks: the client asks for a sign of life, and none comes."""
    services = [start(state=redis.address, **OFTEN) for _ in range(2)]
    rows = features(100, seed=6)

    async def work():
        targets = [service.target for service in services]
        async with (
            Client(targets, keepalive_seconds=2.0) as client,
            client.stream(token=TOKEN, retry_seconds=HANG, take_back=100) as stream,
        ):
            sender = asyncio.create_task(feed(stream, rows, chunk=2, pause=0.02))
            while stream.durable < 20:
                await asyncio.sleep(0.01)
            stopped(services[0])
            events = [event async for event in stream.events()]
            os.kill(services[0].process.pid, signal.SIGCONT)
            await sender
            return events, stream.connections

    events, connections = run(work())
    check_exactly_once(events, rows)
    assert connections >= 2  # more where this machine is busy
    assert redis.streams() == []
