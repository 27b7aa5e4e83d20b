"""The programs of docs/c_api.md do what the page says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np

import basnet_rt
from basnet_rt import PostprocessConfig
from checks.sources import REPOSITORY


def block(language: str, holding: str = "") -> str:
    """The one block of code in that language that holds the text."""
    page = (REPOSITORY / "docs/c_api.md").read_text()
    blocks = re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)
    (found,) = [text for text in blocks if holding in text]
    return found


def output(*command: object, read: Path | None = None) -> str:
    """What a command prints; it reads a file, or nothing."""
    given = b"" if read is None else read.read_bytes()
    done = subprocess.run([str(part) for part in command], capture_output=True, input=given)
    assert done.returncode == 0, done.stderr
    return done.stdout.decode()


def compiled(text: str, tmp_path: Path, library: Path) -> Path:
    """A C program, compiled as strictly as a compiler can be asked to."""
    source = tmp_path / "program.c"
    source.write_text(text)
    flags = ["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror"]
    flags += [f"-I{REPOSITORY / 'csrc/include'}"]
    link = [f"-L{library.parent}", "-lbasnet_rt_c", f"-Wl,-rpath,{library.parent}"]
    output("gcc", *flags, source, *link, "-o", tmp_path / "program")
    return tmp_path / "program"


def test_the_program_that_runs_a_bundle(tmp_path: Path, library: Path):
    bundle = REPOSITORY / "tests/data/bundles_0_1/base_only.pt"
    features = np.random.default_rng(5).normal(size=(90, 8)).astype(np.float32).cumsum(0) / 3
    (tmp_path / "features").write_bytes(features.tobytes())
    program = compiled(block("c", "c_model.h"), tmp_path, library)
    printed = output(program, bundle, read=tmp_path / "features")
    model = basnet_rt.load(bundle, engine="native")
    stream = basnet_rt.StreamingLocalizer(
        model, model.configure(normalisation="fixed", gate="none")
    )
    want = [one for row in features for one in stream.push(row[None])] + list(stream.finish())
    lines = [f"{one.name} {one.start:.3f} {one.end:.3f} {one.score:.3f}" for one in want]
    assert printed.splitlines() == lines
    assert len(lines) > 5


def test_the_c_program(tmp_path: Path, library: Path):
    printed = output(compiled(block("c", "basnet_rt_stream_create"), tmp_path, library))
    page = (REPOSITORY / "docs/c_api.md").read_text()
    assert f"It prints `{printed.strip()}`" in page
    cas = np.full((40, 1), 0.1, np.float32)
    cas[10:20] = 0.9
    fields = {"normalisation": "fixed", "gate": "none", "cas_thresholds": [0.5]}
    (want,) = basnet_rt.postprocess(
        cas, None, PostprocessConfig.continuous(**fields), snippet_seconds=0.5
    )
    assert printed == f"{want.start:.3f} {want.end:.3f} {want.score:.3f}\n"


def test_the_python_program(tmp_path: Path, library: Path):
    source = tmp_path / "program.py"
    source.write_text(block("python"))
    printed = output(sys.executable, source, library)
    cas = np.array([0, 0, 1, 1, 0, 0, 0, 0], np.float32)[:, None]
    config = PostprocessConfig.continuous(gate="none", nms_iou=0.4)
    want = basnet_rt.postprocess(cas, None, config, snippet_seconds=0.5)
    assert printed == "".join(f"{one.start:.3f} {one.end:.3f}\n" for one in want)
    assert len(want) > 0
