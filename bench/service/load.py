"""200 clients of the service at real-time rate, each compared with `localize`.

    python -m bench.service.load [--clients 200] [--seconds 120] [--service PROGRAM] [--markdown]

Half the clients send features of cctv_fights' test videos, looped; half simulated ones; one snippet
every 0.64 s, each client at its own moment. Every second client's stream is resumable, so the
service also saves states. The network is a default-size one (F = 2560, 20 classes, float32) unless
--bundle names another. Reported: finals lost or doubled against `Localizer` on the whole, the time
from a push to the progress message that says it was processed, as the client sees it, and the
memory of the service. --markdown writes the table into service/README.md.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bench.service.load_inputs import SNIPPET_SECONDS, Inputs, make_inputs
from bench.service.load_report import compared, markdown
from bench.tables import REPOSITORY, publish
from service.client import basnet_rt_client


class Latencies:
    """Seconds from each push to the message that says it was processed."""

    def __init__(self) -> None:
        self.pushed: dict[int, float] = {}  # by index behind the snippet
        self.seconds: list[float] = []

    def processed(self, snippets: int) -> None:
        now = time.perf_counter()
        for end in [end for end in self.pushed if end <= snippets]:
            self.seconds.append(now - self.pushed.pop(end))


async def push_live(stream: Any, rows: np.ndarray, begin: float, latencies: Latencies) -> None:
    """Push one snippet every 0.64 s from `begin`; if it is late, it does not wait."""
    loop = asyncio.get_running_loop()
    for i in range(len(rows)):
        await asyncio.sleep(begin + i * SNIPPET_SECONDS - loop.time())
        latencies.pushed[i + 1] = time.perf_counter()
        await stream.push(rows[i : i + 1])
    await stream.end()


async def one_client(
    client: Any, rows: np.ndarray, number: int, clients: int
) -> tuple[list[Any], list[float]]:
    """A stream from its first snippet to its last final: its finals and latencies."""
    begin = asyncio.get_running_loop().time() + SNIPPET_SECONDS * number / clients + 0.5
    token = basnet_rt_client.new_token() if number % 2 else b""
    latencies, finals = Latencies(), []
    async with client.stream(token=token) as stream:
        sender = asyncio.create_task(push_live(stream, rows, begin, latencies))
        async for event in stream.events():
            kind = event.WhichOneof("event")
            if kind == "progress":
                latencies.processed(event.progress.processed)
            elif kind == "final":
                finals.append(event)
        await sender
    return finals, latencies.seconds


async def watch_memory(pid: int, samples: list[tuple[float, float]]) -> None:
    """(seconds, MiB resident) of the service, twice a second."""
    begin = time.perf_counter()
    while True:
        text = Path(f"/proc/{pid}/status").read_text()
        resident = next(line for line in text.splitlines() if line.startswith("VmRSS"))
        samples.append((time.perf_counter() - begin, int(resident.split()[1]) / 1024))
        await asyncio.sleep(0.5)


async def drive(target: str, pid: int, inputs: Inputs) -> dict[str, Any]:
    """All clients at once, on a few connections."""
    memory: list[tuple[float, float]] = []
    watcher = asyncio.create_task(watch_memory(pid, memory))
    count = len(inputs.streams)
    clients = [basnet_rt_client.Client(target, options=(("n", i),)) for i in range(20)]
    work = (
        one_client(clients[i % len(clients)], rows, i, count)
        for i, rows in enumerate(inputs.streams)
    )
    answers = await asyncio.gather(*work)
    watcher.cancel()
    for client in clients:
        await client.channel.close()
    latencies = np.concatenate([seconds for _, seconds in answers])
    return {"finals": [f for f, _ in answers], "latencies": latencies, "memory": memory}


def start_service(program: Path, inputs: Inputs, folder: Path, clients: int) -> Any:
    """The process, and its address."""
    words = ["--bundle", inputs.bundle, "--config", inputs.config, "--listen", "127.0.0.1:0"]
    words += ["--max-streams-per-client", clients, "--state-folder", folder / "states"]
    process = subprocess.Popen(
        [str(word) for word in [program, *words]], stdout=subprocess.PIPE, text=True
    )
    line = process.stdout.readline()
    if not line:
        raise SystemExit(f"{program} did not start")
    return process, f"127.0.0.1:{json.loads(line)['port']}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--bundle", type=Path, default=None)
    parser.add_argument(
        "--service", type=Path, default=REPOSITORY / "build/service/basnet_rt_service"
    )
    parser.add_argument("--markdown", action="store_true", help="write the table into the README")
    options = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        num_snippets = int(options.seconds / SNIPPET_SECONDS)
        inputs = make_inputs(Path(name), options.clients, num_snippets, options.bundle)
        print(f"streaming for {options.seconds:.0f} s", file=sys.stderr, flush=True)
        process, target = start_service(options.service, inputs, Path(name), options.clients)
        before = os.getloadavg()[0]
        try:
            measured = asyncio.run(drive(target, process.pid, inputs))
        finally:
            process.terminate()
            process.wait(30)
    faults = compared(measured["finals"], inputs.expected)
    text = markdown(measured, faults, inputs, load=before)
    publish(REPOSITORY / "service/README.md", "load", text, write=options.markdown)
    if faults.lost or faults.doubled or faults.foreign:
        raise SystemExit("finals differ from localize")


if __name__ == "__main__":
    main()
