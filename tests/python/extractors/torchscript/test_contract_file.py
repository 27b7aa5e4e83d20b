"""The contract's YAML file: what it may say, and what is refused with which words."""

from __future__ import annotations

import pytest

from basnet_rt import BundleError, InvalidValue
from basnet_rt.extractors.backbone.contract import parse_contract, read_contract

LEAST = {"layout": "B C T H W", "feature_dim": 8}


def test_defaults_are_thumos_timing_and_plain_pixels():
    """Catches a default that moves: contracts that rely on it would mean something else."""
    made = parse_contract(LEAST)
    assert (made.input, made.range, made.fps) == ("rgb", (0.0, 1.0), 25.0)
    assert (made.frames, made.stride, made.every, made.batch) == (16, 16, 1, 1)
    assert (made.output.which, made.output.axis, made.output.pooling) == (None, 1, "mean")


def test_weights_lie_beside_the_contract(contract, tmp_path):
    """Catches a path taken from the working directory."""
    assert read_contract(contract()).weights == tmp_path / "module.pt"
    assert str(read_contract(contract(weights="/elsewhere/a.pt")).weights) == "/elsewhere/a.pt"
    assert read_contract(contract(weights=None)).weights is None


def test_the_record_holds_what_decides_features_and_nothing_else():
    """Catches features refused because they were made in other batches, or accepted though cut
    otherwise."""
    plain = parse_contract(LEAST)
    moved = parse_contract({**LEAST, "weights": "a.pt", "batch": 4, "sha256": "0" * 64})
    assert plain.record() == moved.record()
    assert plain.record() != parse_contract({**LEAST, "crop": 100}).record()
    assert parse_contract(plain.record()) == plain
    flow = parse_contract({**LEAST, "input": "flow", "flow": {"clip": 15}})
    assert flow.record()["flow"] == {"method": "tvl1", "clip": 15.0, "eight_bit": False}
    assert "flow" not in plain.record()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"crops": 3}, "crops: Extra inputs are not permitted"),
        ({"output": {"wich": 0}}, "output.wich: Extra inputs"),
        ({"layout": "B H W C"}, "layout: Input should be 'B C T H W'"),
        ({"layout": None}, "layout: Field required"),
        ({"feature_dim": None}, "feature_dim: Field required"),
        ({"feature_dim": 0}, "feature_dim: Input should be greater than or equal to 1"),
        ({"fps": 0}, "fps: Input should be greater than 0"),
        ({"fps": float("inf")}, "fps: "),
        ({"mean": [0.5]}, "mean: expected 3 numbers for rgb, got 1"),
        ({"input": "flow", "std": [1, 1, 1]}, "std: expected 2 numbers for flow, got 3"),
        ({"std": [1, 0, 1]}, "std.1: Input should be greater than 0"),
        ({"range": [1, 0]}, "range: expected low below high"),
        ({"range": [0, float("nan")]}, "range.1"),
        ({"width": 32}, "width and height: give both, or neither"),
        ({"short_side": 9, "width": 3, "height": 3}, "short_side: not together"),
        ({"short_side": 100, "crop": 101}, r"crop: \[101, 101\] is larger than the scaled frame"),
        ({"width": 64, "height": 48, "crop": [50, 60]}, r"crop: \[50, 60\] is larger"),
        ({"every": 17}, "every: expected at most frames, 16, got 17"),
        ({"layout": "B C H W", "output": {"pooling": "none"}}, "images are pooled to snippets"),
        ({"sha256": "abc"}, "sha256: "),
        ({"dtype": "float64"}, "dtype: Input should be 'float32'"),
        ({"batch": 0}, "batch: "),
        ({"flow": {"method": "farneback"}}, "flow.method: "),
    ],
)
def test_every_wrong_key_is_named(changes, message):
    fields = {k: v for k, v in {**LEAST, **changes}.items() if v is not None}
    with pytest.raises(InvalidValue, match=message):
        parse_contract(fields)


def test_files_that_are_no_contract_are_refused(tmp_path):
    """Catches a traceback of the YAML parser."""
    path = tmp_path / "contract.yaml"
    with pytest.raises(BundleError, match=r"contract\.yaml: No such file.*; expected a contract"):
        read_contract(path)
    for content, message in (
        (b"a: [1", "not a YAML file"),
        (b"\xff\xfe\x00", "not a YAML file"),
        (b"", "expected keys and values, got NoneType"),
        (b"- 1", "expected keys and values, got list"),
    ):
        path.write_bytes(content)
        with pytest.raises(InvalidValue, match=message):
            read_contract(path)
