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


def test_a_certificate_that_is_not_there_is_an_error(start, tmp_path):
    with pytest.raises(AssertionError, match="cannot read"):
        start(tls_cert=tmp_path / "none.pem", tls_key=tmp_path / "none.key")
