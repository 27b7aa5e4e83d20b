"""One bad file of features never stops `localize`, and is named by its own fault."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tiny_bundle

h5py = pytest.importorskip("h5py")


def npy(path, shape: str, dtype: str = "<f4", data: bytes = b"") -> None:
    """A `.npy` whose header says any text for its shape."""
    header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    path.write_bytes(
        b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + data
    )


def object_table(path):
    np.save(path, np.array([np.ones((3, 2)), np.ones((4, 2))], dtype=object), allow_pickle=True)


F = tiny_bundle.FEATURE_DIM
BROKEN = {
    "a negative shape": lambda path: npy(path, f"(-1, {F})"),
    "a huge shape": lambda path: npy(path, f"({10**18}, {F})"),
    "a number of 400 digits": lambda path: npy(path, f"({'9' * 400}, {F})"),
    "a truth value in a shape": lambda path: npy(path, f"(True, {F})", data=bytes(4 * F)),
    "values that overflow": lambda path: np.save(path, np.full((9, F), 3e38, np.float32)),
    "a shape that is none": lambda path: npy(path, "None"),
    "deep brackets": lambda path: npy(path, "(" * 500 + ")" * 500),
    "another dtype": lambda path: npy(path, f"(4, {F})", "|V4", bytes(16 * F)),
    "a table of objects": object_table,
}


@pytest.fixture
def localize(run_cli, bundle, tmp_path, make_features):
    """`localize` of one good file and what is beside it: (exit code, names, errors)."""

    def run(*beside):
        good = tmp_path / "good.npy"
        np.save(good, make_features(30))
        output = tmp_path / "r.json"
        done = run_cli("localize", good, *beside, "-m", bundle, "-o", output, "--json")
        return done.exit_code, list(json.loads(output.read_text())["results"]), done.stderr

    return run


@pytest.mark.parametrize("kind", sorted(BROKEN))
def test_the_batch_goes_on(localize, tmp_path, kind):
    BROKEN[kind](tmp_path / "bad.npy")
    code, names, said = localize(tmp_path / "bad.npy")
    assert (code, names) == (1, ["good"])
    assert "bad" in said
    assert "Traceback" not in said


def test_a_folder_of_them_too(localize, tmp_path):
    folder = tmp_path / "features"
    folder.mkdir()
    for number, kind in enumerate(sorted(BROKEN)):
        BROKEN[kind](folder / f"bad{number}.npy")
    code, names, said = localize(folder)
    assert (code, names) == (1, ["good"])
    assert all(f"bad{number}" in said for number in range(len(BROKEN)))


def test_a_name_too_long_for_a_file_does_not_stop_the_others(
    run_cli, bundle, tmp_path, make_features
):
    names = ["a", "n" * 300, "z"]
    with h5py.File(tmp_path / "all.h5", "w") as file:
        for name in names:
            file[name] = make_features(30)
    output, seen = tmp_path / "r.json", tmp_path / "seen"
    done = run_cli("localize", tmp_path / "all.h5", "-m", bundle, "-o", output)
    assert done.exit_code == 0, done.stderr
    assert list(json.loads(output.read_text())["results"]) == names
    options = ("-m", bundle, "-o", output, "--save-activations", seen)
    done = run_cli("localize", tmp_path / "all.h5", *options)
    assert done.exit_code == 1  # its activations have no file
    assert list(json.loads(output.read_text())["results"]) == ["a", "z"]


def test_a_name_too_long_for_a_sidecar_has_none(run_cli, bundle, tmp_path, make_features):
    folder = tmp_path / "features"
    folder.mkdir()
    name = "n" * 251
    np.save(folder / f"{name}.npy", make_features(30))
    done = run_cli("localize", folder, "-m", bundle, "-o", tmp_path / "r.json")
    assert done.exit_code == 0, done.stderr


def test_values_that_overflow_are_named(localize, tmp_path):
    values = np.full((9, F), 3e38, np.float32)
    values[4, 2] = -3.3e38
    np.save(tmp_path / "large.npy", values)
    _, _, said = localize(tmp_path / "large.npy")
    assert "features[4, 2] is -3.3e+38, so the network's output is not finite" in " ".join(
        said.split()
    )


def test_a_table_of_objects_is_named_with_the_lines_that_convert_it(localize, tmp_path):
    object_table(tmp_path / "table.npy")
    _, _, said = localize(tmp_path / "table.npy")
    said = " ".join(said.split())
    assert "a pickled table of 2 videos" in said
    assert 'table = np.load("table.npy", allow_pickle=True)' in said
    assert "for name, rows in zip(names, table)" in said


def elsewhere(path, kind, secret, other):
    """HDF5 with one video of its own and one whose values lie elsewhere."""
    with h5py.File(path, "w") as file:
        file["own"] = np.load(secret.parent / "rows.npy")
        if kind == "link":
            file["b"] = h5py.ExternalLink(str(other), "/x")
        elif kind == "link within":
            file["link"] = h5py.ExternalLink(str(other), "/x")
            file["b"] = h5py.SoftLink("/link")
        elif kind == "nested":
            file.create_group("b")["rgb"] = h5py.ExternalLink(str(other), "/x")
        elif kind == "storage":
            file.create_dataset("b", (4, F), "<f4", external=[(str(secret), 0, 16 * F)])
        else:
            layout = h5py.VirtualLayout((4, F), "<f4")
            layout[:] = h5py.VirtualSource(str(other), "x", shape=(4, F))
            file.create_virtual_dataset("b", layout)


@pytest.mark.parametrize("kind", ["link", "link within", "nested", "storage", "virtual"])
def test_data_of_other_files_are_refused_and_the_file_s_own_are_read(
    localize, tmp_path, make_features, kind
):
    """Else a file sent by somebody could carry off what this account may read."""
    rows = make_features(4)
    secret, other = tmp_path / "secret", tmp_path / "other.h5"
    secret.write_bytes(rows.tobytes())
    np.save(tmp_path / "rows.npy", rows)
    with h5py.File(other, "w") as file:
        file["x"] = rows
    elsewhere(tmp_path / "sent.h5", kind, secret, other)
    code, names, said = localize(tmp_path / "sent.h5")
    assert code == 1
    assert sorted(names) == ["good", "own"]
    assert "lies in another file" in " ".join(said.split())


def test_hdf5_whose_groups_go_in_circles_ends(localize, tmp_path):
    with h5py.File(tmp_path / "circle.h5", "w") as file:
        file.create_group("b")["b"] = file["b"] if "b" in file else h5py.SoftLink("/b")
    code, names, _ = localize(tmp_path / "circle.h5")
    assert (code, names) == (1, ["good"])
