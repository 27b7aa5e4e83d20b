"""States that version 0.1 saved load, and the streams go on as 0.1 itself went on.

`saved_0_1/CASE.state` is what `save` returned in the middle of a stream; `CASE.npz` has the rest of
its input and what came of it. The post-processor alone must agree in every bit; behind a network of
torch, whose last bits depend on the machine, times and scores agree to 1e-4. What is not compared:
which torch saved the state, and the bundle's own file format.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from saved_cases import (
    ALARM,
    CONFIGS,
    FOLDER,
    NAMES,
    Arithmetic,
    localizer_continued,
    onset,
    onset_rows,
    pool_continued,
    post,
    post_continued,
)

import basnet_rt


def case(name: str) -> tuple[bytes, dict[str, np.ndarray]]:
    with np.load(FOLDER / f"{name}.npz") as file:
        return (FOLDER / f"{name}.state").read_bytes(), dict(file)


@pytest.fixture(scope="module")
def saved_model():
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    return basnet_rt.load(FOLDER / "model.pt")


def assert_equal(got: dict[str, Any], want: dict[str, np.ndarray], tolerance: float = 0.0) -> None:
    for name in got:
        assert len(want[name]) > 0, name
        assert got[name].shape == want[name].shape, name
        np.testing.assert_allclose(got[name], want[name], rtol=0, atol=tolerance, err_msg=name)


@pytest.mark.parametrize("name", NAMES)
def test_a_post_processor_goes_on(name: str):
    state, rest = case(f"post_{name}")
    assert_equal(post_continued(post(name).load(state), rest), rest)


@pytest.mark.parametrize("name", NAMES)
def test_a_post_processor_of_another_setting_refuses_the_state(name: str):
    """Catches a setting that is not read from old states, and so compares as its default."""
    state, _ = case(f"post_{name}")
    changes = {
        "class_threshold": 0.3,
        "cas_thresholds": (0.2, 0.35, 0.55),
        "upsample": 13,
        "outer_ratio": 0.2,
        "score_weight": 0.25,
        "nms_iou": 0.5,
        "nms": "hard",
        "soft_sigma": 0.5,
        "soft_min_score": -4.0,
        "fixed_lo": 0.06,
        "fixed_hi": 0.96,
        "horizon": 8.0,
        "min_duration": 0.2,
        "merge_gap": 0.6,
        "max_duration": 11.0,
        "max_lookahead": 2.0,
        "keep_top1": not CONFIGS[name].keep_top1,
        "score_function": "softmax" if name == "horizon" else "sigmoid",
        "topk_divisor": 3,
        "normalisation": "video",
        "gate": "video",
    }
    assert {*changes, "mode"} == set(CONFIGS[name].to_dict())
    for field, value in changes.items():
        other = CONFIGS[name].replace(**{field: value})
        stream = basnet_rt.StreamPostprocessor(other, num_classes=3, snippet_seconds=0.64)
        with pytest.raises(ValueError, match="other settings"):
            stream.load(state)


@pytest.mark.parametrize("name", NAMES)
def test_an_onset_detector_goes_on(name: str):
    state, rest = case(f"onset_{name}")
    detector, rows = onset(name), rest["activations"]
    detector.load(state)
    events = detector.push(rows[:14])
    detector.gap(4)
    events += detector.push(rows[14:])
    assert_equal({"onsets": onset_rows(events)}, rest)


@pytest.mark.parametrize("name", NAMES)
def test_a_streaming_localizer_goes_on(name: str, saved_model):
    state, rest = case(f"localizer_{name}")
    stream = basnet_rt.StreamingLocalizer(
        saved_model, CONFIGS[name], alarm=ALARM, zero_bad_features=True
    )
    stream.load(state)
    counts = stream.statistics
    got = [counts.snippets_in, counts.finals_out, counts.pushes, counts.features_zeroed]
    assert got == rest["statistics"].tolist()
    assert_equal(localizer_continued(stream, rest["features"]), rest, 1e-4)


def pool_of(model: Any, name: str, network: Any = None) -> basnet_rt.StreamPool:
    return basnet_rt.StreamPool(
        model,
        CONFIGS[name],
        alarm=ALARM,
        threaded=False,
        max_batch=16,
        zero_bad_features=True,
        network=network,
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_stream_of_a_pool_goes_on(name: str, saved_model):
    state, rest = case(f"pool_{name}")
    pool = pool_of(saved_model, name)
    assert_equal(pool_continued(pool, pool.restore(state), rest["features"]), rest, 1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_a_stream_of_a_pool_over_arithmetic_goes_on_in_every_bit(name: str, saved_model):
    state, rest = case(f"pool_arithmetic_{name}")
    pool = pool_of(saved_model, name, Arithmetic())
    assert_equal(pool_continued(pool, pool.restore(state), rest["features"]), rest)
