"""Which frames a row is of, whatever the batch; with networks of arithmetic."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from basnet_rt import BundleError, Error
from basnet_rt.extractors.backbone.flow import FlowSettings
from basnet_rt.extractors.backbone.pictures import Pictures
from basnet_rt.extractors.backbone.session import Branch, NetworkExtractor
from basnet_rt.features.extractor_spec import ExtractorSpec
from basnet_rt.video.frames import Frame, FrameFormat
from reference.i3d import snippets

SIZE = (4, 6)
RGB = Pictures(range=(0, 255))


def frames(count: int) -> list[Frame]:
    """Frame k is of colour k."""
    return [Frame(k, k / 25, k / 25, np.full((*SIZE, 3), k, np.uint8)) for k in range(count)]


def first_pixels(values: np.ndarray) -> np.ndarray:
    """The first channel of every picture of a snippet, as its features."""
    return values[:, :, 0, 0, 0]


def extractor(window: int, stride: int, batch: int = 1, every: int = 1, network=first_pixels):
    dim = -(-window // every)
    spec = ExtractorSpec(
        name="made", version=1, feature_dim=dim, fps=25, snippet_frames=window,
        snippet_stride=stride, frames=FrameFormat(),
    )  # fmt: skip
    return NetworkExtractor(spec, [Branch("made", RGB, network, dim, every)], batch)


def run(made: NetworkExtractor, shown: list[Frame]) -> np.ndarray:
    session = made.start()
    return np.concatenate([*(session.push(session.prepare(f)) for f in shown), session.finish()])


@given(
    count=st.integers(0, 40),
    window=st.integers(1, 9),
    stride=st.integers(1, 12),
    batch=st.integers(1, 5),
)
def test_row_i_is_of_the_frames_that_the_record_says(count, window, stride, batch):
    """Catches a frame too many at a window's edge, a lost tail, and rows out of order."""
    made = extractor(window, stride, batch)
    rows = run(made, frames(count))
    assert len(rows) == made.spec.num_snippets(count)
    np.testing.assert_array_equal(rows, np.reshape(snippets(count, window, stride), (-1, window)))


def test_every_other_frame_may_be_shown():
    """Catches a network of 8 frames given 16, or the first 8 of them."""
    rows = run(extractor(5, 4, every=2), frames(9))
    assert rows.tolist() == [[0, 2, 4], [4, 6, 8]]


def test_rows_come_as_soon_as_a_batch_is_full():
    """Catches rows held back until the end, which a live stream would wait for."""
    session = extractor(3, 2, batch=2).start()
    counts = [len(session.push(session.prepare(frame))) for frame in frames(10)]
    assert counts == [0, 0, 0, 0, 2, 0, 0, 0, 2, 0]
    assert len(session.finish()) == 0


def test_preparing_may_run_ahead_in_another_thread():
    """Catches state that `prepare` and `push` share."""
    made, shown = extractor(4, 4, batch=2), frames(30)
    session, prepared = made.start(), []
    thread = threading.Thread(target=lambda: prepared.extend(map(session.prepare, shown)))
    thread.start()
    thread.join()
    rows = np.concatenate([*map(session.push, prepared), session.finish()])
    np.testing.assert_array_equal(rows, run(made, shown))


def both(count: int) -> tuple[NetworkExtractor, list[Frame]]:
    """Colours beside flow, two frames a snippet; the pattern is `count` frames long."""
    flow = Pictures(kind="flow", range=(-20, 20), flow=FlowSettings(method="dis"))
    spec = ExtractorSpec(
        name="made", version=1, feature_dim=4, fps=25, snippet_frames=2, snippet_stride=2,
        frames=FrameFormat(),
    )  # fmt: skip

    def mean_x(values: np.ndarray) -> np.ndarray:
        return values[..., 8:-8, 8:-8, 0].mean(axis=(2, 3)).astype(np.float32)

    branches = [Branch("rgb", RGB, first_pixels, 2), Branch("flow", flow, mean_x, 2)]
    wave = np.sin(np.arange(256) / 7) * 60 + 100
    texture = np.add.outer(np.cos(np.arange(48) / 5) * 60, wave)
    shown = []
    for k in range(count):  # moves left by 0, 1, 2 ... pixels from frame to frame
        left = k * (k + 1) // 2
        image = np.repeat(texture[:, left : left + 64, None], 3, axis=2).astype(np.uint8)
        image[0, 0] = k
        shown.append(Frame(k, k / 25, k / 25, image))
    return NetworkExtractor(spec, branches), shown


def test_flow_of_a_frame_leads_to_the_next_and_the_last_is_repeated():
    """Catches flow shifted by a frame against the colours, and a last snippet that never comes."""
    made, shown = both(6)
    rows = run(made, shown)
    assert rows[:, :2].tolist() == [[0, 1], [2, 3], [4, 5]]
    # From frame k to k + 1 the picture moves left by k + 1; after the last nothing is known.
    np.testing.assert_allclose(rows[:, 2:], [[-1, -2], [-3, -4], [-5, -5]], atol=0.3)


def test_flow_needs_one_frame_more_than_colours():
    """Catches a row given out with one branch missing."""
    made, shown = both(5)
    session = made.start()
    counts = [len(session.push(session.prepare(frame))) for frame in shown]
    assert counts == [0, 0, 1, 0, 1]


def test_a_network_of_another_shape_or_with_nan_is_named():
    """Catches NaN that travels into features, and rows of the wrong width."""
    wrong = extractor(2, 2, network=lambda values: np.zeros((len(values), 3), np.float32))
    with pytest.raises(BundleError, match=r"made: .* shape \(1, 3\), expected \(1, 2\)"):
        run(wrong, frames(2))

    def breaks(values: np.ndarray) -> np.ndarray:
        return np.where(first_pixels(values) >= 6, np.nan, 0).astype(np.float32)

    with pytest.raises(Error, match="made: the network gave NaN or infinity for snippet 3"):
        run(extractor(2, 2, batch=2, network=breaks), frames(12))


def test_a_finished_session_takes_no_more():
    """Catches two videos through one session."""
    session = extractor(2, 2).start()
    prepared = session.prepare(frames(1)[0])
    session.push(prepared)
    assert len(session.finish()) == 1
    assert len(session.finish()) == 0
    with pytest.raises(Error, match="push after finish"):
        session.push(prepared)
