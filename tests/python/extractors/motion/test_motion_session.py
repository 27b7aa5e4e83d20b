"""Rows of `motion`: how many, of which frames, and the same bits however the work is divided."""

from __future__ import annotations

import threading

import cv2
import numpy as np
import pytest
from motion_inputs import HEIGHT, WIDTH, features, frames, motion, shifted, texture

from basnet_rt import InvalidValue
from basnet_rt.extractors import extractor_from_spec
from basnet_rt.features.extractor_spec import ExtractorSpec


@pytest.fixture(scope="module")
def drifting():
    """Four snippets, a cut among them, and some frames over."""
    return shifted(texture(20), 1.3, 0.4, 30) + shifted(texture(21), -0.8, 1.1, 40)


@pytest.fixture(scope="module")
def expected(drifting):
    return features(drifting)


@pytest.mark.parametrize("count", [1, 2, 15, 16, 17, 31, 32, 50])
def test_rows_as_many_as_the_spec_says(drifting, count):
    extractor = motion()
    rows = features(drifting[:count], extractor)
    assert rows.shape == (extractor.spec.num_snippets(count), extractor.spec.feature_dim)
    assert rows.dtype == np.float32
    assert np.isfinite(rows).all()


def test_no_frame_no_row():
    assert motion().start().finish().shape == (0, motion().spec.feature_dim)


def test_short_video_is_its_last_frame_repeated(drifting):
    padded = drifting[:5] + [drifting[4]] * 11
    np.testing.assert_array_equal(features(drifting[:5]), features(padded))


def test_a_row_comes_with_the_last_frame_of_its_snippet(drifting):
    session = motion().start()
    counts = [len(session.push(session.prepare(one))) for one in frames(drifting)]
    assert np.flatnonzero(counts).tolist() == [15, 31, 47, 63]


@pytest.mark.parametrize(("stride", "step"), [(8, 2), (16, 1), (8, 4), (32, 2)])
def test_a_snippet_depends_on_its_own_frames_alone(drifting, stride, step):
    """Row i of the video is the only row of a video of its 16 frames: overlap, gaps and all."""
    extractor = motion(snippet_stride=stride, step=step)
    rows = features(drifting, extractor)
    assert len(rows) > 1
    for i, row in enumerate(rows):
        alone = features(drifting[i * stride : i * stride + 16], extractor)
        np.testing.assert_array_equal(row, alone[0])


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_same_bits_for_any_number_of_threads(drifting, expected, threads):
    before = cv2.getNumThreads()
    cv2.setNumThreads(threads)
    try:
        np.testing.assert_array_equal(features(drifting), expected)
        assert cv2.getNumThreads() == threads
    finally:
        cv2.setNumThreads(before)


def test_prepare_may_run_ahead_in_another_thread(drifting, expected):
    session, prepared = motion().start(), []
    ahead = threading.Thread(
        target=lambda: prepared.extend(session.prepare(one) for one in frames(drifting))
    )
    ahead.start()
    ahead.join()
    rows = [session.push(one) for one in prepared]
    np.testing.assert_array_equal(np.concatenate([*rows, session.finish()]), expected)


def test_sessions_do_not_share(drifting, expected):
    """Two videos in turn through one extractor."""
    extractor = motion()
    one, other = extractor.start(), extractor.start()
    rows = []
    for forward, backward in zip(frames(drifting), frames(drifting[::-1]), strict=True):
        rows.append(one.push(one.prepare(forward)))
        other.push(other.prepare(backward))
    np.testing.assert_array_equal(np.concatenate([*rows, one.finish()]), expected)


def test_pictures_are_not_written_to(drifting):
    images = [image.copy() for image in drifting[:16]]
    for image in images:
        image.setflags(write=False)
    features(images)
    np.testing.assert_array_equal(images, drifting[:16])


@pytest.mark.parametrize(
    ("width", "height", "layout"), [(32, 32, 0), (32, 32, 4), (64, 40, 3), (96, 200, 8)]
)
def test_other_sizes(width, height, layout):
    extractor = motion(width=width, height=height, layout=layout)
    rows = features(shifted(texture(22, width, height), 1, 0, 16), extractor)
    assert rows.shape == (1, extractor.spec.feature_dim)
    assert np.isfinite(rows).all()


def test_the_record_makes_the_same_extractor(drifting):
    made = motion(snippet_stride=8, step=4, width=96, height=64, layout=1, fps=12.5)
    again = extractor_from_spec(ExtractorSpec.from_dict(made.spec.to_dict()))
    assert again.spec == made.spec
    assert made.spec.snippet_seconds == 8 / 12.5
    assert (made.spec.frames.width, made.spec.frames.height) == (96, 64)


WRONG = [
    ({"step": 0}, "step"),
    ({"step": 16}, "step"),
    ({"step": 3}, "snippet_frames"),
    ({"snippet_stride": 3}, "snippet_stride"),
    ({"snippet_stride": 0}, "snippet_stride"),
    ({"width": 100}, "width"),
    ({"height": 24}, "height"),
    ({"width": 2048}, "width"),
    ({"layout": 9}, "layout"),
    ({"layout": 5, "width": 32}, "layout"),
    ({"layout": -1}, "layout"),
    ({"fps": 0}, "fps"),
    ({"speed": 1}, "speed"),
]


@pytest.mark.parametrize(("settings", "named"), WRONG, ids=str)
def test_wrong_settings_are_named(settings, named):
    with pytest.raises(InvalidValue, match=named):
        motion(**settings)


WRONG_PICTURES = [
    np.zeros((HEIGHT, WIDTH + 1), np.uint8),
    np.zeros((HEIGHT, WIDTH, 3), np.uint8),
    np.zeros((HEIGHT, WIDTH), np.float32),
]


@pytest.mark.parametrize("image", WRONG_PICTURES, ids=lambda image: f"{image.dtype}{image.shape}")
def test_wrong_pictures_are_refused(image):
    with pytest.raises(InvalidValue, match="frame 0"):
        motion().start().prepare(frames([image])[0])
