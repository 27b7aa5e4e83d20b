"""What a network is shown: crops, ranges, colours, layouts; against plain formulas."""

from __future__ import annotations

import numpy as np
import pytest

from basnet_rt import InvalidValue
from basnet_rt.extractors.backbone.layout import arrange
from basnet_rt.extractors.backbone.pictures import PictureMaker, Pictures
from basnet_rt.video.frames import Frame
from reference.i3d import centre, in_range


def frame(image: np.ndarray) -> Frame:
    return Frame(0, 0.0, 0.0, image)


def numbered(height: int, width: int) -> np.ndarray:
    """Row in red, column in green, 7 in blue."""
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([y, x, np.full_like(x, 7)], axis=-1).astype(np.uint8)


@pytest.mark.parametrize(
    ("size", "crop"), [((10, 13), (4, 4)), ((11, 12), (6, 5)), ((8, 9), (8, 9)), ((9, 9), (8, 8))]
)
def test_the_crop_is_the_middle(size, crop):
    """Catches an offset of one, and height taken for width."""
    image = numbered(*size)
    got = PictureMaker(Pictures(crop=crop)).next(frame(image))
    np.testing.assert_array_equal(got, centre(image, *crop))
    assert got.flags.c_contiguous


def test_the_crop_of_256_by_341_starts_where_the_field_starts():
    """Catches another rounding than (side - 224) // 2."""
    got = PictureMaker(Pictures(crop=(224, 224))).next(frame(numbered(256, 256)))
    assert tuple(got[0, 0]) == (16, 16, 7)
    wide = np.zeros((256, 341, 3), np.uint8)
    wide[16, 58] = 255
    got = PictureMaker(Pictures(crop=(224, 224))).next(frame(wide))
    assert got[0, 0, 0] == 255


def test_a_frame_smaller_than_the_crop_is_refused():
    """Catches a negative offset, which cuts from the other side."""
    maker = PictureMaker(Pictures(crop=(10, 12)))
    with pytest.raises(InvalidValue, match="crop: 12x10 of a frame of 11x10"):
        maker.next(frame(numbered(10, 11)))


def test_orange_has_its_channels_in_the_order_asked_for():
    """Catches red taken for blue."""
    orange = np.full((2, 2, 3), (255, 128, 0), np.uint8)
    made = {k: PictureMaker(Pictures(kind=k)).next(frame(orange))[0, 0] for k in ("rgb", "bgr")}
    assert made["rgb"].tolist() == [255, 128, 0]
    assert made["bgr"].tolist() == [0, 128, 255]
    gray = PictureMaker(Pictures(kind="gray")).next(frame(np.full((2, 3), 9, np.uint8)))
    assert gray.shape == (2, 3, 1)


@pytest.mark.parametrize("span", [(0.0, 1.0), (-1.0, 1.0), (0.0, 255.0), (-2.5, 4.0)])
def test_values_are_mapped_to_the_range_then_normalised(span):
    """Catches division by 256, a mean in the wrong units, and channels mixed up."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (2, 3, 4, 5, 3), dtype=np.uint8)
    images[0, 0, 0, :2, 0] = (0, 255)
    mean, std = (0.4, -0.1, 0.3), (0.5, 2.0, 0.25)
    got = Pictures(range=span, mean=mean, std=std).values([list(s) for s in images])
    wanted = (in_range(images, *span) - mean) / std
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, wanted, rtol=0, atol=1e-6 * np.abs(wanted).max())
    plain = Pictures(range=span).values([list(s) for s in images])
    np.testing.assert_allclose(plain, in_range(images, *span), rtol=0, atol=1e-5 * max(span))
    assert plain.min() >= span[0] - 1e-6


@pytest.mark.parametrize("layout", ["B C T H W", "B T C H W", "B T H W C", "B C H W"])
def test_axes_are_laid_out_as_named(layout):
    """Catches two axes swapped, and images of different snippets interleaved."""
    values = np.random.default_rng(0).random((2, 3, 4, 5, 2), np.float32)
    got = arrange(values, layout)
    assert got.flags.c_contiguous
    for b, t, y, x, c in np.ndindex(values.shape):
        place = {"B": b, "T": t, "H": y, "W": x, "C": c}
        index = tuple(place[axis] for axis in layout.split())
        if layout == "B C H W":
            index = (b * 3 + t, *index[1:])
        assert got[index] == values[b, t, y, x, c]
