"""docs/cpp.md: its program, its build file and its commands as they stand, in one folder.

The library is that of fixture `prefix`, which the page's commands install.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import torch

from install.bundles import stored_bundle, streamed
from install.cpp_projects import LIBTORCH, block
from install.environments import run

INSTALL = block("sh", "cmake -S basnet_rt -B build-library\n")


@pytest.fixture(scope="module")
def live(prefix: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the page has its reader make, with the installed library."""
    folder = tmp_path_factory.mktemp("live")
    (folder / "prefix").symlink_to(prefix)
    (folder / "main.cpp").write_text(block("cpp", "int main"))
    (folder / "CMakeLists.txt").write_text(block("cmake", "find_package"))
    return folder


def shell(commands: str, folder: Path) -> str:
    return run("bash", "-ec", commands, cwd=folder)


def test_the_page_names_the_folder_of_libtorch():
    (expression,) = re.findall(r"TORCH=\$\(python -c '(.*)'\)", block("sh", "pip install torch"))
    assert expression == "import torch; print(torch.utils.cmake_prefix_path)"
    assert torch.utils.cmake_prefix_path == LIBTORCH


def test_with_libtorch_two_options_are_all_that_is_added():
    """Compiled with them by the fixture `prefix`."""
    commands = block("sh", "pip install torch")
    added = r"pip.*\nTORCH.*\n| -DBASNET_RT_TORCH=ON -DCMAKE_PREFIX_PATH=\$TORCH"
    assert re.sub(added, "", commands) == INSTALL


def test_the_program_is_thirty_lines_and_finds_what_python_finds(live: Path):
    video = stored_bundle(live)
    program = [line for line in block("cpp", "int main").splitlines() if line.strip()]
    assert len(program) <= 32
    shell(block("sh", "cmake -S . -B build -DCMAKE_BUILD_TYPE=Release"), live)
    (live / "model.pt").symlink_to(video.bundle)
    printed = shell(block("sh", "build/live model.pt"), live).splitlines()
    expected = streamed(video, 1)
    assert len(printed) == len(expected) > 5
    for got, want in zip(printed, expected, strict=True):
        name, start, _, end, *_ = got.replace(",", "").split()
        want_name, want_start, want_end, _ = want.split()
        assert name == want_name
        assert (float(start), float(end)) == pytest.approx(
            (float(want_start), float(want_end)), rel=1e-5
        )


def test_the_program_links_by_pkg_config(live: Path):
    shell(block("sh", "pkg-config --cflags"), live)
    assert "torch" not in run("ldd", live / "live")


def test_a_wrong_file_is_one_line(live: Path):
    done = subprocess.run([live / "live", "nowhere.pt"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("nowhere.pt: no such file")
