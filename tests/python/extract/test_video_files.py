"""Which videos a command line means, and what is told from features."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pytest

from basnet_rt import InvalidValue, VideoError
from basnet_rt.cli.stream.video import is_video
from basnet_rt.extractors.running.judging import holds_videos, passed_over
from basnet_rt.extractors.running.video_files import VideoFile, find_video_files, name_of
from basnet_rt.features.source import open_features
from basnet_rt.localize.inputs import find_inputs
from basnet_rt.video.content import holds_rows


@pytest.fixture
def tree(tmp_path):
    """Videos in two folders, one of them beside features."""
    for name in ("in/b.MP4", "in/deep/a.mkv", "in/notes.md", "both/x.mp4", "raw/stream"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"\x00\x01")
    np.save(tmp_path / "both" / "x.npy", np.zeros((1, 2), np.float32))
    np.save(tmp_path / "odd", np.zeros((1, 2), np.float32))
    (tmp_path / "odd.npy").rename(tmp_path / "odd.bin")
    (tmp_path / "apart" / "rgb").mkdir(parents=True)
    np.save(tmp_path / "apart" / "rgb" / "x.npy", np.zeros((1, 2), np.float32))
    (tmp_path / "list.txt").write_text("in/b.MP4\n# no\n\nhttp://host/one.ts\n")
    return tmp_path


def test_folders_lists_files_and_addresses(tree):
    """In order; a folder with all below it, sorted; a list from its own folder."""
    found, errors = find_video_files([tree / "in", "http://host/films/c%20d.webm?x=1"])
    assert [video.name for video in found] == ["b", "a", "c d"]
    assert found[2].is_address
    assert errors == []
    found, _ = find_video_files([tree / "list.txt", tree / "raw" / "stream"])
    assert [(v.name, v.source) for v in found] == [
        ("b", str(tree / "in" / "b.MP4")),
        ("one", "http://host/one.ts"),
        ("stream", str(tree / "raw" / "stream")),
    ]


@pytest.mark.parametrize("address", ["http://host/a%00b%20c.mp4", "file:///tmp/a%00b%20c.mp4"])
def test_a_zero_in_an_address_stays_an_escape(address):
    """No file can have one in its name: neither the video's nor that of its features."""
    (odd,), _ = find_video_files([address])
    assert odd.name == "a%00b c"
    assert "\0" not in odd.source


def test_what_is_no_folder_and_no_list_is_named(tree):
    (tree / "none").mkdir()
    (tree / "self.txt").write_text("self.txt\n")
    wrong = [tree / "none", tree / "absent.txt", tree / "self.txt"]
    found, errors = find_video_files([*wrong, tree / "in"])
    assert [video.name for video in found] == ["b", "a"]
    assert [name for name, _ in errors] == [str(path) for path in wrong]
    assert "no video below" in str(errors[0][1])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"# nothing yet\n\n", "lists no video"),
        (b"clip\0.mp4\n", "has zero bytes, so it is no list"),
        (b"more.TXT\n", "a list within a list"),
    ],
)
@pytest.mark.parametrize("name", ["a.txt", "A.TXT"])
def test_a_list_that_names_no_video_is_refused(tmp_path, name, content, reason):
    (tmp_path / name).write_bytes(content)
    assert holds_videos(tmp_path / name)
    found, errors = find_video_files([tmp_path / name])
    assert found == []
    assert reason in str(errors[0][1])


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-32-le"])
def test_a_list_in_a_wide_encoding(tree, encoding):
    (tree / "wide.txt").write_bytes("in/b.MP4\r\n".encode(encoding))
    assert [video.name for video in find_video_files([tree / "wide.txt"])[0]] == ["b"]


