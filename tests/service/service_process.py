"""Starts the service, waits until it listens, and stops it by its process id."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import urllib.request
from pathlib import Path

from patience import HANG

REPOSITORY = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("BASNET_RT_SERVICE_BUILD", REPOSITORY / "build/service"))
ANY_PORT = "127.0.0.1:0"
FAKE, REAL = "basnet_rt_service_fake", "basnet_rt_service"


class Service:
    """A running service on ports that the system chose."""

    def __init__(
        self, program: str, log: Path, *, preload: Path | None = None, **options: object
    ) -> None:
        environment = dict(os.environ)
        if preload is not None:
            asan = environment.get("ASAN_OPTIONS", "")
            environment |= {"LD_PRELOAD": str(preload)}
            environment |= {"ASAN_OPTIONS": f"{asan}:verify_asan_link_order=0"}
        options = {"listen": ANY_PORT, "grace": 0.5, **options}
        words = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
        self.log = log
        with log.open("ab") as errors:
            self.process = subprocess.Popen(
                [str(BUILD / program), *words],
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env=environment,
            )
        line = self.process.stdout.readline()
        if not line:
            self.wait()
            raise AssertionError(f"{program} did not start: {log.read_text()}")
        ports = json.loads(line)
        self.port, self.metrics_port = ports["port"], ports["metrics_port"]
        self.target = f"127.0.0.1:{self.port}"

    def metrics(self) -> dict[str, float]:
        """Every sample of the Prometheus endpoint, by name with labels."""
        address = f"http://127.0.0.1:{self.metrics_port}/metrics"
        with urllib.request.urlopen(address, timeout=HANG) as answer:
            text = answer.read().decode()
        samples = re.findall(r"^(\w+(?:\{[^}]*\})?) (\S+)$", text, re.MULTILINE)
        return {name: float(value) for name, value in samples}

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """As a crash: nothing is written any more."""
        self.process.kill()
        self.wait()

    def wait(self) -> int:
        code = self.process.wait(timeout=HANG)
        self.process.stdout.close()
        return code

    def stop(self) -> None:
        """Ends it the proper way; it must end well, and no sanitizer may have found anything."""
        if self.process.poll() is None:
            self.terminate()
        if self.process.stdout.closed:
            return
        assert self.wait() == 0, self.log.read_text()
        assert "Sanitizer" not in self.log.read_text()
