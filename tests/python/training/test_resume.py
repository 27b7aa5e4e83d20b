"""Going on with a run: more iterations are welcome, other data or settings are named."""

from __future__ import annotations

import json
import resource

import numpy as np
import pytest
import torch

from basnet_rt import Error, InvalidValue
from basnet_training.checkpoint import latest_checkpoint, load_tensors, save_tensors
from basnet_training.config import load_config
from basnet_training.runs import load_model
from basnet_training.trainer import fit


def run(config, folder, **options):
    return fit(config, folder, shown=False, **options)


def test_more_iterations_end_where_a_longer_run_does(configure, tmp_path):
    run(configure(), tmp_path / "a")
    longer = configure(optim={"iterations": 12})
    again = run(longer, tmp_path / "a", resume=True)
    whole = run(longer, tmp_path / "b")
    assert again.step == 12
    first, second = (load_tensors(result.model)[0] for result in (again, whole))
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize(
    ("before", "after", "part"),
    [
        ({}, {"optim": {"lr": 1e-3}}, "optim.lr was 0.01, now 0.001"),
        ({}, {"optim": {"iterations": 5}}, "optim.iterations is 5, and 8 are done"),
        ({"optim": {"schedule": "cosine"}}, {"optim": {"iterations": 20}}, "cosine schedule"),
        (
            {"optim": {"topk_start": 2}},
            {"optim": {"iterations": 20}},
            "optim.topk_start depends",
        ),
        ({}, {"network": {"hidden_cas": 9}}, "network.hidden_cas was 7, now 9"),
    ],
)
def test_the_setting_that_differs_is_named(configure, tmp_path, before, after, part):
    run(configure(**before), tmp_path)
    both = {name: {**before.get(name, {}), **after.get(name, {})} for name in {**before, **after}}
    with pytest.raises(InvalidValue, match="other settings") as error:
        run(configure(**both), tmp_path, resume=True)
    assert part in str(error.value)
    assert "config.yaml" in str(error.value)


@pytest.mark.parametrize("iterations", [8, 12])
def test_other_post_processing_is_taken_over(configure, tmp_path, iterations):
    run(configure(), tmp_path)
    other = configure(postprocess={"nms": "linear"}, optim={"iterations": iterations})
    run(other, tmp_path, resume=True)
    assert load_model(tmp_path).config.postprocess == {"nms": "linear"}
    assert load_config(tmp_path / "config.yaml").postprocess == {"nms": "linear"}


BIAS = "weights/cas_module.conv_1.0.bias"
MOMENT = "optimizer/1/exp_avg"


@pytest.mark.parametrize(
    ("name", "value", "part"),
    [
        (BIAS, torch.full((7,), torch.nan), r"conv_1\.0\.bias \(7,\) holds NaN"),
        (BIAS, torch.zeros(2, 2), r"conv_1\.0\.bias has shape \(2, 2\), expected \(7,\)"),
        (BIAS, None, r"conv_1\.0\.bias is absent"),
        (MOMENT, None, "optimizer/1/exp_avg is absent"),
        (MOMENT, torch.zeros(1), r"optimizer/1/exp_avg has shape \(1,\)"),
        (MOMENT, torch.tensor(torch.inf), "optimizer/1/exp_avg has shape"),
        ("optimizer/x/exp_avg", torch.zeros(1), "optimizer/x/exp_avg is unknown"),
    ],
)
def test_a_damaged_tensor_of_a_checkpoint_is_named(configure, tmp_path, name, value, part):
    """Weights that are not finite went on in silence, and a lost moment was begun anew."""
    run(configure(optim={"iterations": 1}), tmp_path)
    path = latest_checkpoint(tmp_path)
    tensors, about = load_tensors(path)
    changed = {key: tensor for key, tensor in tensors.items() if key != name}
    save_tensors(path, changed if value is None else {**changed, name: value}, about)
    with pytest.raises(InvalidValue, match=f"is damaged: .*{part}"):
        run(configure(optim={"iterations": 1}), tmp_path, resume=True)


@pytest.mark.parametrize(
    ("field", "value", "part"),
    [
        ("step", "abc", "not a checkpoint of this program"),
        ("extra", 3, "not a checkpoint of this program"),
        ("extra", {}, "is damaged"),
        ("best", 3, "is damaged"),
        ("best", {"loss": 1, "other": 2}, "is damaged"),
        ("data", 3, "other settings or data: its digests of the data are 3"),
    ],
)
def test_damaged_fields_of_a_checkpoint_are_named(configure, tmp_path, field, value, part):
    run(configure(optim={"iterations": 1}), tmp_path)
    path = latest_checkpoint(tmp_path)
    tensors, about = load_tensors(path)
    (about if field in about else about["extra"])[field] = value
    save_tensors(path, tensors, about)
    with pytest.raises(InvalidValue, match=part):
        run(configure(optim={"iterations": 1}), tmp_path, resume=True)


