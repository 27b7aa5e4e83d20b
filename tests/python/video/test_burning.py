"""Labels drawn into a copy of a video: when they are there, and that the rest is as it was."""

from __future__ import annotations

import av
import numpy as np
import pytest
from coded_video import coded, number_of, write_video

from basnet_rt import Detections, InvalidValue
from basnet_rt.burning import Pen, burn_in
from basnet_rt.video import read_frames

FPS, LENGTH = 10, 12
HEIGHT, WIDTH = 121, 161  # odd: the copy loses a row and a column


def found(*segments, classes=("Wave",), scores=None):
    count = len(segments)
    return Detections(
        np.zeros(count, np.int64),
        np.asarray(scores or [0.5] * count, np.float32),
        np.asarray(segments, np.float64).reshape(-1, 2),
        classes=classes,
    )


def add_sound(video, target):
    """The same video with a second of quiet AAC beside it."""
    with av.open(str(video)) as source, av.open(str(target), "w") as out:
        pictures = out.add_stream_from_template(source.streams.video[0])
        sound = out.add_stream("aac", rate=8000, layout="mono")
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = pictures
                out.mux(packet)
        quiet = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.float32), "fltp", "mono")
        quiet.sample_rate = 8000
        out.mux(sound.encode(quiet))
        out.mux(sound.encode())
    return target


@pytest.fixture
def video(tmp_path):
    pictures = [coded(k, WIDTH + 1, HEIGHT + 1) for k in range(LENGTH)]
    return add_sound(write_video(tmp_path / "silent.mp4", pictures, fps=FPS), tmp_path / "a.mp4")


def test_labels_are_there_from_start_to_end_and_nowhere_else(video, tmp_path):
    """Every picture of the copy is the picture of its time, and white text is over it just then."""
    seen = []
    burn_in(video, tmp_path / "out/b.mp4", found((0.3, 0.7)), progress=seen.append)
    with read_frames(video, fps=FPS) as before, read_frames(tmp_path / "out/b.mp4", fps=FPS) as now:
        pairs = [(old.image, new.image) for old, new in zip(before, now, strict=True)]
    assert [number_of(new[40:100]) for _, new in pairs] == list(range(LENGTH))
    drawn = [int(np.abs(old[:14].astype(int) - new[:14]).mean() > 10) for old, new in pairs]
    assert drawn == [0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0]
    assert len(seen) == LENGTH
    assert seen[-1] == pytest.approx(1.1)


def test_the_sound_goes_along_unchanged(video, tmp_path):
    burn_in(video, tmp_path / "b.mp4", found())
    packets = []
    for path in (video, tmp_path / "b.mp4"):
        with av.open(str(path)) as container:
            packets.append([bytes(p) for p in container.demux(audio=0) if p.dts is not None])
    assert packets[1] == packets[0][len(packets[0]) - len(packets[1]) :]
    assert len(packets[1]) >= len(packets[0]) - 1  # that before time 0 primes the decoder


def test_a_crowd_is_counted_and_odd_characters_are_marked():
    """Catches text that leaves the picture, and names that OpenCV cannot draw."""
    picture = np.full((20, 30, 3), 200, np.uint8)
    pen = Pen(found(*[(0.0, 1.0)] * 9, classes=("Größe",)))
    assert pen.drawn(picture, 0.5).shape == (20, 30, 3)
    assert (pen.drawn(picture, 1.0) == 200).all()
    assert (picture == 200).all()


@pytest.mark.parametrize("name", ["b.avi", "a.mp4"])
def test_a_target_that_cannot_be_is_refused(video, name, tmp_path):
    before = video.read_bytes()
    with pytest.raises(InvalidValue, match="target is"):
        burn_in(video, tmp_path / name, found())
    assert video.read_bytes() == before
