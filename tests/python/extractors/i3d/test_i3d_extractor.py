"""Frames to I3D's features: streams, batches, short videos, records, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from made_frames import moving, run

from basnet_rt import BundleError, InvalidValue
from basnet_rt.extractors import ExtractorSpec, extractor_from_spec, make_extractor
from reference.i3d import centre, in_range

FRAMES = moving(52)


@pytest.fixture(scope="module")
def both(checkpoints):
    """RGB and flow, in bfloat16 (a third of the time); given in the other order."""
    weights = [checkpoints["flow"], checkpoints["rgb"]]
    flow = {"flow_method": "dis", "flow_8bit": True}
    return make_extractor("i3d", weights=weights, dtype="bfloat16", **flow)


@pytest.fixture(scope="module")
def rgb(checkpoints):
    return make_extractor("i3d", weights=checkpoints["rgb"], dtype="bfloat16")


@pytest.fixture(scope="module")
def rgb_rows(rgb):
    return run(rgb, FRAMES)


def test_streams_stand_side_by_side_rgb_first(both, rgb_rows):
    """Catches streams in the order of the files, and a snippet of one beside another's."""
    rows = run(both, FRAMES[:36])
    assert rows.shape == (2, 2048)
    assert rows.dtype == np.float32
    np.testing.assert_array_equal(rows[:, :1024], rgb_rows[:2])
    assert not np.array_equal(rows[:, 1024:], rows[:, :1024])


def test_features_are_of_the_cropped_frames_in_range(checkpoints):
    """Catches a wrong crop, range, order of colours or of time, by an oracle of the input."""
    import torch

    from basnet_rt.extractors.i3d.weights import load_i3d

    got = run(make_extractor("i3d", weights=checkpoints["rgb"]), FRAMES[:16])
    _, network = load_i3d(checkpoints["rgb"])
    values = np.stack([in_range(centre(one.image, 224, 224), -1, 1) for one in FRAMES[:16]])
    x = torch.from_numpy(values.transpose(3, 0, 1, 2)[None].astype(np.float32))
    with torch.inference_mode():
        wanted = network(x).numpy()
    np.testing.assert_allclose(got, wanted, rtol=0, atol=1e-5 * np.abs(wanted).max())


def test_features_do_not_depend_on_the_batch(checkpoints, rgb_rows):
    """Catches a way through the network that differs with the number of snippets; bit for bit."""
    made = make_extractor("i3d", weights=checkpoints["rgb"], dtype="bfloat16", batch=2)
    np.testing.assert_array_equal(run(made, FRAMES), rgb_rows)


def test_float32_does_not_depend_on_batch_or_threads(checkpoints):
    """Catches torch's other convolution, which it takes for one snippet on one thread."""
    import torch

    rows = []
    for batch, threads in ((1, 1), (2, 2)):
        torch.set_num_threads(threads)
        sizes = {"snippet_frames": 9, "snippet_stride": 9}  # the least, to be quick
        made = make_extractor("i3d", weights=checkpoints["rgb"], batch=batch, **sizes)
        rows.append(run(made, FRAMES[:18]))
    np.testing.assert_array_equal(*rows)


def test_a_video_shorter_than_a_snippet_stays_on_its_last_frame(rgb):
    """Catches zeros or a first frame as padding."""
    short = run(rgb, FRAMES[:5])
    padded = run(rgb, [*FRAMES[:5], *[FRAMES[4]] * 11])
    assert short.shape == (1, 1024)
    np.testing.assert_array_equal(short, padded)


def test_a_video_of_one_frame_has_flow_without_movement(both):
    """Catches a session that waits for a second frame."""
    rows = run(both, FRAMES[:1])
    assert rows.shape == (1, 2048)
    assert np.isfinite(rows).all()
    assert len(run(both, [])) == 0


def test_the_record_makes_the_same_extractor_again(both, checkpoints):
    """Catches a setting that is not on record."""
    spec = ExtractorSpec.from_dict(both.spec.to_dict())
    weights = [checkpoints["rgb"], checkpoints["flow"]]
    again = extractor_from_spec(spec, weights, batch=3)
    assert again.spec == both.spec
    assert again.batch == 3
    assert spec.settings["flow_picture"] == {"method": "dis", "clip": 20.0, "eight_bit": True}
    assert spec.feature_dim == 2048


def test_other_weights_than_recorded_are_refused(both, checkpoints, states, tmp_path):
    """Catches features of another training run under the old name."""
    import torch

    other = {name: tensor.clone() for name, tensor in states["rgb"].items()}
    other["Mixed_5c.b0.bn.bias"][0] += 1e-3
    torch.save(other, tmp_path / "other.pt")
    with pytest.raises(BundleError, match=r"other weights: .*other\.pt; missing: stream rgb"):
        extractor_from_spec(both.spec, [checkpoints["flow"], tmp_path / "other.pt"])
    with pytest.raises(BundleError, match="missing: stream flow"):
        extractor_from_spec(both.spec, checkpoints["rgb"])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"dtype": "float64"}, "dtype: expected one of float32, bfloat16, float16, got 'float64'"),
        ({"dtype": "float16"}, "float16 needs a GPU"),
        ({"device": "cuda:99"}, "device is 'cuda:99'"),
        ({"batch": 0}, "batch: expected at least 1"),
        ({"short_side": 200}, "short_side: expected at least 224"),
        ({"snippet_frames": 8}, "I3D needs 9 at least"),
        ({"flow_method": "farneback"}, "there are tvl1, dis"),
        ({"fps": 0.0}, "fps: expected a finite number above 0"),
        ({"snippets": 3}, "no setting snippets; it has weights, flow_method"),
    ],
)
def test_settings_that_cannot_be_are_named(settings, message, checkpoints):
    with pytest.raises(InvalidValue, match=message):
        make_extractor("i3d", weights=checkpoints["rgb"], **settings)


def test_two_checkpoints_of_one_stream_are_refused(checkpoints):
    """Catches RGB features twice side by side."""
    with pytest.raises(InvalidValue, match="second checkpoint of stream rgb"):
        make_extractor("i3d", weights=[checkpoints["rgb"]] * 2)


def test_missing_weights_are_asked_for():
    with pytest.raises(InvalidValue, match="extractor i3d: needs the setting weights"):
        make_extractor("i3d")
    with pytest.raises(InvalidValue, match="extractor i3d needs its file of weights"):
        make_extractor("i3d", weights=[])