@pytest.mark.parametrize("camera", ["rtsp://host/cam1", "udp://@:1234", "/dev/video0"])
def test_cameras_are_for_streams(camera):
    """Extraction would never end."""
    found, errors = find_video_files([camera])
    assert found == []
    assert "basnet-rt stream" in str(errors[0][1])


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null"])
def test_a_device_is_no_video(device):
    """Its digest would never be done."""
    assert "is a device" in str(find_video_files([device])[1][0][1])
    with pytest.raises(VideoError, match="is a device, which may never end; write it to a file"):
        VideoFile("x", device).sha256()


def test_two_of_one_name(tree):
    with pytest.raises(InvalidValue, match=r"x\.mp4 and .*x\.mp4 are both called 'x'"):
        find_video_files([tree / "both" / "x.mp4", tree / "both" / "x.mp4"])
    with pytest.raises(InvalidValue, match="are both called 'x'"):
        find_video_files(["http://a/x.mp4", "http://b/x.mp4"])


@pytest.fixture
def cameras(tmp_path):
    for name in ("cam1/c.mp4", "cam2/deep/c.mp4", "cam2/d.mp4"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"\x00\x01")
    listed = "cam1/c.mp4\ncam2/deep/c.mp4\ncam2/../cam2/d.mp4\n"
    (tmp_path / "list.txt").write_text(listed)
    return tmp_path


@pytest.mark.parametrize("given", [("cam1", "cam2"), ("list.txt",), ("cam1/c.mp4", "cam2"), (".",)])
def test_equal_names_are_paths_from_the_common_folder(cameras, given):
    """However the videos are given, and without a change where the names differ."""
    found, errors = find_video_files([cameras / one for one in given])
    assert sorted(video.name for video in found) == ["cam1__c", "cam2__d", "cam2__deep__c"]
    assert errors == []
    inputs, _ = find_inputs([cameras / one for one in given])
    assert [one.name for one in inputs] == [one.name for one in found]
    assert [video.name for video in find_video_files([cameras / "cam2"])[0]] == ["d", "c"]


def test_a_name_that_is_no_utf_8_is_refused_and_the_others_are_found(tree):
    bad = os.fsdecode(os.fsencode(tree / "in" / "bad") + b"\xff.mp4")
    Path(bad).write_bytes(b"\x00\x01")
    found, errors = find_video_files([tree / "in"])
    assert [video.name for video in found] == ["b", "a"]
    assert errors[0][0] == bad
    assert "its name is not UTF-8, and results are named after it; rename it" in str(errors[0][1])
    np.save(os.fsdecode(os.fsencode(tree / "both" / "y") + b"\xff.npy"), np.zeros((1, 2)))
    inputs, failures = find_inputs([tree / "in", tree / "both"])
    assert ([one.name for one in inputs], len(failures)) == (["b", "a", "x"], 2)


def test_links_to_nothing_and_pipes_in_a_folder_are_named(tree):
    (tree / "in" / "link.mp4").symlink_to("/nowhere/x.mp4")
    os.mkfifo(tree / "in" / "pipe.mp4")
    found = {video.name: video for video in find_video_files([tree / "in"])[0]}
    with pytest.raises(VideoError, match=r"link\.mp4: cannot be read: No such file"):
        found["link"].sha256()
    with pytest.raises(VideoError, match=r"pipe\.mp4: is a pipe"):
        found["pipe"].sha256()


def test_names():
    assert [name_of(s) for s in ("a/v.1.mp4", "rtsp://host:554", "http://h/a/b.ts#t")] == [
        "v.1", "host", "b"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "videos"),
    [
        ("in", True),
        ("both", False),  # features of their own come first
        ("apart", False),
        ("in/b.MP4", True),
        ("list.txt", True),
        ("raw/stream", True),
        ("odd.bin", False),  # told by how it begins
        ("both/x.npy", False),
        ("absent.npy", False),
        ("absent.mp4", True),
        ("absent", False),
        ("/dev/video7", True),
        ("https://host/a", True),
    ],
)
def test_videos_are_told_from_features(tree, path, videos):
    assert holds_videos(path if "://" in path else tree / path) == videos


