"""I3D as a TorchScript file with its contract."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from made_frames import moving, run

from basnet_rt import BundleError
from basnet_rt.extractors import make_extractor
from basnet_rt.model.loading import load_script
from basnet_training.i3d_export import export_i3d


@pytest.fixture(scope="module")
def exported(checkpoints, tmp_path_factory):
    return export_i3d(checkpoints["rgb"], tmp_path_factory.mktemp("export") / "i3d_rgb.pt")


def test_the_contract_gives_the_features_of_extractor_i3d(exported, checkpoints):
    """Catches a contract that says another crop, range, order or snippet than extractor i3d."""
    assert exported.difference <= 1e-5
    got = make_extractor("torchscript", contract=exported.contract)
    wanted = make_extractor("i3d", weights=checkpoints["rgb"])
    frames = moving(16)
    rows = run(wanted, frames)
    np.testing.assert_allclose(run(got, frames), rows, rtol=0, atol=1e-5 * np.abs(rows).max())
    for name in ("fps", "snippet_frames", "snippet_stride", "frames", "feature_dim"):
        assert getattr(got.spec, name) == getattr(wanted.spec, name)


def test_the_file_takes_any_batch_and_length(exported):
    """Catches sizes frozen at export."""
    module = load_script(exported.module, torch.device("cpu"))
    with torch.inference_mode():
        cells = module.cells(torch.zeros(2, 3, 17, 224, 224))
        assert cells.shape == (2, 1024, 2)
        assert module.classify(cells).shape == (2, 400, 2)


def test_nothing_is_left_of_an_export_that_fails(tmp_path):
    (tmp_path / "bad.pt").write_bytes(b"no checkpoint")
    with pytest.raises(BundleError, match="not a PyTorch checkpoint"):
        export_i3d(tmp_path / "bad.pt", tmp_path / "out.pt")
    assert [path.name for path in tmp_path.iterdir()] == ["bad.pt"]
