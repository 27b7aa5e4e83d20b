"""`basnet-rt bench`: what it measures, what it refuses, and that wrong answers are not timed.

No test judges a time. Out of scope: whether the machine is quiet.
"""

from __future__ import annotations

import functools
import itertools
import json
import types

import numpy as np
import pytest

pytest.importorskip("basnet_training.export", reason="bundles come from the exporter")

import basnet_rt
from basnet_rt import InvalidValue
from basnet_rt.benchmark import Setup, measures, one_case, planned
from basnet_rt.model.bundle import BundleMetadata, read_metadata

KERNELS = [one.name for one in basnet_rt.backends()[0].kernels if one.available]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    import torch

    from basnet_training import BaSNet
    from basnet_training.export import export_bundle

    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("bench") / "model.pt"
    metadata = BundleMetadata(classes=("A", "B"), feature_dim=16)  # raw: no range for a stream
    export_bundle(BaSNet(16, 2, 8, 32), metadata, path)
    return path


@pytest.fixture
def bench():
    from typer.testing import CliRunner

    from basnet_rt.cli.app import app

    return lambda *arguments: CliRunner().invoke(app, ["bench", *map(str, arguments)])


def test_json_has_every_case(bundle, bench):
    """One row for each engine, of one dtype and thread; every measure is there and positive."""
    done = bench(bundle, "--seconds", 1, "--dtype", "float32", "--threads", 1, "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout.splitlines()[-1])
    assert [(row["engine"], row["kernel"]) for row in found["rows"]] == [
        ("native", KERNELS[-1]),
        ("torch", "-"),
    ]
    for row in found["rows"]:
        assert 0 < row["push_p50"] <= row["push_p99"]
        assert row["video"] * row["snippets_per_second"] == pytest.approx(750)
        assert row["streams"] > 0
        assert row["load"] > 0
        assert row["memory"] > 20e6
    assert found["rows"][0]["difference"] == 0.0
    assert 0 < found["rows"][1]["difference"] < 1e-4
    assert found["rows"][0]["memory"] < found["rows"][1]["memory"]  # torch is not in the first
    assert found["cores"] >= 1
    assert found["processor"]


def test_a_table_for_people(bundle, bench):
    done = bench(bundle, "--seconds", 1, "--engine", "native", "--kernel", "portable",
                 "--dtype", "int8", "--threads", 1)  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "streams  snippets/s  s/video" in done.stdout
    assert "native  portable  int8" in done.stdout


def metadata(dtype="float32") -> BundleMetadata:
    return BundleMetadata(classes=("A",), feature_dim=2, dtype=dtype)


def test_everything_is_planned_unless_narrowed():
    cases = planned(metadata(), threads=(1, 2))
    assert {(one.engine, one.dtype) for one in cases} == {
        *(("native", dtype) for dtype in ("float32", "bfloat16", "int8")),
        *(("torch", dtype) for dtype in ("float32", "bfloat16")),
    }
    assert {one.kernel for one in cases} == {KERNELS[-1], "-"}
    assert {one.threads for one in cases} == {1, 2}
    assert len(cases) == len(set(cases)) == 10
    every = planned(metadata(), engines=["native"], kernels=["all"], threads=[1])
    assert {one.kernel for one in every} == set(KERNELS)


def test_weights_stored_as_int8_stay_int8():
    assert planned(metadata("int8"), threads=[1]) == [Setup("native", KERNELS[-1], "int8", 1)]


@pytest.mark.parametrize(
    ("narrowed", "message"),
    [
        ({"engines": ["abacus"]}, "engine is 'abacus'; there are here: native"),
        ({"kernels": ["mmx"]}, "kernel is 'mmx'; there are here: portable"),
        ({"dtypes": ["float64"]}, "dtype is 'float64'; there are here: float32"),
        ({"threads": [0]}, "threads is 0"),
        ({"engines": ["torch"], "dtypes": ["int8"]}, "torch has no dtype int8"),
    ],
)
def test_what_cannot_be_measured_is_named(narrowed, message, bundle, bench):
    with pytest.raises(InvalidValue, match=message):
        planned(metadata(), **narrowed)
    options = [(f"--{name.rstrip('s') if name != 'threads' else name}", value)
               for name, values in narrowed.items() for value in values]  # fmt: skip
    assert bench(bundle, *(part for option in options for part in option)).exit_code == 2


def test_wrong_answers_are_not_timed(bundle):
    """Catches a check that has stopped checking: the reference is moved."""
    model = basnet_rt.load(bundle)
    rows = measures.made_features(measures.CHECKED_SNIPPETS, 16)
    wanted = model.forward_with_cas(rows).cas * np.float32(1.001)
    case = Setup("native", KERNELS[-1], "float32", 1)
    with pytest.raises(basnet_rt.Error, match="nothing was timed"):
        one_case.run(str(bundle), case, wanted, 0.1)


def test_a_machine_that_is_half_as_fast_holds_fewer_streams(bundle, monkeypatch):
    """The count follows the clock: each batch is made to seem 20 ms long, then 40 ms."""
    model = basnet_rt.load(bundle, num_threads=1)
    held = {}
    for seconds in (0.02, 0.04):
        ticks = itertools.count(0.0, seconds)
        clock = types.SimpleNamespace(perf_counter=functools.partial(next, ticks))
        monkeypatch.setattr(measures, "time", clock)
        held[seconds] = measures.streams_in_real_time(model, budget=12.0)
    # A batch of at most 64 every 20 ms, and each stream a snippet every 0.64 s: 2048 at most.
    assert 0.85 * 2048 < held[0.02] <= 2048 * 1.02
    assert 0.85 * 1024 < held[0.04] <= 1024 * 1.02


def test_the_bundle_s_own_settings_where_a_stream_can_have_them(bundle):
    assert read_metadata(bundle).activation == "raw"
    config = measures.live_config(basnet_rt.load(bundle))
    assert (config.normalisation, config.gate, config.mode) == ("fixed", "none", "continuous")
