"""`basnet-rt info`, and what all commands have in common."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import tiny_bundle


def test_info_for_people(run_cli, tmp_path):
    path = tiny_bundle.write(
        tmp_path / "m.pt", num_segments=750, provenance={"simulated": True, "seed": 3}
    )
    text = run_cli("info", path).stdout
    for part in ("Jump, Run, Swim", "(T, 8) of made-up", "0.64 s", "750", "simulated features",
                 "class_threshold", "provenance.seed"):  # fmt: skip
        assert part in text


def test_info_for_programs(run_cli, bundle):
    fields = json.loads(run_cli("info", bundle, "--json").stdout)
    assert fields["classes"] == list(tiny_bundle.CLASSES)
    assert fields["format_version"] == 1


def test_info_of_something_else(run_cli, tmp_path):
    done = run_cli("info", tmp_path / "none.pt")
    assert done.exit_code == 1
    assert "none.pt: no such file" in done.stderr


@pytest.mark.parametrize("arguments", [(), ("--help",), ("localize", "--help")])
def test_help(run_cli, arguments):
    assert "localize" in run_cli(*arguments).output


def test_module_and_exit_code(tmp_path):
    """`python -m basnet_rt`, in a process of its own: the real exit codes."""
    for arguments, code in ((["info", str(tmp_path / "no.pt")], 1), (["no-such-command"], 2)):
        done = subprocess.run([sys.executable, "-m", "basnet_rt", *arguments], capture_output=True)
        assert done.returncode == code
        assert b"Traceback" not in done.stderr


def test_without_the_extra():
    """In a wheel installed alone: one line that says what to install."""
    code = "import sys; sys.modules['typer'] = None; from basnet_rt.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.strip() == "basnet-rt needs typer: pip install 'basnet-rt[cli]'"
