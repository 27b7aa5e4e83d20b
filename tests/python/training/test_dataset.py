"""Data sets, the endless training stream, and batches."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from training_cases import LENGTHS, TAGS

from basnet_rt import InvalidValue
from basnet_training.config import SamplingConfig, ValidationConfig
from basnet_training.dataset import (
    PositionSampler,
    TrainingStream,
    VideoDataset,
    collate,
    open_videos,
)
from basnet_training.validation import divide

NATIVE = SamplingConfig(num_segments=None)


@pytest.fixture
def videos(config):
    return open_videos(config.data)


def test_labels_follow_the_tags_and_empty_videos_are_rows_of_zeros(videos):
    assert videos.classes == ("Jump", "Run")
    want = [[float(name in tags) for name in videos.classes] for tags in TAGS]
    assert videos.labels.tolist() == want
    assert videos.some_without_action


def test_the_order_of_classes_is_the_setting_s(configure):
    config = configure(data={"classes": ["Run", "Jump", "Never"]})
    assert open_videos(config.data).labels[0].tolist() == [1, 0, 0]


def test_csv_and_split_give_the_same_videos(configure, dataset):
    lines = [f"v{i},{';'.join(tags)}" for i, tags in enumerate(TAGS)]
    (dataset / "tags.csv").write_text("\n".join(lines))
    (dataset / "split.txt").write_text("v4\nv1\n")
    chosen = {"annotations": str(dataset / "tags.csv"), "split": str(dataset / "split.txt")}
    found = open_videos(configure(data=chosen).data)
    assert found.names == ("v4", "v1")
    assert found.labels.tolist() == [[1, 1], [0, 0]]


def test_other_subsets_are_trained_on_only_if_asked_for(configure, dataset):
    path = dataset / "annotations.json"
    content = json.loads(path.read_text())
    content["database"]["v7"]["subset"] = "test"
    path.write_text(json.dumps(content))
    (dataset / "split.txt").write_text("v7\nv1\n")
    split = {"split": str(dataset / "split.txt")}
    usual, every, listed = (
        open_videos(configure(data=data).data) for data in ({}, {"subset": None}, split)
    )
    assert "v7" not in usual.names
    assert usual.remarks == ("subset 'train' of annotations.json is trained on",)
    assert set(every.names) == {*usual.names, "v7"}
    assert listed.names == ("v7", "v1")


@pytest.mark.parametrize(
    ("data", "part"),
    [
        ({"features": None}, "data.features and data.annotations"),
        ({"classes": ["Run"]}, "'Jump' is none of the classes"),
        ({"subset": "validation"}, "the file has train"),
        ({"feature_dim": 5}, "expected 5 channels"),
    ],
)
def test_data_that_does_not_fit_is_named(configure, data, part):
    with pytest.raises(InvalidValue, match=part):
        VideoDataset(open_videos(configure(data=data).data), NATIVE)[0]


def test_annotated_videos_without_features_are_named(configure, dataset):
    (dataset / "features" / "v3.npy").unlink()
    with pytest.raises(InvalidValue, match="v3"):
        open_videos(configure().data)


def test_nothing_to_learn_is_an_error(configure, dataset):
    content = {"database": {"v0": {}, "v1": {}}}
    (dataset / "annotations.json").write_text(json.dumps(content))
    with pytest.raises(InvalidValue, match="nothing to learn"):
        open_videos(configure(data={"classes": ["Run"]}).data)


@pytest.mark.parametrize("cache_gib", [0.0, 1.0])
def test_whole_videos_native_and_resampled(videos, cache_gib):
    native = VideoDataset(videos, NATIVE, cache_gib)
    assert [len(sample.features) for sample in native] == LENGTHS
    resampled = VideoDataset(videos, SamplingConfig(num_segments=5), cache_gib)
    place = np.arange(5) * LENGTHS[4] // 5
    assert torch.equal(resampled[4].features, native[4].features[place])


@pytest.mark.parametrize(
    "settings",
    [
        SamplingConfig(num_segments=10),
        SamplingConfig(num_segments=10, train="uniform"),
        SamplingConfig(crop_snippets=6),
        NATIVE,
    ],
)
def test_the_stream_does_not_depend_on_cache_order_or_instance(videos, settings):
    """Catches a draw from a generator that lives on: a resumed run would see other samples."""
    ahead = TrainingStream(videos, settings, seed=3, cache_gib=1.0)
    for position in range(20):
        ahead[position]
    fresh = TrainingStream(videos, settings, seed=3)
    for position in (19, 3, 8, 0):
        assert torch.equal(fresh[position].features, ahead[position].features)
        assert torch.equal(fresh[position].labels, ahead[position].labels)


def test_every_epoch_sees_every_video_once_in_another_order(videos):
    stream = TrainingStream(videos, NATIVE, seed=0)
    orders = [tuple(stream.order(epoch)) for epoch in range(4)]
    assert all(sorted(order) == list(range(len(videos))) for order in orders)
    assert len(set(orders)) == 4
    assert TrainingStream(videos, NATIVE, seed=1).order(0) != list(orders[0])


def test_crops_are_native_stretches(videos):
    stream = TrainingStream(videos, SamplingConfig(crop_snippets=6), seed=0)
    for position in range(16):
        crop = stream[position].features
        whole = videos.source.read(videos.names[stream.order(position // 8)[position % 8]])
        assert len(crop) == min(6, len(whole))
        starts = range(len(whole) - len(crop) + 1)
        assert any(np.array_equal(whole[s : s + len(crop)], crop.numpy()) for s in starts)


def test_ranks_together_see_what_one_sees_alone():
    alone = list(PositionSampler(3, 6, 4))
    assert alone == [[12, 13, 14, 15], [16, 17, 18, 19], [20, 21, 22, 23]]
    ranks = [list(PositionSampler(3, 6, 4, rank, 2)) for rank in range(2)]
    assert [sorted(a + b) for a, b in zip(*ranks, strict=True)] == alone
    with pytest.raises(InvalidValue, match="multiple of 3"):
        PositionSampler(0, 1, 4, 0, 3)


def test_batches_pad_with_zeros_and_mask(videos):
    dataset = VideoDataset(videos, NATIVE)
    batch = collate([dataset[3], dataset[0]])
    assert batch.features.shape == (2, 9, 6)
    assert batch.mask.sum(dim=1).tolist() == [3, 9]
    assert not batch.features[0, 3:].any()
    assert torch.equal(batch.features[0, :3], dataset[3].features)
    assert collate([dataset[0], dataset[0]]).mask is None


def test_folds_are_a_stratified_partition(videos):
    """Catches a fold without any empty video, where a video-level AUC would be undefined."""
    folds = [divide(videos, ValidationConfig(folds=2, fold=fold, seed=1)) for fold in range(2)]
    for train, held in folds:
        assert sorted(train.names + held.names) == sorted(videos.names)
        assert held.some_without_action
        assert train.some_without_action
    assert set(folds[0][1].names) == set(folds[1][0].names)
    assert divide(videos, ValidationConfig())[0].names == videos.names
