"""From a video file: the pipeline's threads give what a plain loop gives, for every extractor."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
import torch
from made_frames import moving, run

from basnet_rt.extractors import make_extractor
from basnet_rt.extractors.backbone.contract import parse_contract
from basnet_rt.extractors.running.one_thread import one_thread
from basnet_rt.extractors.running.pipeline import extract_features
from basnet_rt.video import read_frames


@pytest.fixture(scope="module")
def video(tmp_path_factory) -> Path:
    """43 frames of 320x240, 20 a second: on a grid of 25 some are shown twice."""
    path = tmp_path_factory.mktemp("video") / "made.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=20)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for frame in moving(43, 240, 320):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame.image, "rgb24")))
        container.mux(stream.encode(None))
    return path


def small_network(folder: Path) -> Path:
    """(B, 3, T, H, W) to (B, 4, T', H', W')."""
    torch.manual_seed(0)
    with torch.no_grad():
        script = torch.jit.trace(torch.nn.Conv3d(3, 4, 5, 3), torch.zeros(1, 3, 16, 64, 64))
    torch.jit.save(script, str(folder / "small.pt"))
    return folder / "small.pt"


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:.*torch.jit:FutureWarning")
@pytest.mark.parametrize("name", ["motion", "i3d", "torchscript"])
def test_the_pipeline_gives_what_a_plain_loop_gives(name, video, checkpoints, tmp_path):
    """Catches frames that overtake each other between threads, and a last row that is lost."""
    settings = {}
    if name == "i3d":
        sizes = {"snippet_frames": 9, "snippet_stride": 20}
        both = list(checkpoints.values())
        settings = {"weights": both, "flow_method": "dis", "dtype": "bfloat16", **sizes}
    elif name == "torchscript":
        keys = {"crop": 64, "layout": "B C T H W", "stride": 5, "feature_dim": 4, "batch": 3}
        settings = {"contract": parse_contract(keys), "weights": small_network(tmp_path)}
    extractor = make_extractor(name, **settings)
    got = extract_features(video, extractor)

    spec = extractor.spec
    with read_frames(video, fps=spec.fps, frames=spec.frames) as reader, one_thread():
        frames = list(reader)
        wanted = run(extractor, frames)
    assert any(frame.repeated for frame in frames)
    assert len(wanted) == spec.num_snippets(len(frames)) >= 3
    np.testing.assert_array_equal(got.features, wanted)
