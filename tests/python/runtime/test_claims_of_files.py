"""Feature files that claim, link or hold what they have not: each is refused by its own message."""

from __future__ import annotations

import io
import tracemalloc
import zipfile

import numpy as np
import pytest

from basnet_rt import InvalidValue
from basnet_rt.features import open_features

h5py = pytest.importorskip("h5py")
ROWS = np.arange(24, dtype=np.float32).reshape(6, 4)


def member(rows=ROWS) -> bytes:
    file = io.BytesIO()
    np.save(file, rows)
    return file.getvalue()


def archive(path, members, how=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", how) as file:
        for name, content in members:
            file.writestr(name, content)
    return path


def lying(rows: int) -> bytes:
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, 4), }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + bytes(64)


def read_all(path):
    source = open_features(path)
    return [source.read(name) for name in source.names]


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("second", ["features.npy", "features"])
def test_a_member_twice_is_refused(tmp_path, second):
    path = archive(tmp_path / "v.npz", [("features.npy", member()), (second, member(0 * ROWS))])
    with pytest.raises(InvalidValue, match=r"v\.npz: the member 'features' appears twice"):
        read_all(path)


def hdf5(path, shape, **how):
    with h5py.File(path, "w") as file:
        file.create_dataset("v", shape, "<f4", **how)
    return path


CLAIMS = {
    "a member": lambda folder: archive(folder / "v.npz", [("features.npy", lying(10**10))]),
    "a stored member": lambda folder: archive(
        folder / "v.npz", [("features.npy", lying(10**7))], zipfile.ZIP_STORED
    ),
    "many rows": lambda folder: hdf5(folder / "v.h5", (10**12, 4), chunks=(1024, 4)),
    "many channels": lambda folder: hdf5(folder / "v.h5", (60, 10**9), chunks=(1, 1024)),
    "one piece": lambda folder: hdf5(folder / "v.h5", (10**8, 4)),
}


@pytest.mark.parametrize("kind", sorted(CLAIMS))
def test_no_memory_is_taken_for_what_a_file_has_not(tmp_path, kind):
    path = CLAIMS[kind](tmp_path)
    tracemalloc.start()
    try:
        with pytest.raises(InvalidValue, match=r"claims the shape \(.*but the file holds \d+ b"):
            read_all(path)
        assert tracemalloc.get_traced_memory()[1] < 50_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "how", [{"compression": "gzip"}, {"chunks": (2, 4)}, {"maxshape": (99, 4)}]
)
def test_compressed_and_growing_data_sets_are_read(tmp_path, how):
    rows = np.zeros((20_000, 4), np.float32) if "compression" in how else ROWS
    with h5py.File(tmp_path / "v.h5", "w") as file:
        file.create_dataset("v", data=rows, **how)
    np.testing.assert_array_equal(read_all(tmp_path / "v.h5")[0], rows)


def test_compressed_members_are_read(tmp_path):
    rows = np.zeros((500_000, 4), np.float32)
    for how in (zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        path = archive(tmp_path / "v.npz", [("features.npy", member(rows))], how)
        assert read_all(path)[0].shape == rows.shape


def test_damaged_lzma_is_refused(tmp_path):
    path = archive(tmp_path / "v.npz", [("features.npy", member())], zipfile.ZIP_LZMA)
    content = bytearray(path.read_bytes())
    content[60:90] = b"\xff" * 30
    path.write_bytes(content)
    with pytest.raises(InvalidValue, match=r"v\.npz:features: damaged.*make the file again"):
        read_all(path)


@pytest.mark.parametrize(
    ("links", "message"),
    [
        ({"v": "/nowhere"}, "v: damaged, or no numbers: .*component not found"),
        ({"v": "/w", "w": "/v"}, "v is a link that leads to no data, in a circle"),
    ],
)
def test_links_to_nothing_are_named(tmp_path, links, message):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["z"] = ROWS
        for name, target in links.items():
            file[name] = h5py.SoftLink(target)
    with pytest.raises(InvalidValue, match=rf"x\.h5:? ?{message}"):
        read_all(tmp_path / "x.h5")


def test_groups_that_are_too_deep_are_named(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["a/b/c/features"] = ROWS
    with pytest.raises(InvalidValue, match=r"x\.h5:a/b: is a group of \['c'\], no array"):
        read_all(tmp_path / "x.h5")


def test_damaged_rows_are_refused_with_their_file(tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        data = file.create_dataset("v", data=ROWS, chunks=(6, 4), compression="gzip")
        place = data.id.get_chunk_info(0).byte_offset
    content = bytearray((tmp_path / "x.h5").read_bytes())
    content[place : place + 20] = b"\xff" * 20
    (tmp_path / "x.h5").write_bytes(content)
    with pytest.raises(InvalidValue, match=r"x\.h5:v: rows 0 to 6 cannot be read: .*make the file"):
        read_all(tmp_path / "x.h5")
