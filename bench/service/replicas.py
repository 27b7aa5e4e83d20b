"""100 live streams on three replicas and a Redis, of which each dies again and again.

    python -m bench.service.replicas [--clients 100] [--seconds 120] [--markdown]

Every client sends one snippet every 0.64 s and knows the addresses of all replicas. Every ten
seconds the next replica is killed with -9 and comes back two seconds later; in the middle Redis is
killed with -9 and comes back with its append-only file. Checked of every client: its finals are
those of `Localizer` on the whole, bit for bit, and its events are numbered without a gap or a
repeat. A failure ends the program with status 1. --markdown writes the table into the README.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

import basnet_rt
from basnet_rt.model.bundle import BundleMetadata
from basnet_training import BaSNet
from basnet_training.export import export_bundle
from bench.service.load import Latencies, push_live
from bench.service.load_inputs import SNIPPET_SECONDS, streaming_changes
from bench.tables import REPOSITORY, machine, publish
from service.client import basnet_rt_client

FEATURE_DIM, CLASSES = 64, 8
REPLICAS, KILL_EVERY, BACK_AFTER = 3, 10.0, 2.0


@dataclass(frozen=True)
class Inputs:
    """One stream per client, and the rows that must be found in each."""

    bundle: Path
    config: str
    streams: list[np.ndarray]
    expected: list[list[tuple[float, ...]]]


def made_inputs(folder: Path, clients: int, snippets: int) -> Inputs:
    torch.manual_seed(0)
    network = BaSNet(FEATURE_DIM, CLASSES, 16, 64).eval()
    with torch.no_grad():
        network.cas_module.conv_3[0].weight.mul_(30)  # else every probability is near 1/9
    classes = tuple(f"class {i}" for i in range(CLASSES))
    fields = {"classes": classes, "feature_dim": FEATURE_DIM, "activation": "softmax"}
    bundle = folder / "replicas.pt"
    export_bundle(network, BundleMetadata(**fields), bundle)
    streams = [walk(snippets, seed) for seed in range(clients)]
    model = basnet_rt.load(bundle, engine="native")
    changes = streaming_changes(model, streams[::10])
    localize = basnet_rt.Localizer(model, model.config.replace(**changes))
    expected = []
    for rows in streams:
        found = localize(rows)
        columns = (found.labels, *found.segments.T, found.scores)
        expected.append(sorted(zip(*(column.tolist() for column in columns), strict=True)))
    return Inputs(bundle, json.dumps(changes), streams, expected)


def walk(snippets: int, seed: int) -> np.ndarray:
    """(N, F) float32, a walk within [0, 1], so that segments open and close."""
    steps = np.random.default_rng(seed).normal(0, 0.25, (snippets, FEATURE_DIM))
    return np.abs(np.mod(np.cumsum(steps, 0), 2) - 1).astype(np.float32)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Process:
    """A program that is killed and started again, at the same port."""

    def __init__(self, command: list[str], folder: Path, port: int) -> None:
        self._command, self._folder, self.port = command, folder, port
        self.kills = 0
        self.start()

    def start(self) -> None:
        with (self._folder / f"{self.port}.log").open("ab") as log:
            self.process = subprocess.Popen(self._command, stdout=log, stderr=log)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.kills += 1

    async def kill_for(self, seconds: float) -> None:
        self.kill()
        await asyncio.sleep(seconds)
        self.start()


def start_redis(folder: Path) -> Process:
    port = free_port()
    fixed = f"redis-server --port {port} --bind 127.0.0.1 --appendonly yes --appendfsync always"
    return Process([*fixed.split(), "--save", "", "--dir", str(folder)], folder, port)


def start_replica(program: Path, inputs: Inputs, folder: Path, redis: Process) -> Process:
    port = free_port()
    words = ["--bundle", inputs.bundle, "--config", inputs.config, "--listen", f"127.0.0.1:{port}"]
    words += ["--max-streams-per-client", 1000, "--max-states-per-client", 1000]
    words += ["--checkpoint-every", 2, "--state", f"redis://127.0.0.1:{redis.port}/0"]
    return Process([str(word) for word in [program, *words]], folder, port)


async def disturb(replicas: list[Process], redis: Process, seconds: float) -> None:
    """Kills one replica after the other, and Redis once, in the middle."""

    async def kill_redis() -> None:
        await asyncio.sleep(seconds / 2 + KILL_EVERY / 2)
        await redis.kill_for(BACK_AFTER)

    middle = asyncio.create_task(kill_redis())
    for turn in range(int(seconds / KILL_EVERY)):
        await asyncio.sleep(KILL_EVERY - BACK_AFTER)
        await replicas[turn % len(replicas)].kill_for(BACK_AFTER)
    await middle


@dataclass
class Heard:
    """The numbered events of one client, its latencies in seconds, and its connections."""

    events: list[Any]
    seconds: list[float]
    connections: int


async def one_client(client: Any, rows: np.ndarray, number: int, clients: int) -> Heard:
    begin = asyncio.get_running_loop().time() + SNIPPET_SECONDS * number / clients + 0.5
    latencies, events = Latencies(), []
    token = basnet_rt_client.new_token()
    async with client.stream(token=token, retry_seconds=120.0, take_back=100) as stream:
        sender = asyncio.create_task(push_live(stream, rows, begin, latencies))
        async for event in stream.events():
            if event.WhichOneof("event") == "progress":
                latencies.processed(event.progress.processed)
            elif event.sequence:
                events.append(event)
        await sender
        return Heard(events, latencies.seconds, stream.connections)


async def drive(replicas: list[Process], redis: Process, inputs: Inputs, seconds: float) -> Any:
    targets = [f"127.0.0.1:{replica.port}" for replica in replicas]
    clients = [basnet_rt_client.Client(targets, options=(("n", i),)) for i in range(10)]
    trouble = asyncio.create_task(disturb(replicas, redis, seconds))
    work = (
        one_client(clients[i % len(clients)], rows, i, len(inputs.streams))
        for i, rows in enumerate(inputs.streams)
    )
    answers = await asyncio.gather(*work)
    await trouble
    for client in clients:
        await client.__aexit__()
    return answers


def faults_of(answers: list[Heard], inputs: Inputs) -> tuple[int, int]:
    """Clients whose finals differ, and clients whose numbers have a gap or a repeat."""
    differ = numbers = 0
    for heard, expected in zip(answers, inputs.expected, strict=True):
        sent = [e.final.detection for e in heard.events if e.HasField("final")]
        differ += sorted((d.label, d.start, d.end, d.score) for d in sent) != expected
        told = [event.sequence for event in heard.events]
        numbers += told != list(range(1, len(told) + 1)) or not heard.events[-1].HasField(
            "finished"
        )
    return differ, numbers


def table(answers: list[Heard], inputs: Inputs, kills: tuple[int, int], load: float) -> str:
    differ, numbers = faults_of(answers, inputs)
    milliseconds = np.concatenate([heard.seconds for heard in answers]) * 1000
    percentiles = " / ".join(f"{np.percentile(milliseconds, p):.0f}" for p in (50, 90, 99, 100))
    return "\n".join(
        [
            f"{machine()}; everything on one machine, load average before the run {load:.1f}.",
            "",
            "| what | measured |",
            "| --- | --- |",
            f"| streams, snippets of each | {len(inputs.streams)}, {len(inputs.streams[0])} |",
            f"| replicas killed with -9, Redis killed with -9 | {kills[0]}, {kills[1]} |",
            f"| connections that clients opened | {sum(heard.connections for heard in answers)} |",
            f"| finals of `localize` | {sum(map(len, inputs.expected))} |",
            f"| clients whose finals differ in any bit | {differ} |",
            f"| clients whose events have a gap or a repeat | {numbers} |",
            f"| push to processed, p50 / p90 / p99 / most | {percentiles} ms |",
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument(
        "--service", type=Path, default=REPOSITORY / "build/service/basnet_rt_service"
    )
    parser.add_argument("--markdown", action="store_true", help="write the table into the README")
    options = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        inputs = made_inputs(folder, options.clients, int(options.seconds / SNIPPET_SECONDS))
        redis = start_redis(folder)
        replicas = [start_replica(options.service, inputs, folder, redis) for _ in range(REPLICAS)]
        time.sleep(2.0)
        load = os.getloadavg()[0]
        print(f"streaming for {options.seconds:.0f} s", file=sys.stderr, flush=True)
        try:
            answers = asyncio.run(drive(replicas, redis, inputs, options.seconds))
        finally:
            kills = (sum(replica.kills for replica in replicas), redis.kills)
            for process in (*replicas, redis):
                process.kill()
    publish(
        REPOSITORY / "service/README.md",
        "replicas",
        table(answers, inputs, kills, load),
        write=options.markdown,
    )
    if any(faults_of(answers, inputs)):
        raise SystemExit("events differ from localize")


if __name__ == "__main__":
    main()
