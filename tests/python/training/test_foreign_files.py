"""Features files that reach for more than their own arrays are refused before they are read."""

from __future__ import annotations

import pickle
import zipfile

import numpy as np
import pytest

from basnet_rt import InvalidValue
from basnet_rt.features import open_features
from basnet_training.reading.sources import open_training_features

h5py = pytest.importorskip("h5py")


def rows(count=6):
    return np.ones((count, 4), np.float32)


def test_an_ordinary_file_is_read_with_groups_and_links_within(tmp_path):
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        file["a"] = rows()
        file["b/rgb"], file["b/flow"] = rows(), rows()
        file["c"] = h5py.SoftLink("/a")
    assert open_training_features(path).names == ("a", "b", "c")


@pytest.mark.parametrize("kind", ["link", "storage", "virtual", "nested"])
def test_data_of_other_files_are_refused(tmp_path, kind):
    """Else any file that this account may read could be taken for features, and sent on."""
    secret = tmp_path / "secret"
    secret.write_bytes(rows().tobytes())
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["x"] = rows()
    folder = tmp_path / "features"
    folder.mkdir()
    with h5py.File(folder / "v.h5", "w") as file:
        file["a"] = rows()
        if kind == "link":
            file["b"] = h5py.ExternalLink(str(tmp_path / "other.h5"), "/x")
        elif kind == "nested":
            file.create_group("b")["rgb"] = h5py.ExternalLink(str(tmp_path / "other.h5"), "/x")
        elif kind == "storage":
            file.create_dataset("b", (6, 4), "<f4", external=[(str(secret), 0, 96)])
        else:
            layout = h5py.VirtualLayout((6, 4), "<f4")
            layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "x", shape=(6, 4))
            file.create_virtual_dataset("b", layout)
    for path in (folder, folder / "v.h5"):
        with pytest.raises(InvalidValue, match=r"b.* lies in another file"):
            open_training_features(path)


def test_files_under_another_kind_of_name_are_named(tmp_path):
    np.savez(tmp_path / "a.npz", a=rows())
    (tmp_path / "a.npz").rename(tmp_path / "a.npy")
    np.save(tmp_path / "b.npy", rows())
    (tmp_path / "b.npy").rename(tmp_path / "b.npz")
    (tmp_path / "c.npy").write_bytes(pickle.dumps([1]))
    with zipfile.ZipFile(tmp_path / "d.npz", "w") as archive:
        archive.writestr("d.txt", "text")
    with h5py.File(tmp_path / "e.h5", "w") as file:
        file["e"] = h5py.Empty("f4")
    for name, part in {
        "a.npy": r"a\.npy: is an archive of arrays; let its name end in \.npz",
        "b.npz": r"b\.npz: is one array, no archive; let its name end in \.npy",
        "c.npy": r"c\.npy: not a \.npy file: its content is a Python pickle; take it out",
        "d.npz": r"d\.npz:d\.txt: is no array",
        "e.h5": r"e\.h5:e: expected a shape",
    }.items():
        with pytest.raises(InvalidValue, match=part):
            open_features(tmp_path / name).read(name[0] if name != "d.npz" else "d.txt")
