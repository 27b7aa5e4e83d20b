"""The service under test, started as often as a test needs it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from service_cases import basnet_rt_client
from service_process import FAKE, Service

from patience import HANG


@pytest.fixture(autouse=True)
def patient_goodbyes(monkeypatch) -> None:
    """A client leaves a finished stream when the service has forgotten it, however busy this is."""
    monkeypatch.setattr(basnet_rt_client, "_GOODBYE", HANG)


@pytest.fixture
def start(tmp_path) -> Iterator[Callable[..., Service]]:
    """Starts a service with options; at the end each must stop well."""
    services: list[Service] = []

    def begin(program: str = FAKE, **options: object) -> Service:
        services.append(Service(program, tmp_path / f"service_{len(services)}.log", **options))
        return services[-1]

    yield begin
    for service in services:
        service.stop()


@pytest.fixture(scope="module")
def service(tmp_path_factory) -> Iterator[Service]:
    """One service for the tests of a file; what a test breaks, the next one would notice."""
    running = Service(FAKE, tmp_path_factory.mktemp("service") / "log", alarm_threshold=0.7)
    yield running
    running.stop()
