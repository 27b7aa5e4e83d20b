"""The wheel in an empty environment: it brings NumPy, imports and post-processes."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

import basnet_rt
from install.bundles import in_words, stored_bundle
from install.environments import REPOSITORY, pip, run

PROGRAM = Path(__file__).parent / "programs/numpy_alone.py"
WHOLE_WAY = PROGRAM.with_name("whole_way.py")
WITHOUT_TORCH = PROGRAM.with_name("without_torch.py")
WITHOUT_GPU = PROGRAM.with_name("cuda_without_gpu.py")


def test_only_numpy_comes_with_it(numpy_python: Path):
    listed = json.loads(pip(numpy_python, "list", "--format", "json"))
    assert {package["name"].replace("_", "-") for package in listed} == {"basnet-rt", "numpy"}


def test_it_post_processes(numpy_python: Path, tmp_path: Path):
    """With the released code's numbers where they are at hand; in CI they are."""
    golden = Path(os.environ.get("BASNET_RT_SHARED", REPOSITORY.parent / "shared"), "golden")
    if not golden.is_dir() and os.environ.get("CI") == "true":
        pytest.fail(f"no shared data at {golden.parent}: set BASNET_RT_SHARED")
    archive = [golden / "postprocess.npz"] if golden.is_dir() else []
    version, place = run(numpy_python, PROGRAM, *archive, cwd=tmp_path).split()
    assert place.startswith(str(numpy_python.parents[1]))
    assert version in pip(numpy_python, "show", "basnet-rt")


def test_it_goes_the_whole_way(numpy_python: Path, tmp_path: Path):
    """A bundle, localized and streamed, with nothing but the wheel and NumPy; a C++ library that is
    linked otherwise than a checkout's, and the same bits."""
    video = stored_bundle(tmp_path)
    printed = run(numpy_python, WHOLE_WAY, video.bundle, video.npy, cwd=tmp_path).splitlines()
    model = basnet_rt.load(video.bundle, engine="native")
    found = basnet_rt.Localizer(model)(video.features)
    assert sorted(printed) == sorted(in_words(found))
    assert len(printed) > 5


def test_training_is_there_but_asks_for_its_extra(numpy_python: Path, tmp_path: Path):
    """Catches a module left out of the wheel: what is missing must be somebody else's."""
    code = "import basnet_training as t\ntry:\n t.BaSNet\nexcept ImportError as error: print(error)"
    missing = run(numpy_python, "-c", code, cwd=tmp_path).strip()
    assert missing == "basnet_training.BaSNet needs torch: pip install 'basnet-rt[train]'"


@pytest.mark.parametrize(("program", "extra"), [("basnet-rt", "cli"), ("basnet-train", "train")])
def test_a_program_names_the_extra_that_it_needs(numpy_python: Path, program: str, extra: str):
    command = [numpy_python.with_name(program), "--help"]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"{program} needs ")
    assert line.endswith(f": pip install 'basnet-rt[{extra}]'")


def test_what_needs_torch_says_how_to_get_it(numpy_python: Path, tmp_path: Path):
    """Public functions with NumPy alone; the engine that needs no torch is tried above."""
    bundle = stored_bundle(tmp_path).bundle
    printed = run(numpy_python, WITHOUT_TORCH, bundle, cwd=tmp_path).splitlines()
    advice = re.compile(r"Error: .* needs \w+: pip install 'basnet-rt\[[\w,]+\]'")
    assert len(printed) >= 6
    assert [line for line in printed if not advice.search(line)] == []


def test_it_works_where_no_gpu_can_be_seen(
    numpy_python: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Catches a wheel that needs a driver to be imported, or does not say why it finds none."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    built, reason = run(numpy_python, WITHOUT_GPU, cwd=tmp_path).splitlines()
    assert built == "False"
    assert reason