def test_a_checkpoint_that_does_not_fit_on_the_disk_leaves_the_older_one(tmp_path):
    path, limits = tmp_path / "a.safetensors", resource.getrlimit(resource.RLIMIT_FSIZE)
    save_tensors(path, {"x": torch.zeros(3)}, {"step": 1})
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(Error, match=r"a\.safetensors: cannot be written: .*too large"):
            save_tensors(path, {"x": torch.zeros(3000)}, {"step": 2})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert load_tensors(path)[1] == {"step": 1}
    assert list(tmp_path.iterdir()) == [path]


def test_a_flipped_bit_in_a_checkpoint_is_noticed(configure, tmp_path):
    """A weight of 1e38 in place of 0.1 went on, and ruined the network."""
    run(configure(optim={"iterations": 1}), tmp_path)
    path = latest_checkpoint(tmp_path)
    content = bytearray(path.read_bytes())
    content[-3] ^= 0x40
    path.write_bytes(content)
    with pytest.raises(InvalidValue, match=r"00000001\.safetensors: is damaged: .*checksum"):
        run(configure(optim={"iterations": 1}), tmp_path, resume=True)


def test_another_type_of_a_tensor_is_noticed(configure, tmp_path):
    run(configure(optim={"iterations": 1}), tmp_path)
    path = latest_checkpoint(tmp_path)
    path.write_bytes(path.read_bytes().replace(b'"F32"', b'"I32"', 1))
    with pytest.raises(InvalidValue, match=r"is damaged: .*checksum"):
        run(configure(optim={"iterations": 1}), tmp_path, resume=True)


def test_other_data_are_refused_and_named(configure, dataset, tmp_path):
    """Features of another length, another tag, another video: each is a run of its own."""
    run(configure(), tmp_path / "run")
    path = dataset / "annotations.json"
    original = path.read_text()
    content = json.loads(original)
    content["database"]["v1"]["annotations"] = [{"label": "Run"}]
    path.write_text(json.dumps(content))
    with pytest.raises(InvalidValue, match="the tags differ"):
        run(configure(), tmp_path / "run", resume=True)
    del content["database"]["v1"]
    path.write_text(json.dumps(content))
    with pytest.raises(InvalidValue, match="the names of the videos differ"):
        run(configure(), tmp_path / "run", resume=True)
    path.write_text(original)
    np.save(dataset / "features" / "v0.npy", np.ones((4, 6), np.float16))
    with pytest.raises(InvalidValue, match="the shapes of the features differ"):
        run(configure(), tmp_path / "run", resume=True)


def test_other_features_of_the_same_shapes_are_refused(configure, dataset, tmp_path):
    """A run went on with the features of another extractor; a copy as float32 is the same."""
    config = configure(optim={"iterations": 1})
    run(config, tmp_path / "run")
    path = dataset / "features" / "v0.npy"
    values = np.load(path)
    np.save(path, values.astype(np.float32))
    run(config, tmp_path / "run", resume=True)
    np.save(path, values + np.float16(1))
    with pytest.raises(InvalidValue, match="the values of the features differ"):
        run(config, tmp_path / "run", resume=True)


def test_a_checkpoint_without_the_digest_of_values_goes_on(configure, tmp_path):
    config = configure(optim={"iterations": 1})
    run(config, tmp_path)
    path = latest_checkpoint(tmp_path)
    tensors, about = load_tensors(path)
    del about["extra"]["data"]["values"]
    save_tensors(path, tensors, about)
    run(config, tmp_path, resume=True)


def test_features_that_tell_nothing_apart_are_not_trained_on(configure, dataset, tmp_path):
    for path in (dataset / "features").iterdir():
        np.save(path, np.ones_like(np.load(path)))
    with pytest.raises(InvalidValue, match="all rows are equal in 8 of 8 videos"):
        run(configure(), tmp_path)


@pytest.mark.parametrize("content", [b"", b"x" * 40])
def test_a_checkpoint_that_is_cut_says_what_to_do(configure, tmp_path, content):
    run(configure(optim={"iterations": 4}), tmp_path)
    path = latest_checkpoint(tmp_path)
    path.write_bytes(content)
    with pytest.raises(InvalidValue, match=f"{path.name}: .*remove the file to go on from the one"):
        run(configure(optim={"iterations": 4}), tmp_path, resume=True)
    path.unlink()
    assert run(configure(optim={"iterations": 4}), tmp_path, resume=True).step == 4
