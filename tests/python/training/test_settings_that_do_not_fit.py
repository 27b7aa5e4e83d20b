"""Settings that contradict the data or themselves: found before training, and named."""

from __future__ import annotations

import numpy as np
import pytest

from basnet_rt import InvalidValue
from basnet_training.config import load_config
from basnet_training.dataset import open_videos
from basnet_training.runs import resolve
from basnet_training.trainer import fit


def test_a_class_is_named_once():
    with pytest.raises(InvalidValue, match=r"--set data\.classes: .*named twice: a"):
        load_config("thumos14", {"data.classes": ["a", "b", "a"]})


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
