"""Settings that contradict the data or themselves: found before training, and named."""

from __future__ import annotations

import os

import numpy as np
import pytest

from basnet_rt import Error, InvalidValue
from basnet_training.config import load_config
from basnet_training.dataset import open_videos
from basnet_training.overrides import parse_overrides
from basnet_training.runs import resolve, within_memory
from basnet_training.trainer import fit


def test_a_class_is_named_once():
    with pytest.raises(InvalidValue, match=r"--set data\.classes: .*named twice: a"):
        load_config("thumos14", {"data.classes": ["a", "b", "a"]})


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("data:\n  classes: [a]\n  classes: [b]", "the key 'classes' appears twice"),
        ("data: {fps: 25}\ndata: {classes: [b]}", "the key 'data' appears twice"),
        ("data: {classes: []}", "names no class"),
        ("data: {classes: [a, '']}", "a class has no name"),
        ("data: abc", r"data: Input should be a valid dictionary .*'abc'"),
        ("optim: {lr: .inf}", r"optim\.lr: Input should be a finite number"),
    ],
)
def test_a_file_of_settings_that_says_two_things_or_none_is_refused(tmp_path, text, part):
    (tmp_path / "c.yaml").write_text(text)
    with pytest.raises(InvalidValue, match=rf"c\.yaml(.|\n)*{part}"):
        load_config(tmp_path / "c.yaml")


def test_a_file_of_settings_in_another_encoding_is_named(tmp_path):
    (tmp_path / "c.yaml").write_bytes("name: é".encode("latin-1"))
    with pytest.raises(InvalidValue, match=r"c\.yaml: not UTF-8 text"):
        load_config(tmp_path / "c.yaml")


def test_a_setting_is_given_once_and_is_yaml():
    assert parse_overrides(["optim.lr=1e-3", "data.fps=30"]) == {"optim.lr": "1e-3", "data.fps": 30}
    with pytest.raises(InvalidValue, match=r"--set data\.classes is given twice"):
        parse_overrides(["data.classes=[a]", "data.classes=[b]"])
    with pytest.raises(InvalidValue, match=r"--set data\.classes: not YAML"):
        parse_overrides(["data.classes=[a"])


def test_ranges_have_a_number_for_every_class(config):
    videos = open_videos(config.data)
    for values in ([0.1], [0.1, 0.2]):
        resolve(config.model_copy(update={"postprocess": {"fixed_lo": values}}), videos)
    wrong = config.model_copy(update={"postprocess": {"fixed_lo": [0.1, 0.2, 0.3]}})
    with pytest.raises(InvalidValue, match=r"postprocess\.fixed_lo: 3 numbers for 2 classes"):
        resolve(wrong, videos)


def test_folds_that_leave_nothing_are_an_error(configure, tmp_path):
    with pytest.raises(
        InvalidValue, match=r"validation\.folds 20, fold 15: of 8 videos 0 are held"
    ):
        fit(configure(validation={"folds": 20, "fold": 15}), tmp_path, shown=False)


def test_a_part_of_a_joint_array_cannot_be_read(configure, dataset):
    with pytest.raises(InvalidValue, match=r"data\.modality 'rgb': .*v0\.npy holds one array"):
        open_videos(configure(data={"modality": "rgb"}).data)
    apart = dataset / "apart"
    for part in ("rgb", "flow"):
        (apart / part).mkdir(parents=True)
        for index in range(8):
            values = np.full((6, 2 if part == "rgb" else 3), index, np.float16)
            np.save(apart / part / f"v{index}.npy", values)
    for modality, channels in (("rgb", 2), ("flow", 3), ("rgb+flow", 5)):
        data = {"modality": modality, "features": str(apart)}
        assert open_videos(configure(data=data).data).source.feature_dim == channels


@pytest.mark.parametrize("ending", ["npz", "h5"])
def test_a_part_of_a_joint_array_under_a_key_cannot_be_read(configure, tmp_path, ending):
    path = tmp_path / f"all.{ending}"
    arrays = {f"v{index}": np.ones((6, 5), np.float32) for index in range(8)}
    if ending == "npz":
        np.savez(path, **arrays)
    else:
        with pytest.importorskip("h5py").File(path, "w") as file:
            for name, rows in arrays.items():
                file[name] = rows
    with pytest.raises(InvalidValue, match=rf"data\.modality 'flow': .*all\.{ending}:v0 holds one"):
        open_videos(configure(data={"modality": "flow", "features": str(path)}).data)
    joint = configure(data={"features": str(path)}).data
    assert open_videos(joint).source.feature_dim == 5


def test_a_pickled_table_in_an_archive_is_named(configure, tmp_path):
    rows = np.array([np.ones((3, 2)), np.ones((4, 2))], dtype=object)
    np.savez(tmp_path / "all.npz", features=rows)
    with pytest.raises(InvalidValue, match=r"all\.npz:features: pickled objects(.|\n)*np\.load"):
        open_videos(configure(data={"features": str(tmp_path / "all.npz")}).data)


@pytest.mark.parametrize("name", ["v0.npy", "v0.h5", "v0.npz"])
@pytest.mark.parametrize("alone", [True, False])
def test_a_fifo_in_place_of_features_is_named_not_waited_for(configure, tmp_path, name, alone):
    folder = tmp_path / "features"
    folder.mkdir()
    os.mkfifo(folder / name)
    given = folder / name if alone else folder
    with pytest.raises(InvalidValue, match=r"v0\.\w+: is a pipe"):
        open_videos(configure(data={"features": str(given), "missing": "skip"}).data)


@pytest.mark.parametrize("size", [10**15, 10**30])
def test_a_network_that_no_memory_holds_is_named_by_its_sizes(configure, tmp_path, size):
    with pytest.raises(Error, match=rf"network\.hidden_cas {size}, .*lower one of these"):
        fit(configure(network={"hidden_cas": size}), tmp_path / "run", shown=False)
    assert not (tmp_path / "run").exists()


def test_memory_that_ends_in_training_is_named_and_other_errors_are_not(config):
    with pytest.raises(Error, match=r"optim\.batch_size 4"), within_memory(config):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9")
    with pytest.raises(RuntimeError, match="shapes"), within_memory(config):
        raise RuntimeError("shapes differ")


@pytest.mark.parametrize("text", ["fps: 1e-300", "fps: 1e300", "snippet_stride: 1000000000"])
def test_a_rate_that_no_features_have_is_refused(tmp_path, text):
    """Times of 300 digits were printed."""
    (tmp_path / "c.yaml").write_text(f"data: {{{text}}}")
    with pytest.raises(InvalidValue, match=rf"data\.{text.partition(':')[0]}: Input should be"):
        load_config(tmp_path / "c.yaml")
