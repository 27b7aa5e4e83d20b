"""`basnet-train run` from pixels: features of tagged videos are made once, bad videos are named."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from basnet_training.cli import app

av = pytest.importorskip("av")
pytest.importorskip("cv2")


def film(path: Path, num_frames: int, moving: bool, seed: int) -> None:
    """A square that jumps about, or rests; 64 by 48."""
    rng = np.random.default_rng(seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for index in range(num_frames):
            image = np.full((48, 64, 3), 90, np.uint8)
            x, y = (index * 3 % 48, index * 2 % 32) if moving else (10, 10)
            image[y : y + 12, x : x + 12] = rng.integers(200, 255)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, "rgb24")))
        container.mux(stream.encode(None))


def call(*arguments, code=0):
    result = CliRunner().invoke(app, ["run", *map(str, arguments)])
    assert result.exit_code == code, result.output
    return result


def test_from_videos_to_segments_and_again(tmp_path):
    videos = tmp_path / "videos"
    for index in range(4):
        film(videos / f"{index}.mp4", 100, index % 2 == 0, index)
    film(videos / "untagged.mp4", 40, True, 9)
    (videos / "broken.mp4").write_bytes((videos / "0.mp4").read_bytes()[:300])
    tags = tmp_path / "tags.csv"
    tags.write_text(
        "filename,label\n0.mp4,Jumping\n1.mp4,\n2.mp4,Jumping\n3.mp4,\nbroken.mp4,Jumping\n"
    )
    out, new = tmp_path / "out", tmp_path / "new" / "clip.mp4"
    film(new, 90, True, 5)
    quick = ["-o", out, "--set", "optim.iterations=3", "--jobs", 1, "--localize", new]
    quick += ["--extractor", "motion"]
    result = call(videos, tags, *quick, code=1)  # done, but for the video that cannot be read
    assert "1 video could not be read and is left out" in result.output
    assert "4 videos, 2 of them without action; 1 class;" in result.output
    assert "failed: broken:" in result.output
    assert sorted(path.stem for path in (out / "features").glob("*.npy")) == ["0", "1", "2", "3"]
    assert list(json.loads((out / "results.json").read_text())["results"]) == ["clip"]
    assert (out / "report.html").is_file()
    again = call(videos, tags, *quick, code=1)
    assert again.output.count("(done before)") == 13  # extract, 4 parts twice, and others


def test_tagged_videos_that_are_not_there_stop_before_anything_is_decoded(tmp_path):
    film(tmp_path / "videos" / "a.mp4", 30, True, 0)
    (tmp_path / "tags.csv").write_text("video,tags\na,Run\nb,Run\nc,\n")
    given = (tmp_path / "videos", tmp_path / "tags.csv", "-o", tmp_path / "out")
    output = call(*given, code=1).output
    assert "2 of 3 tagged videos are not there: b, c" in output
    assert "--missing skip" in output
    assert not (tmp_path / "out" / "features").exists()
