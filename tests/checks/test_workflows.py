"""The workflow files name jobs, scripts, make targets and tests that are there, and each Python and
platform that the project promises has its wheel."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from checks.sources import REPOSITORY

if sys.version_info >= (3, 11):
    import tomllib

FILES = sorted((REPOSITORY / ".github/workflows").glob("*.yml"))
MAKEFILE = (REPOSITORY / "Makefile").read_text()
TARGETS = set(re.findall(r"^([a-z][\w-]*):", MAKEFILE, re.MULTILINE))


def jobs(path: Path) -> dict[str, Any]:
    return yaml.safe_load(path.read_text())["jobs"]


def commands(path: Path) -> list[str]:
    """Every line that a job runs, with the values of its matrix in place."""
    found = []
    for job in jobs(path).values():
        matrix = job.get("strategy", {}).get("matrix", {})
        for step in job["steps"]:
            text = step.get("run", "")
            name = re.search(r"\$\{\{ matrix\.(\w+) \}\}", text)
            values = matrix[name[1]] if name else [""]
            found += [text.replace(name[0], value) if name else text for value in values]
    return [line for text in found for line in text.splitlines()]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_workflow_names_what_is_there(path: Path):
    """Catches a stage, a script or a program that was renamed."""
    lines = commands(path)
    assert lines
    for line in lines:
        words = line.split()
        if words[0] == "make":
            assert set(words[1:]) <= TARGETS, line
        named = [w for w in words if re.match(r"(scripts|tests|\.github)/", w)]
        assert [w for w in named if not (REPOSITORY / w).exists()] == [], line


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_workflow_may_do_little_and_needs_jobs_that_exist(path: Path):
    """Catches rights for the whole file where one job needs them."""
    text = yaml.safe_load(path.read_text())
    assert text["permissions"] == {"contents": "read"}
    for job in text["jobs"].values():
        needed = job.get("needs", [])
        assert {needed} if isinstance(needed, str) else set(needed) <= set(text["jobs"])
        for step in job["steps"]:
            assert ("uses" in step) != ("run" in step)
            assert "@" in step.get("uses", "@")


def test_ci_runs_the_stages_of_make_test():
    (stages,) = re.findall(r"^STAGES := ((?:.*\\\n)*.*)$", MAKEFILE, re.MULTILINE)
    wanted = set(re.split(r"[\s\\+]+", stages)) - {"setup"}
    lines = commands(REPOSITORY / ".github/workflows/ci.yml")
    run = {word for line in lines if line.startswith("make ") for word in line.split()[1:]}
    assert wanted - run == set()


@pytest.mark.skipif(sys.version_info < (3, 11), reason="tomllib is new in Python 3.11")
def test_every_promised_python_has_a_wheel():
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    built = project["tool"]["cibuildwheel"]["build"]
    prefix = "Programming Language :: Python :: 3."
    promised = [c for c in project["project"]["classifiers"] if c.startswith(prefix)]
    assert len(promised) >= 4
    assert {f"cp3{c.removeprefix(prefix)}-*" for c in promised} <= set(built)
    tested = project["tool"]["cibuildwheel"]["test-command"].split("{project}/")[1]
    assert (REPOSITORY / tested).is_file()
    runners = jobs(REPOSITORY / ".github/workflows/release.yml")["wheels"]["strategy"]["matrix"]
    assert len(runners["runner"]) == 4


def test_an_address_reaches_every_place_that_shows_it(tmp_path: Path):
    """The script that a release runs first; nothing here says by itself where it is published."""
    (tmp_path / "scripts").mkdir()
    for name in ("pyproject.toml", "README.md", "mkdocs.yml", "scripts/set_address.py"):
        shutil.copy(REPOSITORY / name, tmp_path / name)
    command = [sys.executable, str(tmp_path / "scripts/set_address.py"), "https://a.example/b/c"]
    subprocess.run([*command, "v1.2.3"], check=True)
    links = re.findall(r"\]\(([^)]+)\)", (tmp_path / "README.md").read_text())
    assert [link for link in links if not link.startswith(("https://", "#"))] == []
    assert "https://a.example/b/c/blob/v1.2.3/docs/tutorial.md" in links
    assert "https://a.example/b/c/raw/v1.2.3/docs/images/report.png" in links
    assert yaml.safe_load((tmp_path / "mkdocs.yml").read_text())["site_url"].startswith(
        "https://b."
    )
    text = (tmp_path / "pyproject.toml").read_text()
    assert 'Repository = "https://a.example/b/c"' in text
    assert subprocess.run(command, capture_output=True).returncode == 1  # once is enough
    wrong = subprocess.run([*command[:2], "somewhere"], capture_output=True, text=True)
    assert "https://HOST/OWNER/NAME" in wrong.stderr
