"""What the people who run it need: health, reflection, metrics, deadlines, TLS, a clean stop."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import signal
import socket
import subprocess

import grpc
import pytest
from redis_process import PROGRAM, Redis
from service_cases import (
    basnet_rt_client,
    check_finals,
    converse,
    features,
    finals,
    kinds,
    open_request,
    quiet,
    run,
    streamed,
)
from service_process import ANY_PORT, BUILD, FAKE

from patience import HANG

Client = basnet_rt_client.Client
NAME = "basnet_rt.v1.Localization"
SERVING, NOT_SERVING = b"\x08\x01", b"\x08\x02"  # HealthCheckResponse.status


async def health(client: Client, name: str = "") -> bytes:
    """grpc.health.v1, its two messages written out by hand."""
    request = b"\n" + bytes([len(name)]) + name.encode() if name else b""
    return await client.channel.unary_unary("/grpc.health.v1.Health/Check")(request, timeout=HANG)


@pytest.mark.parametrize("name", ["", NAME])
def test_health_says_serving(service, name):
    async def work():
        async with Client(service.target) as client:
            return await health(client, name)

    assert run(work()) == SERVING


def test_health_does_not_know_what_is_not_there(service):
    async def work():
        async with Client(service.target) as client:
            await health(client, "another.Service")

    with pytest.raises(grpc.aio.AioRpcError) as caught:
        run(work())
    assert caught.value.code() == grpc.StatusCode.NOT_FOUND


def test_reflection_lists_the_services_and_their_messages(service):
    async def ask(client: Client, request: bytes) -> bytes:
        method = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
        call = client.channel.stream_stream(method)(timeout=HANG)
        await call.write(request)
        await call.done_writing()
        return await call.read()

    async def work():
        async with Client(service.target) as client:
            symbol = b"\x22" + bytes([len(NAME)]) + NAME.encode()  # file_containing_symbol
            return await ask(client, b"\x3a\x01*"), await ask(client, symbol)  # list_services

    listed, described = run(work())
    assert NAME.encode() in listed
    assert b"grpc.health.v1.Health" in listed
    for word in (b"LocalizeVideo", b"StreamRequest", b"first_snippet"):
        assert word in described


def test_metrics_count_what_happened(start):
    service = start(metrics=ANY_PORT)

    async def work():
        async with Client(service.target) as client:
            events = await streamed(client, features(50, seed=1))
            await streamed(client, features(30, seed=2), token=b"a token, kept")
            await client.localize_video(features(20, seed=3), timeout=HANG)
            await converse(client, open_request(token=b"short"))
            return events

    events = run(work())
    samples = service.metrics()
    assert samples["basnet_rt_streams_open"] == 0
    assert samples["basnet_rt_snippets_total"] == 100
    assert samples["basnet_rt_batches_total"] >= 3
    assert samples["basnet_rt_videos_total"] == 1
    assert samples["basnet_rt_batch_snippets_sum"] == 100
    assert samples["basnet_rt_queued_snippets"] == 0
    assert samples["basnet_rt_states_saved_total"] >= 1
    assert samples["basnet_rt_push_to_processed_seconds_count"] >= 13
    assert samples['basnet_rt_streams_total{how="new"}'] == 3
    assert samples['basnet_rt_errors_total{kind="bad_input"}'] == 1
    assert samples['basnet_rt_events_total{kind="final"}'] >= len(finals(events))


def test_a_deadline_ends_a_stream(service):
    async def work():
        async with Client(service.target) as client, client.stream(timeout=0.4) as stream:
            await stream.push(quiet(3))
            async for _ in stream.events():
                pass

    with pytest.raises(grpc.aio.AioRpcError) as caught:
        run(work())
    assert caught.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED


def test_a_video_without_a_deadline_gets_the_services(start):
    service = start(video_timeout=0.1, max_snippets_per_second=10)

    async def work():
        async with Client(service.target) as client:
            await client.localize_video(quiet(100))  # its debt makes the second one wait
            await client.localize_video(quiet(100))

    with pytest.raises(grpc.aio.AioRpcError) as caught:
        run(work())
    assert caught.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
    assert "took too long" in caught.value.details()


def test_sigterm_refuses_new_streams_and_lets_running_ones_finish(start):
    service = start(grace=10 * HANG)
    rows = features(60, seed=4)

    async def work():
        async with Client(service.target) as client, client.stream() as stream:
            await stream.push(rows[:30])
            while stream.processed < 30:
                await asyncio.sleep(0.01)
            service.terminate()
            while await health(client) != NOT_SERVING:
                await asyncio.sleep(0.01)
            refused = await converse(client, open_request())
            await stream.push(rows[30:])
            await stream.end()
            return refused, [event async for event in stream.events()]

    (_, code, details), events = run(work())
    assert (code, details) == (grpc.StatusCode.UNAVAILABLE, "the service is about to stop")
    check_finals(events, rows)
    assert "draining" in kinds(events)
    assert service.wait() == 0  # and does not sit out its grace


def test_after_the_grace_a_stream_is_ended_with_its_finals_and_says_so(start):
    service = start(grace=0.3)
    rows = features(40, seed=5)

    async def work():
        async with Client(service.target) as client, client.stream() as stream:
            await stream.push(rows)
            while stream.processed < 40:
                await asyncio.sleep(0.01)
            service.terminate()
            return [event async for event in stream.events()]

    events = run(work())
    check_finals(events, rows)
    assert [e.finished.cut for e in events if e.HasField("finished")] == [True]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["--listen", "127.0.0.1:99999"],
            "--listen is '127.0.0.1:99999'; it must be host:port, with",
        ),
        (["--listen", "127.0.0.1"], "with a port from 0 to 65535"),
        (["--metrics", "localhost:"], "--metrics is 'localhost:'; it must be host:port"),
        (["--max-batch", "0"], "--max-batch is '0'; it must be a whole number from 1 to"),
        (["--max-message-bytes", "4294967297"], "it must be a whole number from 1 to 2147483647"),
        (["--tls-ca", "a.pem"], "--tls-ca is for --check-health"),
        (["--check-health", "here"], "--check-health is 'here'; it must be host:port"),
        (["--max-delay=-1"], "--max-delay is '-1'; it must be a number from 0"),
        (["--colour", "red"], "there is no option --colour"),
        (["--tls-cert", "a.pem"], "--tls-cert and --tls-key go together"),
        (["--log-level", "loud"], "--log-level is 'loud'; it must be error, warning or info"),
    ],
)
def test_a_wrong_option_is_named(words, message):
    done = subprocess.run([str(BUILD / FAKE), *words], capture_output=True, text=True, timeout=HANG)
    assert done.returncode == 2
    assert message in done.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--state", "redis://me:secret@h"], "a password does not belong in an address"),
        (["--state", "rediss://h"], "TLS to Redis is not spoken"),
        (["--state", "http://h"], "'http' is no place"),
        (["--state", "redis://h:99999"], "the port is '99999', no number from 0 to 65535"),
        (["--state", "redis://"], "there is no host"),
        (["--state", "redis://h", "--state-folder", "f"], "exclude each other"),
        (["--state", "redis://127.0.0.1:1", "--state-timeout", "0.1"], "Connection refused"),
    ],
)
def test_a_wrong_place_of_kept_streams_is_named(words, message):
    done = subprocess.run([str(BUILD / FAKE), *words], capture_output=True, text=True, timeout=HANG)
    assert done.returncode != 0
    assert message in done.stderr
    assert "secret" not in done.stderr


@pytest.mark.skipif(PROGRAM is None, reason="no redis-server on this machine")
def test_a_user_of_redis_without_a_password_is_not_dropped(tmp_path):
    redis = Redis(tmp_path)
    command = [str(BUILD / FAKE), "--state", f"redis://nobody@127.0.0.1:{redis.port}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=HANG)
    redis.kill()
    assert done.returncode == 1
    assert "AUTH was refused" in done.stderr


def test_sigterm_ends_a_service_that_has_not_started_yet():
    """Once it waited for the start to end; here for a Redis that never answers."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        place = f"redis://127.0.0.1:{silent.getsockname()[1]}"
        service = subprocess.Popen(
            [str(BUILD / FAKE), "--listen", ANY_PORT, "--state", place, "--state-timeout", "1e5"]
        )
        with silent.accept()[0]:
            service.terminate()
            assert service.wait(timeout=HANG) == 128 + signal.SIGTERM


