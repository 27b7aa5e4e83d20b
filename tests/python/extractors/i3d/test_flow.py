"""Optical flow and its pictures."""

from __future__ import annotations

import sys
import types
from dataclasses import replace

import numpy as np
import pytest
from made_frames import moving

from basnet_rt import Error, InvalidValue
from basnet_rt.extractors.backbone.flow import METHODS, FlowMaker, FlowSettings, flow_picture
from basnet_rt.extractors.backbone.pictures import PictureMaker, Pictures
from reference.i3d import centre, flow_pixels


def has_tvl1() -> bool:
    import cv2

    return hasattr(cv2, "optflow")


@pytest.mark.parametrize("method", METHODS)
def test_flow_is_the_movement_in_pixels_x_first(method):
    """Catches a swapped or negated axis, and pictures taken in the wrong order."""
    if method == "tvl1" and not has_tvl1():
        pytest.skip("this OpenCV is without TV-L1: it comes with opencv-contrib-python-headless")
    maker = FlowMaker(method)
    first, second = moving(2, 96, 128, step=(3.0, -1.0))
    assert not maker.next(first).any()
    flow = maker.next(second)
    assert flow.shape == (96, 128, 2)
    assert flow.dtype == np.float32
    inner = flow[16:-16, 16:-16].reshape(-1, 2)
    np.testing.assert_allclose(np.median(inner, axis=0), [3, -1], atol=0.15)


def test_a_repeated_picture_stands_still_and_the_next_moves_from_it():
    """Catches flow over a repeat, which a grid denser than the video makes; what a frame that says
    it is a repeat shows is not even looked at."""
    first, second, other = moving(3, 96, 128)
    maker, plain = FlowMaker("dis"), FlowMaker("dis")
    maker.next(first)
    plain.next(first)
    assert not maker.next(replace(other, index=1, repeated=True)).any()
    np.testing.assert_array_equal(maker.next(second), plain.next(second))


@pytest.mark.parametrize("eight_bit", [False, True])
def test_pictures_of_flow_are_clipped_and_scaled(eight_bit):
    """Catches a wrong end of the scale, a wrap-around in 8 bits, and rounding down."""
    flow = np.array([[-1e3, -20], [-19.99, -0.05], [0, 0.05], [0.12, 7.3], [20, 1e3]], np.float32)
    got = flow_picture(flow, FlowSettings(eight_bit=eight_bit))
    assert got.dtype == (np.uint8 if eight_bit else np.float32)
    np.testing.assert_allclose(got, flow_pixels(flow, 20, eight_bit), rtol=0, atol=2e-5)
    assert flow[0, 0] == -1000  # what was given is left alone


def test_flow_is_computed_on_the_whole_frame_and_then_cut():
    """Catches flow of the crop alone, which does not see what comes in from outside."""
    pictures = Pictures(kind="flow", crop=(64, 80), flow=FlowSettings(method="dis"))
    maker, whole = PictureMaker(pictures), FlowMaker("dis")
    for frame in moving(3, 97, 128):
        got, flow = maker.next(frame), whole.next(frame)
        wanted = flow_pixels(centre(flow, 64, 80), 20, eight_bit=False)
        np.testing.assert_allclose(got, wanted, rtol=0, atol=2e-5)
        assert got.flags.c_contiguous


def test_an_opencv_without_tvl1_names_the_package(monkeypatch):
    """Catches an AttributeError in the middle of a video."""
    import cv2

    known = {n: getattr(cv2, n) for n in ("DISOpticalFlow_create", "COLOR_RGB2GRAY")}
    monkeypatch.setitem(sys.modules, "cv2", types.SimpleNamespace(**known))
    with pytest.raises(Error, match="needs opencv-contrib-python-headless"):
        FlowMaker("tvl1")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"method": "farneback"}, "flow method 'farneback': there are tvl1, dis"),
        ({"clip": 0}, "flow clip: expected pixels above 0, got 0"),
    ],
)
def test_flow_settings_are_judged(settings, message):
    with pytest.raises(InvalidValue, match=message):
        FlowSettings(**settings)
