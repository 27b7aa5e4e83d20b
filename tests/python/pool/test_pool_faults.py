"""A fault in one stream touches only that stream."""

from __future__ import annotations

import numpy as np
import pool_cases
import pytest

from basnet_rt import BundleError, InvalidType, InvalidValue, load

ROWS = pool_cases.features(40, 8)


def two(make_pool, network=None, **options):
    pool = make_pool(network or pool_cases.Arithmetic(), **options)
    return pool, pool.open(), pool.open()


def run(pool) -> None:
    while pool.step(force=True):
        pass


def spoiled(value: float) -> np.ndarray:
    rows = ROWS[:5].copy()
    rows[3, 6] = value
    return rows


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_bad_features_are_refused_and_the_stream_goes_on(make_pool, value):
    pool, bad, good = two(make_pool)
    for stream in (bad, good):
        pool.push(stream, ROWS[:10])
    with pytest.raises(
        InvalidValue, match=rf"stream {bad}: .*snippet 13, channel 6 is -?(nan|inf)"
    ):
        pool.push(bad, spoiled(value))
    for stream in (bad, good):
        pool.push(stream, ROWS[10:])
    want = pool_cases.alone(ROWS, pool.config)
    assert pool_cases.finals(pool.close(bad)) == want
    assert pool_cases.finals(pool.close(good)) == want


def test_bad_features_may_become_zero_and_are_counted(make_pool):
    pool, stream, _ = two(make_pool, zero_bad_features=True)
    pool.push(stream, spoiled(np.nan))
    assert pool.statistics(stream).features_zeroed == 1
    assert pool_cases.finals(pool.close(stream)) == pool_cases.alone(spoiled(0.0), pool.config)


@pytest.mark.parametrize(
    ("features", "error"),
    [
        (np.zeros((2, pool_cases.F + 1), np.float32), BundleError),
        (np.zeros(pool_cases.F, np.float32), InvalidValue),
        (np.zeros((2, pool_cases.F), np.int64), InvalidType),
        ([[0.0]], InvalidType),
    ],
)
def test_wrong_kinds_and_shapes_are_refused(make_pool, features, error):
    pool, stream, _ = two(make_pool)
    with pytest.raises(error, match="feature"):
        pool.push(stream, features)
    assert pool.statistics(stream).snippets_in == 0


@pytest.mark.parametrize("option", ["max_batch", "max_queue", "max_streams"])
def test_counts_that_are_not_whole_are_refused_by_name(make_pool, option):
    with pytest.raises(InvalidType, match=f"{option} is 1.5; it must be an integer"):
        make_pool(**{option: 1.5})


@pytest.mark.parametrize("fault", ["fail_on", "corrupt"])
@pytest.mark.parametrize("when", ["step", "flush"])
def test_a_network_that_fails_on_one_stream_fails_that_one(make_pool, fault, when):
    """It throws for the batch, or returns NaN for one row of it."""
    network = pool_cases.Arithmetic()
    pool, bad, good = two(make_pool, network)
    for stream in (bad, good):
        pool.push(stream, ROWS[:20])
    if when == "flush":
        run(pool)
    getattr(network, fault).add(0)
    found = pool_cases.finals(pool.push(good, ROWS[20:]))
    pool.end(good)
    with pytest.raises(InvalidValue, match=f"stream {bad}: (the network failed|activations)"):
        pool.close(bad)
    network.fail_on.clear()
    found += pool_cases.finals(pool.close(good))
    assert found == pool_cases.alone(ROWS, pool.config)
    assert pool.totals.streams_failed == 1
    assert pool.totals.streams_open == 0


def test_finals_before_a_failure_can_be_polled_then_every_call_says_why(make_pool):
    network = pool_cases.Arithmetic()
    pool, stream, _ = two(make_pool, network)
    pool.push(stream, ROWS)
    run(pool)
    network.fail_on.add(0)
    pool.gap(stream, 1)
    run(pool)
    assert pool.status(stream) == "failed"
    assert stream in pool.ready()
    assert len(pool.poll(stream)) > 0
    for call in (pool.poll, pool.pending, pool.end, lambda s: pool.push(s, ROWS)):
        with pytest.raises(
            InvalidValue, match=f"stream {stream}: the network failed: RuntimeError"
        ):
            call(stream)
    pool.drop(stream)
    with pytest.raises(InvalidValue, match="no such stream"):
        pool.poll(stream)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (None, "must return"),
        ((np.zeros((1, 2)), None, np.zeros(1)), "2 dimensions"),
        ((np.zeros((1, 2, 3)), None, np.array([3])), "counts 3 snippets"),
        ((np.zeros((1, 2, 3)), None, np.array([1, 1])), "counts have 2 values"),
        ((np.zeros((1, 2, 4)), None, np.array([2])), "activations have 8 values"),
        ((np.zeros((1, 2, 3)), np.zeros((1, 2, 3)), np.array([2])), "cas have 6 values"),
    ],
)
def test_a_network_that_answers_nonsense_is_an_error_not_a_crash(make_pool, answer, message):
    network = pool_cases.Arithmetic()
    network.step = lambda *_: answer
    pool, stream, _ = two(make_pool, network)
    pool.push(stream, ROWS[:3])
    with pytest.raises(InvalidValue, match=message):
        pool.close(stream)


def test_a_duration_before_the_last_snippet_is_refused(make_pool):
    pool, stream, _ = two(make_pool)
    pool.push(stream, ROWS)
    with pytest.raises(InvalidValue, match="duration is 1"):
        pool.close(stream, duration=1.0)
    assert pool.status(stream) == "open"
    pool.close(stream, duration=40 * pool_cases.SNIPPET)


def test_nothing_follows_an_end(make_pool):
    pool, stream, _ = two(make_pool)
    pool.end(stream)
    for call in (lambda: pool.push(stream, ROWS), lambda: pool.gap(stream, 1)):
        with pytest.raises(InvalidValue, match="after its end"):
            call()
    assert len(pool.close(stream)) == 0
    with pytest.raises(InvalidValue, match="no such stream"):
        pool.close(stream)


def test_a_damaged_name_in_a_bundle_is_an_error_of_the_bundle(bundle, tmp_path):
    """Once bytes that are no UTF-8 were a UnicodeDecodeError."""
    content = bytearray(bundle.read_bytes())
    content[content.rindex(b"/data.pkl")] |= 0x80  # in the directory, at the end
    damaged = tmp_path / "model.pt"
    damaged.write_bytes(content)
    with pytest.raises(BundleError, match=r"\\xafdata\.pkl"):
        load(damaged)
