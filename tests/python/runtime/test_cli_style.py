"""Both programs look alike: --version, -h, completion, errors on one line."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

import basnet_rt
from basnet_rt.cli.app import app as runtime
from basnet_training.cli import app as training

PROGRAMS = {"basnet-rt": (runtime, "info"), "basnet-train": (training, "export")}


def call(program: str, *arguments: str):
    return CliRunner().invoke(PROGRAMS[program][0], arguments, prog_name=program)


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_version_is_said(program):
    done = call(program, "--version")
    assert done.exit_code == 0
    assert done.stdout == f"{program} {basnet_rt.__version__}\n"


@pytest.mark.parametrize("program", PROGRAMS)
def test_h_is_help_for_the_program_and_for_every_command(program):
    assert call(program, "-h").stdout == call(program, "--help").stdout
    command = PROGRAMS[program][1]
    done = call(program, command, "-h")
    assert done.exit_code == 0
    assert done.stdout.startswith(f"Usage: {program} {command} ")
    assert "-h, --help" in done.stdout


@pytest.mark.parametrize("program", PROGRAMS)
def test_help_is_plain_text(program):
    """No frame around it, so that a screen reader and a log read it as it is."""
    text = call(program, "-h").stdout
    assert not set(text) & set("╭│╰─")
    assert "--install-completion" in text


@pytest.mark.parametrize(
    ("module", "program", "typed", "wanted"),
    [
        ("basnet_rt.cli", "basnet-rt", "basnet-rt loc", "localize"),
        ("basnet_rt.cli", "basnet-rt", "basnet-rt review --cou", "--count"),
        ("basnet_training.program", "basnet-train", "basnet-train imp", "import-checkpoint"),
    ],
)
def test_bash_completes_commands_and_options(module, program, typed, wanted):
    code = f"from typer.main import get_command; from {module} import main; main()"
    variable = f"_{program.upper().replace('-', '_')}_COMPLETE"
    asked = {"COMP_WORDS": typed, "COMP_CWORD": str(typed.count(" ")), variable: "complete_bash"}
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.argv[0] = {program!r}; {code}"],
        env=os.environ | asked,
        capture_output=True,
        text=True,
        check=False,
    )
    assert wanted in done.stdout.split(), done.stderr


@pytest.mark.parametrize("program", PROGRAMS)
def test_wrong_usage_is_told_without_the_secrets_of_addresses(program):
    done = call(program, "http://bob:hunter2@h/x?token=hunter2")
    assert done.exit_code == 2
    assert "http://h/x" in done.stderr
    assert "hunter2" not in done.output


@pytest.mark.parametrize(
    "arguments",
    [
        ["stream", "x.npy", "-m", "m.pt", "--save-state", "http://bob:hunter2@h/st"],
        ["compare", "a.json", "b.json", "-g", "s3://bob:hunter2@h/b.json", "-s", "test"],
        ["localize", "x.mp4", "-m", "m.pt", "--config", "http://bob:a/hunter2@h/c?token=hunter2"],
        ["info", "http://bob:hunter2@h/model.pt"],
        ["export", "run", "-o", "http://bob:hunter2@h/model.pt"],
    ],
)
def test_an_address_in_place_of_a_path_is_refused(arguments, tmp_path, monkeypatch):
    """A path would be a folder named `http:` that holds the password."""
    monkeypatch.chdir(tmp_path)
    program = training if arguments[0] == "export" else runtime
    done = CliRunner().invoke(program, arguments)
    assert done.exit_code == 2
    assert "is an address; give a path on this machine" in done.stderr
    assert "hunter2" not in done.output
    assert not list(tmp_path.iterdir())
