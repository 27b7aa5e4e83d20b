"""Component torch, installed: its examples and all it computes are Python's, bit for bit.

The bundle is that of examples/feature_files.sh, trained on simulated features. Both sides use one
libtorch on one thread, so even the network's outputs are equal; from the CAS on, equality does not
depend on that.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

import basnet_rt
from install.bundles import Video, in_words, streamed
from install.cpp_projects import EXAMPLES, LIBTORCH, PROBE, build_project, lines
from install.environments import run


@pytest.fixture(scope="module")
def probe(prefix: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_project(PROBE, tmp_path_factory.mktemp("probe"), prefix, LIBTORCH) / "probe"


def test_offline_finds_what_python_finds(examples: Path, video: Video):
    model = basnet_rt.load(video.bundle, engine="torch")
    expected = in_words(basnet_rt.Localizer(model)(video.features))
    assert len(expected) > 10
    assert lines(examples / "offline", video.bundle, video.npy) == expected


@pytest.mark.parametrize("chunk", [1, 7, 1000])
def test_streaming_finds_what_python_finds(examples: Path, video: Video, chunk: int):
    expected = streamed(video, chunk, "torch")
    assert len(expected) > 10
    assert lines(examples / "streaming", video.bundle, video.npy, str(chunk)) == expected


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_network_computes_the_same_bits(probe: Path, video: Video, tmp_path: Path, dtype: str):
    lines(probe, "forward", video.bundle, video.raw, dtype, tmp_path)
    model = basnet_rt.load(video.bundle, dtype=dtype, engine="torch")
    for name, expected in model.forward_with_cas(video.features)._asdict().items():
        got = np.fromfile(tmp_path / name, np.float32).reshape(expected.shape)
        np.testing.assert_array_equal(got, expected, err_msg=name)


def test_from_the_cas_on_both_are_one_function(
    probe: Path, examples: Path, video: Video, tmp_path: Path
):
    """Whatever libtorch made of the features: C++'s activations, post-processed in Python."""
    lines(probe, "forward", video.bundle, video.raw, "float32", tmp_path)
    model = basnet_rt.load(video.bundle, engine="torch")
    activations, cas = (np.fromfile(tmp_path / name, np.float32) for name in ("activations", "cas"))
    columns, seconds = len(model.classes), model.metadata.snippet_seconds
    found = basnet_rt.postprocess(
        activations.reshape(-1, columns),
        basnet_rt._core.video_scores(cas.reshape(-1, columns + 1), model.config.native),
        model.config,
        snippet_seconds=seconds,
    )
    expected = [
        f"{model.classes[label]} {start:.17g} {end:.17g} {score:.9g}"
        for label, (start, end), score in zip(
            found.labels, found.segments, found.scores, strict=True
        )
    ]
    assert lines(examples / "offline", video.bundle, video.npy) == expected


def halves(video: Video) -> tuple[int, int]:
    return len(video.features) // 2, len(video.features)


def test_a_stream_saved_in_python_goes_on_in_cpp(probe: Path, video: Video, tmp_path: Path):
    half, end = halves(video)
    model = basnet_rt.load(video.bundle, engine="torch")
    stream = basnet_rt.StreamingLocalizer(
        model, model.configure(normalisation="fixed", gate="none")
    )
    found = [text for row in video.features[:half] for text in in_words(stream.push(row[None]))]
    (tmp_path / "state").write_bytes(stream.save())
    found += lines(
        probe, "stream", video.bundle, video.raw, str(half), str(end), tmp_path / "state", "-"
    )
    assert found == streamed(video, 1, "torch")


def test_a_stream_saved_in_cpp_goes_on_in_python(probe: Path, video: Video, tmp_path: Path):
    half, _ = halves(video)
    state = tmp_path / "state"
    found = lines(probe, "stream", video.bundle, video.raw, "0", str(half), "-", state)
    model = basnet_rt.load(video.bundle, engine="torch")
    config = model.configure(normalisation="fixed", gate="none")
    stream = basnet_rt.StreamingLocalizer(model, config).load(state.read_bytes())
    found += [text for row in video.features[half:] for text in in_words(stream.push(row[None]))]
    assert found + in_words(stream.finish()) == streamed(video, 1, "torch")
    assert stream.statistics.snippets_in == len(video.features)


def test_a_pools_stream_goes_on_in_the_other_language(probe: Path, video: Video, tmp_path: Path):
    """Python to C++ and C++ to Python; a pool of one stream and one row is that stream alone."""
    half, end = halves(video)
    model = basnet_rt.load(video.bundle, engine="torch")
    config = model.configure(normalisation="fixed", gate="none")
    state = tmp_path / "state"
    with basnet_rt.StreamPool(model, config, max_batch=1, threaded=False) as pool:
        one = pool.open()
        found = in_words(pool.push(one, video.features[:half]))
        while pool.step(force=True):
            found += in_words(pool.poll(one))
        state.write_bytes(pool.save(one))
    found += lines(probe, "pool", video.bundle, video.raw, str(half), str(end), state, "-")
    assert found == streamed(video, 1, "torch")

    found = lines(probe, "pool", video.bundle, video.raw, "0", str(half), "-", state)
    with basnet_rt.StreamPool(model, config, max_batch=1, threaded=False) as pool:
        one = pool.restore(state.read_bytes())
        pool.push(one, video.features[half:])
        found += in_words(pool.close(one))
    assert found == streamed(video, 1, "torch")


def test_a_bad_file_is_one_line_and_exit_code_1(examples: Path, video: Video, tmp_path: Path):
    foreign = tmp_path / "foreign.pt"
    foreign.write_bytes(video.bundle.read_bytes()[:-100])
    command = [examples / "offline", foreign, video.npy]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert str(foreign) in line


def test_the_wheel_brings_component_torch_as_sources(
    torch_python: Path, video: Video, tmp_path: Path
):
    """They compile against the libtorch at hand, and find the same."""
    code = "import basnet_rt; print(basnet_rt.cmake_prefix())"
    found = run(torch_python, "-c", code, cwd=tmp_path).strip()
    assert found.startswith(str(torch_python.parents[1]))
    programs = build_project(EXAMPLES, tmp_path, found, LIBTORCH, WITH_TORCH="ON")
    assert lines(programs / "streaming", video.bundle, video.npy) == streamed(video, 1, "torch")
