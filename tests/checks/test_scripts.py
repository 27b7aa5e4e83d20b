"""The scripts behind `make`: nothing is left out silently, and no failure is lost."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from checks.sources import REPOSITORY


def script(name: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = ["bash", str(REPOSITORY / "scripts" / name), *arguments]
    variables = {**os.environ, **environment}
    return subprocess.run(command, capture_output=True, text=True, env=variables)


def program(folder: Path, name: str, text: str) -> str:
    """An executable of that text; its path."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_missing_system_packages_are_named_in_one_line_where_they_may_not_be_installed(tmp_path):
    program(tmp_path, "id", "echo 1000")  # not root
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    done = script("system_packages.sh", sys.executable, PATH=path, CXX="no-such-compiler")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    headers = "libgtest-dev libgrpc++-dev libprotobuf-dev prometheus-cpp-dev"
    assert line.endswith(f"apt-get install g++ {headers}")


def test_nothing_is_done_where_nothing_is_missing():
    done = script("system_packages.sh", sys.executable)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_failed_stage_fails_the_whole_and_the_others_still_run(tmp_path):
    make = program(tmp_path, "make", 'test "$2" != bad')
    done = script("run_stages.sh", "good", "bad", "last", MAKE=make)
    assert done.returncode == 1
    verdicts = [line.split()[:2] for line in done.stdout.split("== summary\n")[1].splitlines()]
    assert verdicts == [["good", "ok"], ["bad", "FAILED"], ["last", "ok"]]
    assert script("run_stages.sh", "good", MAKE=make).returncode == 0
