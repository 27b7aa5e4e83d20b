"""What the build files say must agree with what is there."""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import basnet_rt
from basnet_rt import _core
from checks.sources import REPOSITORY, files, name

TOP = REPOSITORY / "CMakeLists.txt"
BUILT = {
    "csrc/src": "csrc/CMakeLists.txt",
    "csrc/src/c_api": "csrc/src/c_api/CMakeLists.txt",
    "csrc/src/cuda": "csrc/src/cuda/sources.cmake",
    "csrc/src/torch": "csrc/src/torch/sources.cmake",
    "csrc/bindings": "csrc/bindings/CMakeLists.txt",
    "tests/cpp": "tests/cpp/CMakeLists.txt",
    "tests/fuzz": "tests/fuzz/CMakeLists.txt",
    "tests/cpp/torch": "tests/cpp/torch/CMakeLists.txt",
}
ELSEWHERE = ("src/cuda/", "src/torch/", "src/c_api/", "torch/")  # with a build file of their own


@pytest.mark.parametrize("folder", BUILT)
def test_cmake_compiles_every_source(folder: str):
    """Catches a file, or a whole test file, that is never built."""
    build_file = REPOSITORY / BUILT[folder]
    # Files of other folders, which a build file takes too, stand behind a variable.
    listed = set(re.findall(r"(?<![\w/}])[\w/]+\.(?:cpp|cu)\b", build_file.read_text()))
    there = {p.relative_to(build_file.parent).as_posix() for p in files(folder, {".cpp", ".cu"})}
    assert {path for path in there if not path.startswith(ELSEWHERE)} - listed == set()
    assert listed - there == set()


def test_one_version_everywhere():
    """CMakeLists.txt holds it; metadata, extension and change log must follow."""
    found = re.search(r"project\(basnet_rt VERSION ([0-9.]+)", TOP.read_text())
    assert found is not None
    assert metadata.version("basnet-rt") == found[1], "compile again: pip install -e ."
    assert basnet_rt.__version__ == found[1]
    assert f"[{found[1]}]" in (REPOSITORY / "CHANGELOG.md").read_text()


def test_the_stub_names_what_the_extension_has():
    """Catches a binding that mypy cannot see, or a stub for what is gone."""
    stub = (REPOSITORY / "python/basnet_rt/_core.pyi").read_text()
    stubbed = set(re.findall(r"^(?:def|class) (\w+)", stub, re.MULTILINE))
    there = {n for n in dir(_core) if not n.startswith("_")}
    assert stubbed == there


def pinned_versions() -> dict[str, str]:
    text = (REPOSITORY / "constraints.txt").read_text()
    pins = re.findall(r"^([\w.-]+)==(\S+) \\$", text, re.MULTILINE)
    return {canonicalize_name(package): version for package, version in pins}


def test_every_pin_has_its_hashes():
    """Catches a line that pip would take without a hash, and with it every other line."""
    text = (REPOSITORY / "constraints.txt").read_text()
    pins = [block for block in re.split(r"\n(?! )", text.strip()) if not block.startswith("#")]
    form = re.compile(r"[\w.-]+==\S+( \\\n    --hash=sha256:[0-9a-f]{64})+")
    assert len(pins) > 100
    assert [block for block in pins if not form.fullmatch(block)] == []


def test_everything_that_ci_installs_is_pinned():
    """Catches a dependency whose next release can break CI without a change here."""
    pins = pinned_versions()
    waiting, seen = [("basnet-rt", "dev")], set()
    while waiting:
        package, extra = waiting.pop()
        if (package, extra) in seen:
            continue
        seen.add((package, extra))
        for text in metadata.requires(package) or []:
            requirement = Requirement(text)
            if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
                continue
            wanted = canonicalize_name(requirement.name)
            waiting += [(wanted, more) for more in ("", *requirement.extras)]
    installed = {package for package, _ in seen} - {"basnet-rt"}
    assert len(installed) > 30
    assert {p for p in installed if metadata.version(p).split("+")[0] != pins.get(p)} == set()


@pytest.mark.parametrize("page", sorted(REPOSITORY.glob("*.md")) + files("docs", {".md"}), ids=name)
def test_links_between_pages_lead_somewhere(page: Path):
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text())
    local = [link for link in links if "://" not in link and not link.startswith("mailto:")]
    assert [link for link in local if not (page.parent / link).exists()] == []
