"""Feature files of every kind give the same arrays; what is wrong with a file is named."""

from __future__ import annotations

import multiprocessing
import pickle
from pathlib import Path

import h5py
import numpy as np
import pytest

from basnet_rt import InvalidType, InvalidValue
from basnet_rt.features import FeatureSource, open_features

RNG = np.random.default_rng(3)
RGB = {name: RNG.standard_normal((n, 3)).astype(np.float16) for name, n in [("a", 5), ("b", 7)]}
FLOW = {name: RNG.standard_normal((n, 2)).astype(np.float32) for name, n in [("a", 5), ("b", 6)]}
BOTH = {name: np.concatenate((RGB[name][: len(FLOW[name])], FLOW[name]), axis=1) for name in RGB}


def whole(name: str) -> np.ndarray:
    return BOTH[name].astype(np.float32)


def npy_folder(root: Path) -> Path:
    for name, values in BOTH.items():
        np.save(root / f"{name}.npy", values)
    return root


def two_folders(root: Path) -> Path:
    for part, videos in (("rgb", RGB), ("flow", FLOW)):
        (root / part).mkdir()
        for name, values in videos.items():
            np.save(root / part / f"{name}.npy", values)
    return root


def npz_folder(root: Path) -> Path:
    for name in RGB:
        np.savez(root / f"{name}.npz", rgb=RGB[name], flow=FLOW[name])
    return root


def npz_file(root: Path) -> Path:
    np.savez(root / "all.npz", **BOTH)
    return root / "all.npz"


def h5_file(root: Path) -> Path:
    with h5py.File(root / "all.h5", "w") as file:
        for name in RGB:
            file[f"{name}/rgb"], file[f"{name}/flow"] = RGB[name], FLOW[name]
    return root / "all.h5"


def h5_folder(root: Path) -> Path:
    for name in RGB:
        with h5py.File(root / f"{name}.h5", "w") as file:
            file["features"] = BOTH[name]
    return root


LAYOUTS = [npy_folder, two_folders, npz_folder, npz_file, h5_file, h5_folder]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_reads_the_same(layout, tmp_path):
    source = open_features(layout(tmp_path))
    assert source.names == ("a", "b")
    assert source.feature_dim == 5
    for name in BOTH:
        got = source.read(name)
        assert got.dtype == np.float32
        assert got.flags.c_contiguous
        np.testing.assert_array_equal(got, whole(name))
        assert source.shape(name) == whole(name).shape


@pytest.mark.parametrize("layout", LAYOUTS)
def test_rows_are_those_of_the_whole(layout, tmp_path):
    """Catches an HDF5 read with repeated or falling indices, which h5py itself refuses."""
    source = open_features(layout(tmp_path))
    np.testing.assert_array_equal(source.read("b", slice(2, 5)), whole("b")[2:5])
    for rows in ([3], [0, 0, 2, 5, 5], [4, 1]):
        picked = np.array(rows, dtype=np.int64)
        np.testing.assert_array_equal(source.read("b", picked), whole("b")[picked])
    for rows in ([6], [-1], []):
        with pytest.raises(InvalidValue, match=r"\[0, 6\)"):
            source.read("b", np.array(rows, dtype=np.int64))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_source_travels_to_another_process(layout, tmp_path):
    source = open_features(layout(tmp_path))
    source.read("a")
    again: FeatureSource = pickle.loads(pickle.dumps(source))
    np.testing.assert_array_equal(again.read("b"), whole("b"))


def test_an_h5_file_opened_before_a_fork_is_opened_again_after_it(tmp_path):
    """HDF5 promises nothing for a handle that crosses a fork, as into a loading process."""
    source = open_features(h5_file(tmp_path))
    before = source._container._handle

    def child(queue) -> None:
        values = source.read("b")
        queue.put((source._container._handle is before, values))

    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    process = context.Process(target=child, args=(queue,))
    process.start()
    kept, values = queue.get()
    process.join()
    assert not kept
    np.testing.assert_array_equal(values, whole("b"))


@pytest.mark.parametrize("layout", [two_folders, npz_folder, h5_file])
def test_one_modality_where_they_lie_apart(layout, tmp_path):
    path = layout(tmp_path)
    np.testing.assert_array_equal(open_features(path, modality="rgb").read("a"), RGB["a"])
    np.testing.assert_array_equal(open_features(path, modality="flow").read("b"), FLOW["b"])


def test_one_video_s_file(tmp_path):
    npy_folder(tmp_path)
    assert open_features(tmp_path / "a.npy").names == ("a",)
    np.savez(tmp_path / "c.npz", features=BOTH["a"])
    source = open_features(tmp_path / "c.npz")
    assert source.names == ("c",)
    np.testing.assert_array_equal(source.read("c"), whole("a"))


