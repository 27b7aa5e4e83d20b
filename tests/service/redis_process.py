"""A Redis server on the loopback, as a deployment has it: append-only file, synced always."""

from __future__ import annotations

import shutil
import socket
import subprocess
from pathlib import Path

from patience import HANG, wait_for

PROGRAM = shutil.which("redis-server")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Redis:
    """A server whose files lie in a folder; `start` after `kill` finds them there."""

    def __init__(self, folder: Path, *settings: str) -> None:
        self.folder, self.settings = folder, settings
        self.port = free_port()
        self.address = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        fixed = f"--port {self.port} --bind 127.0.0.1 --appendonly yes --appendfsync always --save"
        command = [str(PROGRAM), *fixed.split(), "", "--dir", str(self.folder), *self.settings]
        with (self.folder / "redis.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        wait_for(self.ready, "redis-server")

    def ready(self) -> bool:
        assert self.process.poll() is None, (self.folder / "redis.log").read_text()
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", self.port)) != 0:
                return False
        return "LOADING" not in self.ask("PING")

    def ask(self, *words: object) -> str:
        """The answer of redis-cli."""
        command = ["redis-cli", "-p", str(self.port), *map(str, words)]
        done = subprocess.run(command, capture_output=True, timeout=HANG, check=True)
        return done.stdout.decode(errors="backslashreplace").strip()

    def streams(self) -> list[str]:
        """The names of the streams that are kept."""
        return [key.rsplit(":", 1)[1] for key in self.ask("KEYS", "*:stream:*").split()]

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(timeout=HANG)
