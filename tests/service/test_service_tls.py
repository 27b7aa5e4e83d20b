"""TLS: the service's certificate, and where it asks for one, the client's."""

from __future__ import annotations

import subprocess
from pathlib import Path

import grpc
import pytest
from service_cases import (
    basnet_rt_client,
    check_finals,
    converse,
    features,
    open_request,
    run,
    streamed,
)
from service_process import BUILD, FAKE

from patience import HANG

Client = basnet_rt_client.Client


def openssl(*words: object) -> None:
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)


def make_signed(folder: Path, name: str) -> None:
    """A key and a certificate for localhost, signed by the folder's CA."""
    key, request = folder / f"{name}.key", folder / f"{name}.csr"
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
            key, "-out", request, "-subj", f"/CN={name}")  # fmt: skip
    extension = folder / f"{name}.ext"
    extension.write_text(f"subjectAltName=DNS:{name},IP:127.0.0.1\n")
    openssl("x509", "-req", "-in", request, "-CA", folder / "ca.pem", "-CAkey", folder / "ca.key",
            "-CAcreateserial", "-out", folder / f"{name}.pem", "-days", "2",
            "-extfile", extension)  # fmt: skip


@pytest.fixture(scope="module")
def certificates(tmp_path_factory) -> Path:
    """ca, localhost, alice and bob as PEM files."""
    folder = tmp_path_factory.mktemp("certificates")
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-keyout", folder / "ca.key", "-out", folder / "ca.pem", "-days", "2",
            "-subj", "/CN=test")  # fmt: skip
    for name in ("localhost", "alice", "bob"):
        make_signed(folder, name)
    return folder


def credentials(folder: Path, name: str | None = None) -> grpc.ChannelCredentials:
    root = (folder / "ca.pem").read_bytes()
    if name is None:
        return grpc.ssl_channel_credentials(root)
    key, certificate = (folder / f"{name}.key").read_bytes(), (folder / f"{name}.pem").read_bytes()
    return grpc.ssl_channel_credentials(root, key, certificate)


@pytest.fixture
def options(certificates):
    return {"tls_cert": certificates / "localhost.pem", "tls_key": certificates / "localhost.key"}


def test_a_stream_over_tls(start, certificates, options):
    service = start(**options)
    rows = features(50, seed=1)

    async def work():
        trusted = credentials(certificates)
        async with Client(f"localhost:{service.port}", credentials=trusted) as client:
            return await streamed(client, rows)

    check_finals(run(work()), rows)


def test_no_plain_text_where_tls_is_asked_for(start, options):
    service = start(**options)

    async def work():
        async with Client(service.target) as client:
            await client.describe(timeout=3)

    with pytest.raises(grpc.aio.AioRpcError) as caught:
        run(work())
    assert caught.value.code() in {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DEADLINE_EXCEEDED,
    }


def test_a_client_without_a_certificate_is_refused_where_one_is_asked_for(
    start, certificates, options
):
    service = start(tls_client_ca=certificates / "ca.pem", **options)

    async def work(name):
        trusted = credentials(certificates, name)
        async with Client(f"localhost:{service.port}", credentials=trusted) as client:
            return await client.describe(timeout=3)

    assert run(work("alice")).feature_dim == 8
    with pytest.raises(grpc.aio.AioRpcError):
        run(work(None))


def test_a_token_is_of_no_use_to_another_identity_and_limits_count_by_identity(
    start, certificates, options
):
    service = start(
        tls_client_ca=certificates / "ca.pem", max_streams_per_client=1, checkpoint_every=0.05,
        **options,
    )  # fmt: skip
    token = b"the stream of alice"

    def client_of(name):
        trusted = credentials(certificates, name)
        return Client(f"localhost:{service.port}", credentials=trusted)

    async def work():
        async with client_of("alice") as alice, client_of("bob") as bob:
            async with alice.stream(token=token) as stream:
                await stream.push(features(20, seed=1))
                while stream.durable < 20:
                    await stream._events.get()
                second = await converse(alice, open_request())
            stolen = await converse(bob, open_request(token=token))
            fine = await streamed(bob, features(20, seed=2))
            return second, stolen, fine

    (_, second, _), (_, stolen, message), events = run(work())
    assert second == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert (stolen, message) == (
        grpc.StatusCode.PERMISSION_DENIED,
        "this stream is another client's",
    )
    check_finals(events, features(20, seed=2))


@pytest.mark.parametrize("mutual", [False, True], ids=["server", "mutual"])
def test_the_health_check_speaks_tls(start, certificates, options, mutual):
    """Once it did not, so the image's check failed wherever the service had a certificate."""
    if mutual:
        options = {**options, "tls_client_ca": certificates / "ca.pem"}
    address = start(**options).target
    ask = ["--check-health", address, "--tls-ca", certificates / "ca.pem"]
    own = ["--tls-cert", certificates / "alice.pem", "--tls-key", certificates / "alice.key"]

    def answer(*words):
        command = [str(BUILD / FAKE), *map(str, words)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=HANG)
        return done.returncode, done.stderr

    assert answer(*ask, *(own if mutual else [])) == (0, "")
    assert answer(*ask, "--tls-name", "localhost", *own) == (0, "")
    assert answer("--check-health", address)[0] == 1
    assert answer(*ask, "--tls-name", "another.example", *own)[0] == 1
    if mutual:
        assert answer(*ask)[0] == 1


FILES = [
    ("tls_cert", "none.pem", "cannot read it: No such file"),
    ("tls_cert", "localhost.key", "it must be a certificate in PEM"),
    ("tls_key", "none.key", "cannot read it"),
    ("tls_key", "localhost.pem", "it must be a private key in PEM without a password"),
    ("tls_key", "alice.key", "it must be the key of the certificate of --tls-cert"),
    ("tls_client_ca", "localhost.key", "it must be a certificate in PEM"),
]


@pytest.mark.parametrize(("option", "file", "message"), FILES)
def test_a_file_of_no_use_is_named_with_its_option(
    start, certificates, options, option, file, message
):
    name = f"--{option.replace('_', '-')} is '.*{file}'; {message}"
    with pytest.raises(AssertionError, match=name):
        start(**{**options, option: certificates / file})