def test_npy_is_memory_mapped(tmp_path):
    source = open_features(npy_folder(tmp_path))
    assert isinstance(source._parts("a")[0][1], np.memmap)


def bad(tmp_path: Path, values: np.ndarray) -> FeatureSource:
    np.save(tmp_path / "x.npy", values)
    return open_features(tmp_path, feature_dim=4)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_is_located(tmp_path, value):
    values = np.zeros((6, 4), np.float16)
    values[3, 2] = value
    source = bad(tmp_path, values)
    with pytest.raises(InvalidValue, match=r"x.npy: (nan|inf) at snippet 3, channel 2"):
        source.read("x")
    with pytest.raises(InvalidValue, match="snippet 3, channel 2"):
        source.read("x", np.array([1, 3, 4]))
    assert len(source.read("x", slice(0, 3))) == 3


def test_a_value_beyond_float32_is_shown_as_it_is(tmp_path):
    values = np.ones((4, 3))
    values[3, 2] = 1e300
    np.save(tmp_path / "x.npy", values)
    message = "1e.300 at snippet 3, channel 2; features must be finite in float32"
    with pytest.raises(InvalidValue, match=message):
        open_features(tmp_path).read("x")


@pytest.mark.parametrize("shape", [(4,), (2, 3, 4), (0, 4), (3, 0)])
def test_wrong_shapes_are_named(tmp_path, shape):
    with pytest.raises(InvalidValue, match=r"x.npy.*expected a shape"):
        bad(tmp_path, np.zeros(shape, np.float32)).read("x")


def test_wrong_width_names_file_shape_and_expectation(tmp_path):
    with pytest.raises(InvalidValue, match=r"x.npy \(3, 5\): expected 4 channels, got 5"):
        bad(tmp_path, np.zeros((3, 5), np.float32)).read("x")


def test_integers_are_no_features(tmp_path):
    with pytest.raises(InvalidType, match="int64"):
        bad(tmp_path, np.zeros((3, 4), np.int64)).read("x")


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".h5"])
@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "truncated"), (b"not features at all", "not a .*: its content is text")],
)
def test_damaged_files_are_named(tmp_path, suffix, content, message):
    path = tmp_path / f"x{suffix}"
    path.write_bytes(content)
    with pytest.raises(InvalidValue, match=f"x{suffix}: {message}"):
        open_features(tmp_path).read("x")


def test_truncated_npy(tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((100, 4), np.float32))
    path = tmp_path / "x.npy"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InvalidValue, match=r"x.npy: truncated"):
        open_features(tmp_path).read("x")


def test_paths_that_hold_no_features(tmp_path):
    with pytest.raises(InvalidValue, match="no such file or folder"):
        open_features(tmp_path / "absent")
    with pytest.raises(InvalidValue, match=r"found none; save the \(T, F\) array"):
        open_features(tmp_path)
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "x.npy").touch()
    with pytest.raises(InvalidValue, match=r"there are some in .*train: give such a folder"):
        open_features(tmp_path)
    (tmp_path / "x.txt").touch()
    with pytest.raises(InvalidValue, match=r"expected features as \.npy"):
        open_features(tmp_path / "x.txt")
    for suffix in (".npy", ".npz"):
        (tmp_path / f"x{suffix}").touch()
    with pytest.raises(InvalidValue, match=r"found \.npy, \.npz"):
        open_features(tmp_path)


def test_parts_that_do_not_match_are_named(tmp_path):
    two_folders(tmp_path)
    np.save(tmp_path / "rgb" / "b.npy", np.zeros((9, 3), np.float32))
    with pytest.raises(InvalidValue, match="differ in snippets"):
        open_features(tmp_path).read("b")
    (tmp_path / "flow" / "b.npy").unlink()
    with pytest.raises(InvalidValue, match=r"same videos.*'b'"):
        open_features(tmp_path)


def test_unknown_videos_keys_and_modalities(tmp_path):
    source = open_features(npy_folder(tmp_path))
    with pytest.raises(InvalidValue, match="no features of video 'z'"):
        source.read("z")
    with pytest.raises(InvalidValue, match="modality"):
        open_features(tmp_path, modality="audio")
    folder = tmp_path / "npz"
    folder.mkdir()
    np.savez(folder / "a.npz", left=BOTH["a"], right=BOTH["a"])
    with pytest.raises(InvalidValue, match=r"expected the keys \['features'\]"):
        open_features(folder).read("a")
