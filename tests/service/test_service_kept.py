"""What is kept of streams: private, whole, durable when it is called so, and bounded."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import subprocess

import grpc
import pytest
from service_cases import (
    basnet_rt_client,
    check_finals,
    chunk_request,
    converse,
    features,
    open_request,
    quiet,
    run,
    streamed,
)
from service_process import ANY_PORT

from patience import HANG

Client = basnet_rt_client.Client
EXHAUSTED, NOT_FOUND = grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.NOT_FOUND
TOKEN = b"a token that a folder must not show"


async def left_behind(client: Client, token: bytes, rows) -> None:
    """A stream whose client hears that all of it is durable, and goes."""
    async with client.stream(token=token) as stream:
        await stream.push(rows)
        while stream.durable < len(rows):
            await asyncio.sleep(0.01)


async def abandoned(service, client: Client) -> None:
    """Waits until the service has closed every stream and written what it had to write."""
    while service.metrics().get("basnet_rt_streams_open", 0):
        await asyncio.sleep(0.02)
    # Calls of the keeper are done in order, so this answer comes behind the last file.
    await converse(client, open_request(token=b"not there, and behind", durable=1))


def test_files_are_private_and_named_by_a_digest(start, tmp_path):
    folder = tmp_path / "states"
    folder.mkdir(mode=0o755)
    service = start(state_folder=folder, checkpoint_every=0.05)

    async def work():
        async with Client(service.target) as client:
            await left_behind(client, TOKEN, quiet(10))

    run(work())
    service.stop()
    (path,) = folder.glob("*.stream")
    assert folder.stat().st_mode & 0o777 == 0o700
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.stem == hashlib.sha256(b"basnet_rt stream token\n" + TOKEN).hexdigest()
    for shown in (TOKEN, TOKEN.hex().encode()):
        assert shown not in path.read_bytes()
        assert shown not in service.log.read_bytes()


def test_a_file_changed_in_any_place_is_refused_and_a_whole_one_goes_on(start, tmp_path):
    """Once a flipped bit counted a snippet twice, and an empty file lost rows in silence."""
    rows = features(30, seed=3)
    folder = tmp_path / "states"
    service = start(state_folder=folder, checkpoint_every=0.05, metrics=ANY_PORT)

    async def work():
        async with Client(service.target) as client:
            await left_behind(client, TOKEN, rows[:20])
            await abandoned(service, client)
            (path,) = folder.glob("*.stream")
            whole = path.read_bytes()
            for damage in damages(whole):
                path.write_bytes(damage)
                events, code, _ = await converse(client, open_request(token=TOKEN))
                assert (events, code) == ([], NOT_FOUND), damage
            path.write_bytes(whole)
            return await converse(client, open_request(token=TOKEN), chunk_request(20, rows[20:]))

    events, code, _ = run(work())
    assert code == grpc.StatusCode.OK
    assert events[0].opened.next_snippet == 20


def damages(whole: bytes) -> list[bytes]:
    """Nothing, cuts, one bit in forty places, more than there was, and zeros in its place."""
    flips = []
    for place in range(0, len(whole), max(1, len(whole) // 40)):
        content = bytearray(whole)
        content[place] ^= 1 << place % 8
        flips.append(bytes(content))
    cuts = [whole[:size] for size in (0, 7, 8, 39, 40, 41, len(whole) - 1)]
    return [*cuts, *flips, whole + b"\0", bytes(len(whole))]


def test_the_file_of_another_stream_is_not_taken_for_this_one(start, tmp_path):
    folder = tmp_path / "states"
    service = start(state_folder=folder, checkpoint_every=0.05, metrics=ANY_PORT)

    async def work():
        async with Client(service.target) as client:
            await left_behind(client, TOKEN, quiet(10))
            (first,) = folder.glob("*.stream")
            await left_behind(client, b"another token", quiet(12))
            (second,) = set(folder.glob("*.stream")) - {first}
            first.write_bytes(second.read_bytes())
            return await converse(client, open_request(token=TOKEN))

    assert run(work())[1] == NOT_FOUND


def test_a_folder_that_holds_files_of_others_is_refused_as_it_was(start, tmp_path):
    """Once every `*.part` there was deleted, and later every `*.stream`."""
    folder = tmp_path / "downloads"
    folder.mkdir(mode=0o755)
    names = ("film.part", "chat.stream", "a" * 63 + ".stream", "A" * 64 + ".part", "b" * 65)
    for name in names:
        (folder / name).write_bytes(b"mine")
        with pytest.raises(AssertionError, match=f"it holds '{name}'.*a folder of its own"):
            start(state_folder=folder)
        assert (folder / name).read_bytes() == b"mine"
        assert folder.stat().st_mode & 0o777 == 0o755
        (folder / name).unlink()


def test_hidden_files_are_left_alone_and_only_own_remains_are_cleared(start, tmp_path):
    folder = tmp_path / "states"
    (folder / "lost+found").mkdir(parents=True)
    kept = (folder / ".hidden.part", folder / ".hidden.stream")
    for path in kept:
        path.write_bytes(b"mine")
    remains = folder / f"{'a' * 64}.part"
    remains.write_bytes(b"half of a stream")
    start(state_folder=folder, keep_states=0).stop()
    assert [path.read_bytes() for path in kept] == [b"mine", b"mine"]
    assert not remains.exists()
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_folder_serves_one_service_at_a_time(start, tmp_path):
    start(state_folder=tmp_path / "states")
    with pytest.raises(AssertionError, match="another service keeps its streams there"):
        start(state_folder=tmp_path / "states")


# A disk that says that it could not sync: files, or the folder that their names are in.
SHIM = """
#include <errno.h>
#include <sys/stat.h>
int fsync(int file) {
  struct stat what;
  if (fstat(file, &what) == 0 && %s(what.st_mode)) { errno = EIO; return -1; }
  return 0;
}
"""


@pytest.mark.parametrize("what", ["S_ISREG", "S_ISDIR"])
def test_nothing_is_called_durable_or_sent_before_it_is_synced(start, tmp_path, what):
    source, shim = tmp_path / "shim.c", tmp_path / "shim.so"
    source.write_text(SHIM % what)
    subprocess.run(["gcc", "-shared", "-fPIC", source, "-o", shim], check=True)
    service = start(preload=shim, state_folder=tmp_path / "states", checkpoint_every=0.05)

    async def work():
        async with Client(service.target) as client:
            call = client.stub.Localize(timeout=HANG)
            await call.write(open_request(token=TOKEN))
            await call.write(chunk_request(0, features(60, seed=1)))
            events = []
            with contextlib.suppress(grpc.aio.AioRpcError):
                while (event := await call.read()) is not grpc.aio.EOF:
                    events.append(event)
            return events, await call.code(), await call.details()

    events, code, details = run(work())
    assert (code, "could not be written" in details) == (grpc.StatusCode.INTERNAL, True)
    assert all(event.sequence == 0 and event.progress.durable == 0 for event in events)


@pytest.mark.parametrize("folder", [True, False], ids=["folder", "memory"])
@pytest.mark.parametrize(
    ("bound", "message"),
    [
        ({"max_states": 3}, "the service has 3 states"),
        ({"max_states_per_client": 3}, "this client has 3 states"),
    ],
    ids=["in all", "per client"],
)
def test_kept_streams_are_bounded_in_number(start, tmp_path, folder, bound, message):
    """Streams that are begun and left; without a bound each leaves a file."""
    where = {"state_folder": tmp_path / "states"} if folder else {}
    service = start(checkpoint_every=0.05, **where, **bound)

    async def work():
        async with Client(service.target) as client:
            for i in range(3):
                await left_behind(client, b"left behind %d" % i, quiet(5))
            refused = await converse(client, open_request(token=b"one too many"))
            plain = await streamed(client, features(30, seed=2))
            known = await converse(client, open_request(token=b"left behind 1"))
            return refused, plain, known

    (_, code, details), plain, (_, known, _) = run(work())
    assert (code, message in details) == (EXHAUSTED, True), details
    check_finals(plain, features(30, seed=2))
    assert known == grpc.StatusCode.OK
    assert len(list(tmp_path.glob("states/*.stream"))) == (3 if folder else 0)


@pytest.mark.parametrize("bound", ["max_state_bytes", "max_state_bytes_per_client"])
def test_kept_streams_are_bounded_in_bytes_over_restarts(start, tmp_path, bound):
    options = {"state_folder": tmp_path / "states", "checkpoint_every": 0.05, bound: 5000}

    async def fill(target, name):
        """Streams that are ended and never fetched, until one is refused."""
        async with Client(target) as client:
            for i in range(200):
                requests = open_request(token=name % i), chunk_request(0, features(20, seed=i))
                _, code, details = await converse(client, *requests)
                if code != grpc.StatusCode.OK:
                    return code, details
        raise AssertionError("never refused")

    service = start(**options)
    code, details = run(fill(service.target, b"a state %03d"))
    assert (code, "5000 bytes" in details) == (EXHAUSTED, True), details
    service.stop()
    assert 0 < sum(path.stat().st_size for path in tmp_path.glob("states/*.stream")) <= 5000
    again = start(**options)
    assert run(fill(again.target, b"a later %03d"))[0] == EXHAUSTED
