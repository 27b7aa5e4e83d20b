"""The service itself, with a bundle: finals equal the Python localizer's, bit for bit."""

from __future__ import annotations

import asyncio
import json
import subprocess

import numpy as np
import pytest
from service_cases import basnet_rt_client, finals, row_of, run, streamed
from service_process import BUILD, REAL

import basnet_rt
from patience import HANG

torch = pytest.importorskip("torch", reason="bundles are exported with torch")

from basnet_rt.model.bundle import BundleMetadata  # noqa: E402
from basnet_training import BaSNet  # noqa: E402
from basnet_training.export import export_bundle  # noqa: E402

Client = basnet_rt_client.Client
CHANGES = {"cas_thresholds": [0.2, 0.4, 0.6], "merge_gap": 0.7}
DIM = 16


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    torch.manual_seed(3)
    network = BaSNet(DIM, 3, 6, 16).eval()
    with torch.no_grad():
        network.cas_module.conv_3[0].weight.mul_(30)  # else every probability is near 1/4
    fields = {"normalisation": "fixed", "gate": "none", "max_duration": 20.0}
    metadata = BundleMetadata(
        classes=("Jump", "Run", "Swim"), feature_dim=DIM, activation="softmax", postprocess=fields
    )
    path = tmp_path_factory.mktemp("bundle") / "small.pt"
    export_bundle(network, metadata, path)
    return path


@pytest.fixture(scope="module")
def localize(bundle):
    model = basnet_rt.load(bundle, engine="native")
    return basnet_rt.Localizer(model, model.config.replace(**CHANGES))


def walk(num_snippets: int, seed: int) -> np.ndarray:
    steps = np.random.default_rng(seed).normal(0, 0.25, (num_snippets, DIM))
    return np.abs(np.mod(np.cumsum(steps, 0), 2) - 1).astype(np.float32)


def check_same(rows: list[tuple], found: basnet_rt.Detections) -> None:
    """Each once, in every bit: both run the native engine."""
    assert sorted(rows) == sorted(row_of(detection) for detection in found)


def test_twenty_streams_and_a_video_equal_localize(start, bundle, localize, tmp_path):
    service = start(REAL, bundle=bundle, config=json.dumps(CHANGES), state_folder=tmp_path / "s")
    videos = [walk(60 + 3 * seed, seed) for seed in range(20)]

    async def work():
        async with Client(service.target) as client:
            tokens = [basnet_rt_client.new_token() if i % 2 else b"" for i in range(20)]
            streams = [
                streamed(client, rows, chunk=1 + i % 5, token=token)
                for i, (rows, token) in enumerate(zip(videos, tokens, strict=True))
            ]
            whole = client.localize_video(videos[0], timeout=HANG)
            return await asyncio.gather(whole, *streams)

    whole, *answers = run(work())
    check_same([row_of(detection) for detection in whole], localize(videos[0]))
    for rows, events in zip(videos, answers, strict=True):
        check_same(finals(events), localize(rows))
    assert sum(len(finals(events)) for events in answers) > 50


def test_a_killed_service_goes_on_with_its_bundle(start, bundle, localize, tmp_path):
    """The network's own state is in what is kept, too."""
    options = {"bundle": bundle, "config": json.dumps(CHANGES), "state_folder": tmp_path / "s"}
    options["checkpoint_every"] = 0.1
    service = start(REAL, **options)
    address, rows = service.target, walk(120, 50)

    async def work():
        token = basnet_rt_client.new_token()
        async with Client(address) as client, client.stream(token=token) as stream:
            for i in range(0, 60, 3):
                await stream.push(rows[i : i + 3])
            while stream.durable < 60:
                await asyncio.sleep(0.02)
            service.kill()
            await asyncio.to_thread(start, REAL, listen=address, **options)
            await stream.push(rows[60:])
            await stream.end()
            return [event async for event in stream.events()]

    check_same(finals(run(work())), localize(rows))


@pytest.mark.parametrize("how", ["absent", "foreign"])
def test_a_bundle_that_cannot_be_read_is_an_error_that_names_it(tmp_path, how):
    path = tmp_path / "model.pt"
    if how == "foreign":
        path.write_bytes(b"no bundle")
    command = [str(BUILD / REAL), "--bundle", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=HANG)
    assert done.returncode == 1
    assert "model.pt" in done.stderr
