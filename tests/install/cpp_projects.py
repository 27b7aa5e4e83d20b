"""Building the C++ library and projects that use it, as their users do."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

import torch

from install.environments import REPOSITORY, run

PAGE = (REPOSITORY / "docs/cpp.md").read_text()
LIBTORCH = torch.utils.cmake_prefix_path
EXAMPLES = REPOSITORY / "examples/cpp"
PROBE = Path(__file__).parent / "probe"
CONSUMER = Path(__file__).parent / "consumer"
HAS_NVCC = shutil.which("nvcc") is not None


def install_library(folder: Path, **options: str) -> Path:
    """The prefix, by the commands of docs/cpp.md for a library with component torch.

    The build folder lies where other stages build, and warnings are errors as there: ccache then
    knows the files that were compiled with the same options before. It is gone afterwards, as it is
    for a user of a package.
    """
    (REPOSITORY / "build").mkdir(exist_ok=True)
    build = Path(tempfile.mkdtemp(prefix="install-", dir=REPOSITORY / "build"))
    definitions = " ".join(f"-D{name}={value}" for name, value in options.items())
    commands = block("sh", "-DBASNET_RT_TORCH=ON -DCMAKE_PREFIX_PATH=$TORCH")
    commands = commands.replace("pip install torch\n", "")
    commands = commands.replace("build-library", shlex.quote(str(build)))
    checkout = f"{shlex.quote(str(REPOSITORY))} -G Ninja -DBASNET_RT_WERROR=ON {definitions}"
    commands = commands.replace("-S basnet_rt", f"-S {checkout}")
    try:
        run("bash", "-euc", commands, cwd=folder)
    finally:
        shutil.rmtree(build)
    return folder / "prefix"


def block(language: str, holding: str) -> str:
    """The one block of code of docs/cpp.md in that language that holds the text."""
    blocks = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    (found,) = [text for text in blocks if holding in text]
    return found


def configure(
    source: Path, build: Path, *prefixes: str | Path, log_level: str = "ERROR", **options: str
) -> subprocess.CompletedProcess[str]:
    """An outside project that searches for packages in `prefixes`, and the system's places."""
    command = ["cmake", "-S", source, "-B", build, "-G", "Ninja", f"--log-level={log_level}"]
    command.append(f"-DCMAKE_PREFIX_PATH={';'.join(map(str, prefixes))}")
    command += [f"-D{name}={value}" for name, value in options.items()]
    return subprocess.run([str(part) for part in command], capture_output=True, text=True)


def build_project(source: Path, build: Path, *prefixes: str | Path, **options: str) -> Path:
    """The build folder, with the project's programs."""
    configured = configure(source, build, *prefixes, **options)
    assert configured.returncode == 0, configured.stderr
    run("cmake", "--build", build, "-j", "2")
    return build


def lines(*command: str | Path, **variables: str) -> list[str]:
    """What a program prints; it computes on one thread, as the test does."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", **variables}
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, f"{command}: {done.stderr}"
    assert done.stderr == ""  # the library never prints
    return done.stdout.splitlines()


def without_gpu(program: str | Path) -> str:
    """First line of consumer/cuda.cpp's: whether the library has a CUDA backend. GPUs are hidden;
    the program's answers are checked."""
    built, reason, error, found = lines(program, CUDA_VISIBLE_DEVICES="")
    assert reason in error
    assert found == "1 2"
    if built == "not built":
        assert "has no CUDA backend" in reason
    return built