def _mp4(kind: bytes = b"ftyp") -> bytes:
    return b"\0\0\0\x18" + kind + bytes(16) + b"\0\0\0\x10moov" + b"\xff" * 64


def _features() -> bytes:
    file = io.BytesIO()
    np.save(file, np.ones((4, 8), np.float32))
    return file.getvalue()


ROWS = np.random.default_rng(0).normal(size=(40, 8)).astype("<f4").tobytes()
NOISE = np.random.default_rng(1).bytes(4000)


@pytest.mark.parametrize(
    ("name", "content", "videos"),
    [
        *[("a", _mp4(kind), True) for kind in (b"ftyp", b"styp", b"free")],
        *[(f"a.{end}", _mp4(), True) for end in ("npy", "txt", "jpg", "csv", "f32")],
        *[(name, _features(), False) for name in ("a", "a.bin", "a.npy")],
        *[(name, ROWS, False) for name in ("a", "a.f32")],
        ("a", bytes(400), False),
        ("a", bytes(2000) + NOISE, True),  # a transport stream that begins with zeros
        ("a", NOISE, True),  # raw pictures without a heading
        ("a", b"\x1f\x8b\x08" + NOISE, True),
        ("a.log", b"12 numbers as text, 0.5, 0.25\n", True),
        ("a.npy", NOISE, False),
    ],
)
def test_a_file_is_judged_by_its_content(tmp_path, name, content, videos):
    """`stream` asks the same, and leaves out a video that is refused as one."""
    (tmp_path / name).write_bytes(content)
    assert holds_videos(tmp_path / name) == is_video(str(tmp_path / name)) == videos


def test_numbers_of_usual_size_are_rows_even_if_some_are_not_finite():
    odd = np.array([np.nan, -np.nan, np.inf, -np.inf, 1e-40, 0, 1e15, -1e15], "<f4")
    assert holds_rows(odd.tobytes())
    assert holds_rows(b"\x80\x04\x95\x3f" * 8)  # as a pickle begins
    assert not holds_rows(np.full(8, 1e30, "<f4").tobytes())


def test_files_of_a_folder_are_judged_by_their_content_too(tmp_path):
    (tmp_path / "a.jpg").write_bytes(_mp4())
    (tmp_path / "b.jpg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(20))
    (tmp_path / "app.ts").write_text("export const answer: number = 42;\n")
    (tmp_path / "free.md").write_text("The free lunch\n")
    assert [video.name for video in find_video_files([tmp_path])[0]] == ["a"]
    assert [path.name for path in passed_over(tmp_path)] == ["app.ts"]


def test_features_under_any_ending_are_read(tmp_path):
    (tmp_path / "a").write_bytes(_features())
    np.savez(tmp_path / "b.npz", features=np.ones((3, 2), np.float32))
    (tmp_path / "b.npz").rename(tmp_path / "b.bin")
    assert open_features(tmp_path / "a").read("a").shape == (4, 8)
    assert open_features(tmp_path / "b.bin").read("b").shape == (3, 2)
    (tmp_path / "c.f32").write_bytes(ROWS)
    with pytest.raises(InvalidValue, match=r"c\.f32: .*without a heading go to basnet-rt stream"):
        open_features(tmp_path / "c.f32")


def test_a_video_named_as_features_is_called_a_video(tmp_path):
    (tmp_path / "a.npy").write_bytes(_mp4())
    with pytest.raises(InvalidValue, match=r"not a \.npy file: its content is MP4 or MOV"):
        open_features(tmp_path).read("a")


def test_the_content_s_number(tree):
    import hashlib

    want = hashlib.sha256(b"\x00\x01").hexdigest()
    assert VideoFile("b", str(tree / "in/b.MP4")).sha256() == want
    assert VideoFile("c", "rtsp://host/c").sha256() is None
    with pytest.raises(VideoError, match="cannot be read: No such file"):
        VideoFile("d", str(tree / "d.mp4")).sha256()
