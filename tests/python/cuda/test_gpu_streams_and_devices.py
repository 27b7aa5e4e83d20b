"""CUDA streams, graphs, memory, devices and threads: where work runs, and what it leaves behind."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from gpu_cases import CONFIGS, SECONDS, found_in, make_batch

import basnet_rt
from basnet_rt import PostprocessConfig

pytestmark = pytest.mark.needs_cuda

FORCE = "BASNET_RT_FORCE_BACKEND"
CONFIG = CONFIGS["continuous"]
A_WHILE = 100_000_000  # clock cycles: some 50 ms


@pytest.fixture
def batch():
    return make_batch("smooth", [129, 64, 750], 6)


@pytest.fixture
def wanted(batch):
    return found_in(batch, CONFIG)


def check_all(got, want, assert_same):
    assert sum(map(len, want)) > 0
    for ours, theirs in zip(got, want, strict=True):
        assert_same(ours, theirs)


def test_work_waits_for_torchs_current_stream(batch, wanted, assert_same):
    """Catches work on another stream: it would see NaN that the stream replaces later."""
    good = batch.on("cuda:0")
    late = good._replace(cas=[torch.full_like(one, float("nan")) for one in good.cas])
    torch.cuda.synchronize()
    side = torch.cuda.Stream()
    with torch.cuda.stream(side):
        torch.cuda._sleep(A_WHILE)
        for target, source in zip(late.cas, good.cas, strict=True):
            target.copy_(source)
        got = found_in(late, CONFIG)
    check_all(got, wanted, assert_same)


def test_one_video_waits_too(batch, wanted, assert_same):
    """Nothing is joined here: the array itself is what the kernels read."""
    good = batch.on("cuda:0")
    late = torch.full_like(good.cas[2], float("nan"))
    torch.cuda.synchronize()
    with torch.cuda.stream(torch.cuda.Stream()):
        torch.cuda._sleep(A_WHILE)
        late.copy_(good.cas[2])
        got = basnet_rt.postprocess(late, good.video_scores[2], CONFIG, snippet_seconds=SECONDS)
    assert_same(got, wanted[2])


def test_other_streams_are_not_waited_for(batch):
    """Catches a synchronise of the whole device."""
    good = batch.on("cuda:0")
    found_in(good, CONFIG)  # memory is taken, and what a first call loads is loaded
    busy, own = torch.cuda.Stream(), torch.cuda.Stream()
    planned = basnet_rt.CudaPostprocessor(
        CONFIG, num_classes=6, lengths=[129, 64, 750], snippet_seconds=SECONDS
    )
    arrays = torch.cat(good.cas), torch.stack(good.video_scores)
    planned(*arrays)
    torch.cuda.synchronize()
    with torch.cuda.stream(busy):
        torch.cuda._sleep(10 * A_WHILE)
        done = torch.cuda.Event()
        done.record()
    with torch.cuda.stream(own):
        planned(*arrays)
    assert not done.query()
    torch.cuda.synchronize()


def test_a_graph_replays_on_new_values(batch, assert_same):
    lengths, config = [129, 64, 750], CONFIG
    planned = basnet_rt.CudaPostprocessor(
        config, num_classes=6, lengths=lengths, snippet_seconds=SECONDS
    )
    first = batch.on("cuda:0")
    cas, scores = torch.cat(first.cas), torch.stack(first.video_scores)
    check_all(planned(cas, scores), found_in(batch, config), assert_same)
    graph = torch.cuda.CUDAGraph()
    torch.cuda.synchronize()
    with torch.cuda.graph(graph):
        planned.enqueue(cas, scores)
    for seed in (1, 2, 3):
        other = make_batch("plateaus", lengths, 6, seed)
        cas.copy_(torch.from_numpy(np.concatenate(other.cas)))
        scores.copy_(torch.from_numpy(np.stack(other.video_scores)))
        graph.replay()
        torch.cuda.synchronize()
        check_all(planned.read(), found_in(other, config), assert_same)


def test_too_little_room_is_told_and_found(assert_same):
    batch = make_batch("noise", [500, 400], 3)
    config = PostprocessConfig(gate="none", nms_iou=1.0)
    planned = basnet_rt.CudaPostprocessor(
        config, num_classes=3, lengths=[500, 400], snippet_seconds=SECONDS, max_detections=2,
        pool_bytes=16,
    )  # fmt: skip
    cas = torch.cat(batch.on("cuda:0").cas)
    planned.enqueue(cas)
    torch.cuda.synchronize()
    with pytest.raises(basnet_rt.Error, match="more room"):
        planned.read()
    check_all(planned(cas), found_in(batch, config), assert_same)


def test_out_of_memory_is_clear_and_passes(batch, wanted, assert_same):
    """On a thread of its own, which has no memory kept from calls before."""
    padded = torch.stack(make_batch("smooth", [750] * 60, 20).on("cuda:0").cas)
    torch.cuda.synchronize()
    torch.cuda.empty_cache()
    free, _ = torch.cuda.mem_get_info()
    hog = torch.empty(free - (24 << 20), dtype=torch.uint8, device="cuda:0")
    cas, scores = padded, None
    none = PostprocessConfig(gate="none")
    with ThreadPoolExecutor(1) as thread:
        call = thread.submit(
            basnet_rt.postprocess_batch, cas, scores, none, snippet_seconds=SECONDS
        )
        with pytest.raises(basnet_rt.BackendUnavailable, match="memory"):
            call.result()
        check_all(found_in(batch, CONFIG), wanted, assert_same)  # the CPU
        del hog
        torch.cuda.empty_cache()
        again = thread.submit(
            basnet_rt.postprocess_batch, cas, scores, none, snippet_seconds=SECONDS
        )
        assert len(again.result()) == 60
    with pytest.raises(basnet_rt.BackendUnavailable, match="the device failed"):
        basnet_rt.CudaPostprocessor(
            none, num_classes=20, lengths=[750], snippet_seconds=SECONDS, pool_bytes=1 << 50
        )


def test_calls_do_not_gather_memory(batch):
    on_gpu = batch.on("cuda:0")
    found_in(on_gpu, CONFIG)
    torch.cuda.synchronize()
    before = torch.cuda.mem_get_info()[0]
    for _ in range(200):
        found_in(on_gpu, CONFIG)
    torch.cuda.synchronize()
    assert before - torch.cuda.mem_get_info()[0] < 32 << 20


def test_threads_on_streams_of_their_own(batch, wanted, assert_same):
    on_gpu = batch.on("cuda:0")
    torch.cuda.synchronize()

    def work(_):
        with torch.cuda.stream(torch.cuda.Stream()):
            return [found_in(on_gpu, CONFIG) for _ in range(20)]

    with ThreadPoolExecutor(4) as threads:
        for runs in threads.map(work, range(4)):
            for got in runs:
                check_all(got, wanted, assert_same)


def test_forced_backends_run_where_they_say(batch, wanted, monkeypatch, assert_same):
    monkeypatch.setenv(FORCE, "cuda")
    got = found_in(batch, CONFIG)  # host arrays go up
    assert {one.backend for one in got} == {"cuda"}
    check_all(got, wanted, assert_same)
    one = basnet_rt.postprocess(
        batch.cas[0], batch.video_scores[0], CONFIG, snippet_seconds=SECONDS
    )
    assert one.backend == "cuda"
    assert_same(one, wanted[0])
    monkeypatch.setenv(FORCE, "cpu")
    got = found_in(batch.on("cuda:0"), CONFIG)  # and come down
    assert {one.backend for one in got} == {"cpu"}
    check_all(got, wanted, assert_same)


def test_a_device_that_is_not_there(batch):
    count = torch.cuda.device_count()
    with pytest.raises(basnet_rt.BackendUnavailable, match=f"cuda:{count}; there are {count}"):
        basnet_rt.CudaPostprocessor(
            CONFIG, num_classes=6, lengths=[9], snippet_seconds=1.0, device=count
        )
    assert basnet_rt.backends()[1].devices == tuple(f"cuda:{i}" for i in range(count))


def test_a_second_device(batch, wanted, assert_same):
    """With the first one current, which must stay so."""
    if torch.cuda.device_count() < 2:
        pytest.skip("one GPU")
    check_all(found_in(batch.on("cuda:1"), CONFIG), wanted, assert_same)
    assert torch.cuda.current_device() == 0
    mixed = batch.on("cuda:1")
    with pytest.raises(ValueError, match="cuda:0"):
        basnet_rt.postprocess(
            mixed.cas[0],
            mixed.video_scores[0].to("cuda:0"),
            CONFIG,
            snippet_seconds=SECONDS,
        )