@pytest.mark.parametrize("option", ["listen", "metrics"])
def test_a_port_that_is_taken_is_named_by_its_option(option):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        words = ["--listen", ANY_PORT, f"--{option}", address]
        done = subprocess.run([str(BUILD / FAKE), *words], capture_output=True, text=True)
    assert done.returncode == 1
    assert f"--{option}: cannot listen at {address}" in done.stderr


def test_help_is_no_error():
    done = subprocess.run([str(BUILD / FAKE), "--help"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "usage: basnet_rt_service" in done.stdout
    assert "--log-level" in done.stdout


def test_every_call_is_logged_at_level_info_and_never_its_token(start):
    service = start(log_level="info")
    token = b"a token, not for logs"

    async def work():
        async with Client(service.target) as client:
            await streamed(client, features(20, seed=1), token=token)
            await client.localize_video(features(10, seed=2))
            await converse(client, open_request(token=b"short"))

    run(work())
    service.stop()
    lines = [json.loads(line) for line in service.log.read_text().splitlines() if line[0] == "{"]
    told = [(each["call"], each["code"], each["snippets"]) for each in lines]
    assert told == [("Localize", 0, 20), ("LocalizeVideo", 0, 10), ("Localize", 3, 0)]
    assert (lines[2]["kind"], "8 to 64" in lines[2]["message"]) == ("bad_input", True)
    name = hashlib.sha256(b"basnet_rt stream token\n" + token).hexdigest()
    assert lines[0]["stream"] == name[:12]
    assert token.decode() not in service.log.read_text()


def test_nothing_is_logged_of_calls_unless_it_is_asked_for(start):
    service = start()

    async def work():
        async with Client(service.target) as client:
            await streamed(client, features(20, seed=1))

    run(work())
    service.stop()
    assert "Localize" not in service.log.read_text()


def test_metrics_are_served_while_slow_readers_hold_on(start):
    """Each says half a request, and nothing more."""
    service = start(metrics=ANY_PORT)
    with contextlib.ExitStack() as slow:
        for _ in range(4):
            reader = slow.enter_context(
                socket.create_connection(("127.0.0.1", service.metrics_port))
            )
            reader.sendall(b"GET /metrics HTTP/1.1\r\nHost: ")
        assert service.metrics()["basnet_rt_streams_open"] == 0


def test_an_address_in_use_is_an_error_and_not_a_second_service(service):
    command = [str(BUILD / FAKE), "--listen", service.target]
    done = subprocess.run(command, capture_output=True, text=True, timeout=HANG)
    assert done.returncode == 1
    assert "cannot listen" in done.stderr
