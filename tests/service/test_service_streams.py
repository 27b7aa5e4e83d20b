"""What clients get is what `localize` finds, however they send it."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from service_cases import (
    CONFIG,
    SNIPPET,
    activations,
    basnet_rt_client,
    check_finals,
    features,
    feed,
    finals,
    kinds,
    localized,
    row_of,
    run,
    streamed,
)

import basnet_rt
from basnet_rt.postprocessing.onsets import OnsetDetector
from patience import HANG

Client = basnet_rt_client.Client


@pytest.mark.parametrize("token", [b"", b"a stream with a token"], ids=["plain", "resumable"])
@pytest.mark.parametrize("chunk", [1, 7, 500])
def test_finals_equal_localize_bit_for_bit(service, chunk, token):
    rows = features(120, seed=chunk)

    async def work():
        async with Client(service.target) as client:
            name = token and token + bytes([chunk % 256])
            return await streamed(client, rows, chunk=chunk, token=name)

    events = run(work())
    check_finals(events, rows)
    assert len(finals(events)) > 20
    assert events[-1].finished.snippets == 120


def test_many_clients_share_batches_and_each_gets_its_own(service):
    videos = [features(60 + i, seed=100 + i) for i in range(40)]

    async def work():
        async with Client(service.target) as client:
            return await asyncio.gather(*(streamed(client, rows, chunk=3) for rows in videos))

    for rows, events in zip(videos, run(work()), strict=True):
        check_finals(events, rows)


def test_events_are_numbered_without_a_hole(service):
    async def work():
        async with Client(service.target) as client:
            return await streamed(client, features(100, seed=5), token=b"numbered events")

    numbers = [event.sequence for event in run(work()) if event.sequence]
    assert numbers == list(range(1, len(numbers) + 1))


def test_float16_features_are_exact(service):
    rows = features(80, seed=3).astype(np.float16)
    rows[0, 0] = np.float16(6e-8)  # a denormal

    async def work():
        async with Client(service.target) as client:
            return await streamed(client, rows)

    check_finals(run(work()), rows.astype(np.float32))


def test_a_caller_may_fill_its_array_again(service):
    rows, array = features(60, seed=8), np.zeros((10, 8), np.float32)

    async def work():
        async with Client(service.target) as client, client.stream() as stream:
            for begin in range(0, 60, 10):
                array[:] = rows[begin : begin + 10]
                await stream.push(array)
            await stream.end()
            return [event async for event in stream.events()]

    check_finals(run(work()), rows)


@pytest.mark.parametrize(
    "wrong", [np.zeros(8, np.float32), np.zeros((2, 8), int), np.zeros((2, 0)), "text"]
)
def test_what_is_no_features_is_refused_where_it_is_pushed(service, wrong):
    async def work():
        async with Client(service.target) as client, client.stream() as stream:
            with pytest.raises(ValueError, match=r"expected \(snippets, channels\) of floats"):
                await stream.push(wrong)
            await feed(stream, features(20, seed=9))
            return [event async for event in stream.events()]

    check_finals(run(work()), features(20, seed=9))


def test_a_gap_closes_what_is_open_and_time_goes_on(service):
    rows = features(90, seed=4)

    async def work():
        async with Client(service.target) as client, client.stream() as stream:
            await stream.push(rows[:40])
            await stream.gap(25)
            await stream.push(rows[40:])
            await stream.end()
            return [event async for event in stream.events()]

    alone = basnet_rt.StreamPostprocessor(CONFIG, num_classes=3, snippet_seconds=SNIPPET)
    parts = [alone.push(activations(rows[:40])), alone.gap(25)]
    parts += [alone.push(activations(rows[40:])), alone.finish()]
    expected = [
        (int(label), *map(float, segment), float(score))
        for part in parts
        for label, segment, score in zip(part.labels, part.segments, part.scores, strict=True)
    ]
    events = run(work())
    assert finals(events) == expected
    assert events[-1].finished.snippets == 115


def test_onsets_come_before_the_finals_that_they_announce(service):
    rows = features(100, seed=6)

    async def work():
        async with Client(service.target) as client:
            return await streamed(client, rows, chunk=5)

    detector = OnsetDetector(
        basnet_rt.Alarm(0.7), CONFIG, classes=("Jump", "Run", "Swim"), snippet_seconds=SNIPPET
    )
    expected = [(o.label, o.name, o.time, o.decided) for o in detector.push(activations(rows))]
    onsets = [e.onset for e in run(work()) if e.WhichOneof("event") == "onset"]
    assert [(o.label, o.name, o.time, o.decided) for o in onsets] == expected
    assert len(expected) > 3


def test_pending_tells_what_is_open(service):
    rows = np.full((30, 8), 0.8, np.float32)  # one root, open to the end

    async def work():
        async with Client(service.target) as client:
            return await streamed(client, rows, chunk=5, pause=0.03, pending_every=5)

    events = run(work())
    told = [e.pending for e in events if e.WhichOneof("event") == "pending"]
    assert len(told) >= 2
    assert {d.name for d in told[-1].detections} == {"Jump", "Run", "Swim"}


def test_progress_ends_at_the_last_snippet_and_latency_is_told(service):
    async def work():
        async with Client(service.target) as client, client.stream(token=b"progress") as stream:
            await stream.push(features(33, seed=1))
            await stream.end()
            return [event async for event in stream.events()], stream.processed

    events, processed = run(work())
    assert processed == 33
    assert {"progress", "final", "finished"} <= kinds(events)


@pytest.mark.parametrize("num_snippets", [1, 2, 400])
def test_a_video_equals_localize_in_order_and_bits(service, num_snippets):
    rows = features(num_snippets, seed=num_snippets)

    async def work():
        async with Client(service.target) as client:
            return await client.localize_video(rows, timeout=HANG)

    assert [row_of(detection) for detection in run(work())] == localized(rows)


def test_the_service_describes_its_model(service):
    async def work():
        async with Client(service.target) as client:
            return await client.describe()

    about = run(work())
    assert list(about.classes) == ["Jump", "Run", "Swim"]
    assert (about.feature_dim, about.snippet_seconds, about.resumable) == (8, SNIPPET, True)
