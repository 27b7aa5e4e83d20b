"""The scripts of bench/cuda, where there is no GPU: they must be ready for the day there is one."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import basnet_rt
from bench.cuda import gpu, table

RUN_ALL = Path(gpu.__file__).with_name("run_all.sh")


def run_all(*options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    variables = {**os.environ, "PYTHON": sys.executable, **environment}
    command = ["bash", str(RUN_ALL), *options]
    return subprocess.run(command, capture_output=True, text=True, env=variables)


def test_everything_that_needs_no_gpu_runs(tmp_path):
    """Catches a benchmark that breaks as the package goes on: every line but the device's runs."""
    done = run_all("--smoke", OUT=str(tmp_path))
    logs = "\n".join(log.read_text() for log in sorted(tmp_path.glob("*.log")))
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}\n{logs}"
    for part in ("python-tests", "bench-postprocess", "bench-localize", "bench-streams"):
        assert f"| {part} | ok |" in done.stdout
    assert "| memcheck | skipped: no GPU |" in done.stdout
    assert "times mean nothing" in done.stdout
    results = {file.stem: json.loads(file.read_text()) for file in tmp_path.glob("*.json")}
    assert set(results) == {"postprocess", "localize", "streams"}
    assert all(result["smoke"] and len(result["rows"]) > 2 for result in results.values())
    assert (tmp_path / "table.md").read_text() in done.stdout + "\n"


def test_without_a_gpu_it_says_so(tmp_path):
    """Catches timings of a processor that pass for a GPU's."""
    nowhere = tmp_path / "bin"
    nowhere.mkdir()
    (nowhere / "nvidia-smi").write_text("#!/bin/sh\nexit 9\n")
    (nowhere / "nvidia-smi").chmod(0o755)
    done = run_all(OUT=str(tmp_path), PATH=f"{nowhere}{os.pathsep}{os.environ['PATH']}")
    assert done.returncode == 3
    assert "no GPU" in done.stderr


def test_a_benchmark_alone_refuses_too(monkeypatch, capsys):
    monkeypatch.setattr(
        basnet_rt, "backends", lambda: (None, basnet_rt.Backend("cuda", True, False, (), "none"))
    )
    with pytest.raises(SystemExit) as ended:
        gpu.chosen(argparse.Namespace(smoke=False, rounds=1))
    assert ended.value.code == gpu.NO_GPU
    assert "needs a GPU: none" in capsys.readouterr().err


def test_a_failed_part_fails_the_whole(tmp_path):
    """Catches a lost status: here PYTHON is a program that fails."""
    broken = tmp_path / "python"
    broken.write_text(
        f'#!/bin/sh\ncase "$2" in bench.cuda.table) exec {sys.executable} "$@";; esac\nexit 7\n'
    )
    broken.chmod(0o755)
    done = run_all("--smoke", OUT=str(tmp_path / "out"), PYTHON=str(broken))
    assert done.returncode == 1
    assert done.stdout.count("| FAILED: status 7 |") == 4


def test_smoke_results_never_get_into_the_documentation(tmp_path, monkeypatch):
    row = {"part": "p", "what": "w", "low": 1e-3, "median": 2e-3, "high": 3e-3, "ratio": None}
    result = {"machine": "none", "smoke": True, "rows": [row]}
    (tmp_path / "one.json").write_text(json.dumps(result))
    page = tmp_path / "page.md"
    page.write_text(f"a\n<!-- {table.SECTION}:begin -->\n<!-- {table.SECTION}:end -->\nb\n")
    monkeypatch.setattr(table, "PAGE", page)
    monkeypatch.setattr(sys, "argv", ["table.py", str(tmp_path), "--docs"])
    with pytest.raises(SystemExit, match="no results of a GPU"):
        table.main()
    (tmp_path / "one.json").write_text(json.dumps({**result, "smoke": False}))
    table.main()
    assert "| p | w | 2.00 [1.00, 3.00] |" in page.read_text()


def test_the_documentation_has_a_place_for_the_table():
    text = table.PAGE.read_text()
    assert text.count(f"<!-- {table.SECTION}:begin -->") == 1
    assert text.count(f"<!-- {table.SECTION}:end -->") == 1
