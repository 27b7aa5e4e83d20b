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
    headers = "libgtest-dev libgrpc++-dev libprotobuf-dev prometheus-cpp-dev libhiredis-dev"
    assert line.endswith(f"apt-get install g++ {headers}")


def test_nothing_is_done_where_nothing_is_missing():
    done = script("system_packages.sh", sys.executable)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def stages(folder: Path, make: str, *names: str) -> subprocess.CompletedProcess[str]:
    return script("run_stages.sh", *names, MAKE=make, LOGS=str(folder / "logs"))


def verdicts(done: subprocess.CompletedProcess[str]) -> list[list[str]]:
    table = done.stdout.split("== summary")[1].splitlines()[1:]
    return [line.split()[:2] for line in table[:-1]]  # the last adds up


def test_a_failed_stage_fails_the_whole_and_the_others_still_run(tmp_path):
    make = program(tmp_path, "make", 'test "$2" != bad')
    done = stages(tmp_path, make, "good", "bad", "last")
    assert done.returncode == 1
    assert verdicts(done) == [["good", "ok"], ["bad", "FAILED"], ["last", "ok"]]
    assert stages(tmp_path, make, "good").returncode == 0


def test_stages_at_the_same_time_lose_no_failure_and_no_line(tmp_path):
    """Each waits for the other, so one after the other they would never end."""
    both = "[ -e a.began ] && [ -e b.began ]"
    text = f'echo "line of $2"; touch "$2.began"; until {both}; do sleep 0.05; done; test "$2" != b'
    make = program(tmp_path, "make", f"cd {tmp_path}; {text}")
    done = stages(tmp_path, make, "a+b")
    assert done.returncode == 1
    assert verdicts(done) == [["a", "ok"], ["b", "FAILED"]]
    assert "== make a\nline of a\n== make b\nline of b\n" in done.stdout


def test_after_a_failed_set_up_nothing_is_tried(tmp_path):
    done = stages(tmp_path, program(tmp_path, "make", "false"), "setup", "lint")
    assert done.returncode == 1
    assert verdicts(done) == [["setup", "FAILED"]]


def test_the_summary_says_what_was_skipped_and_why(tmp_path):
    line = "SKIPPED [2] tests/test_a.py:3: no nvcc on this machine"
    done = stages(tmp_path, program(tmp_path, "make", f"echo '{line}'"), "one", "two")
    assert done.stdout.split("== skipped\n")[1].startswith(line.removeprefix("SKIPPED ") + "\n==")


def test_skipped_cpp_tests_are_named_as_those_of_python(tmp_path):
    log = tmp_path / "Testing/Temporary/LastTest.log"
    log.parent.mkdir(parents=True)
    log.write_text("[ RUN ] A.B\n/x/test_gpu.cpp:7: Skipped\nno GPU\n" * 2)
    program(tmp_path, "ctest", "exit 8")
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    done = script("run_ctest.sh", str(tmp_path), "2", PATH=path)
    assert done.returncode == 8
    assert done.stdout == "SKIPPED [2] /x/test_gpu.cpp:7: no GPU\n"
