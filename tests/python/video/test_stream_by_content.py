"""`basnet-rt stream` tells videos from rows of features by their bytes, under any ending."""

from __future__ import annotations

import collections
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from brightness import SNIPPET_FRAMES
from coded_video import write_coded
from video_stream_cases import Said

from basnet_rt import InvalidValue
from basnet_rt.cli.stream.sources import ByteSource
from basnet_rt.video import read_frames
from basnet_rt.video.content import picture_kind, video_kind

Run = Callable[..., Said]
# Container to its encoder and pixel format.
CONTAINERS = {
    "apng": ("apng", "rgb24"),
    "fits": ("fits", "gray"),
    "m4v": ("mpeg4", "yuv420p"),
    "mjpeg": ("mjpeg", "yuvj420p"),
    "mpeg": ("mpeg2video", "yuv420p"),
    "mpjpeg": ("mjpeg", "yuvj420p"),
    "smjpeg": ("mjpeg", "yuvj420p"),
    "swf": ("flv", "yuv420p"),
}
PICTURES = 20


def _check_decoded(said: Said, path: Path) -> None:
    """As many snippets as the pictures of the grid give."""
    assert said.exit_code == 0, said.stderr
    with read_frames(path, fps=25) as reader:
        frames = len(list(reader))
    assert frames >= PICTURES - 1
    (end,) = said.of("end")
    assert end["snippets"] == frames // SNIPPET_FRAMES
    assert "problems" in end  # rows of features have none to look for


@pytest.mark.parametrize("container", sorted(CONTAINERS))
def test_a_video_is_decoded_whatever_its_ending(stream: Run, tmp_path: Path, container: str):
    codec, form = CONTAINERS[container]
    path = write_coded(
        tmp_path / "a.dat",
        PICTURES,
        codec=codec,
        pixel_format=form,
        container=container,
        size=(160, 64),
    )
    _check_decoded(stream(path), path)


@pytest.mark.parametrize("ending", ["dat", "log", "json"])
def test_h264_with_start_codes_of_three_bytes(stream: Run, tmp_path: Path, ending: str):
    whole = write_coded(tmp_path / "a.h264", PICTURES, bf="0").read_bytes()
    short = whole.replace(b"\0\0\0\1", b"\0\0\1")
    for name, data in {"message": short, "sequence": short[short.index(b"\0\0\1\x67") :]}.items():
        path = tmp_path / f"{name}.{ending}"
        path.write_bytes(data)
        _check_decoded(stream(path), path)


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\x84\x10\xff\xff\xff\xff\x19\0\1\x10", "RoQ"),
        (b"\0\0\1\x09\xf0\0\0\1\x67", "H.264"),
        (b"\x12\0\x0a\x0a\0\0\0\3", "AV1"),
        (b"\0\0\1\x40\1\x0c\1\xff", "H.265"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", None),
    ],
)
def test_beginnings(head: bytes, kind: str | None):
    assert video_kind(head + bytes(16)) == kind


def test_no_number_of_sixteen_bits_begins_a_video():
    """Of the rows that are 0 after it; tiny and endless numbers aside, which features do not have.

    Features computed in bfloat16 are such numbers.
    """
    bits = np.arange(1 << 16, dtype="<u4") << 16
    sizes = np.abs(bits.view("<f4"))
    usual = bits[np.isfinite(sizes) & (sizes > 1e-6) & (sizes < 1e15)]
    heads = [np.array([one, 0, 0, 0], "<u4").tobytes() for one in usual]
    assert len(heads) > 10_000
    assert [head for head in heads if video_kind(head) or picture_kind(head)] == []


NOISE = np.random.default_rng(0).bytes(4000)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (NOISE, "the content is of another kind, such as a video"),
        (bytes(640) + NOISE, "the content is of another kind"),
        (b"\x1f\x8b\x08" + NOISE, "the content is gzip"),
        (b"PK\x03\x04" + NOISE, "the content is a zip archive, such as .npz"),
        (b"0.5, 0.25, 0.125\n" * 20, "the content is text"),
        (b"\0\0\0\x18styp" + NOISE, "begins as a video does"),
    ],
)
def test_other_content_on_standard_input_is_named(data: bytes, said: str):
    source = ByteSource("stdin", io.BytesIO(data), 32)
    with pytest.raises(InvalidValue, match=said):
        collections.deque(iter(lambda: len(source.read(1)), 0), maxlen=0)  # to its end


@pytest.mark.parametrize("ending", ["f32", "npy", "mp4", "amv"])
def test_an_empty_file_is_refused(stream: Run, tmp_path: Path, ending: str):
    path = tmp_path / f"a.{ending}"
    path.touch()
    said = stream(path)
    assert said.exit_code == 1
    assert f"{path}: is empty" in said.stderr
    assert not said.of("end")


def test_an_empty_file_may_grow(stream: Run, tmp_path: Path):
    (tmp_path / "a.f32").touch()
    assert stream(tmp_path / "a.f32", "--follow", "--idle", 0.1).exit_code == 0
