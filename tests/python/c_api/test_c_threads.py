"""Many threads, each with its own handles and its own last error (ctypes lets go of the GIL)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from ctypes import byref, c_void_p
from threading import Barrier

from c_library import Stream, config_of
from post_cases import make_video
from stream_cases import joined, run
from stream_cases import rows_of as sections

from basnet_rt import PostprocessConfig

THREADS = 8
CONFIG = PostprocessConfig.continuous(
    normalisation="fixed", gate="none", max_duration=9.0, cas_thresholds=[0.1, 0.3, 0.5]
)


def test_streams_side_by_side(api):
    """Catches state that handles share: each thread gets what it would get alone."""
    videos = [make_video("smooth", 400, 2, seed) for seed in range(THREADS)]
    together = Barrier(THREADS)

    def work(video):
        stream = Stream(api, CONFIG, num_classes=2, snippet_seconds=0.64)
        together.wait()
        found = [stream.push(video.cas[i : i + 5]) for i in range(0, 400, 5)]
        return joined([*found, stream.finish()])

    with ThreadPoolExecutor(THREADS) as pool:
        got = list(pool.map(work, videos))
    want = [run(CONFIG, [sections(video)], snippet_seconds=0.64) for video in videos]
    assert got == want


def test_a_last_error_for_each_thread(api):
    """Catches a message that another thread's failure or begin replaces."""
    together = Barrier(THREADS)

    def work(number):
        before, kept = api.last_error(), []
        config = config_of(api, CONFIG)
        for turn in range(50):
            together.wait()
            name = f"field_{number}_{turn}"
            assert api.config_set_number(config, name.encode(), 1.0) == 1
            together.wait()
            kept.append(f'"{name}"' in api.last_error().decode())
        api.config_free(byref(config))
        return before, kept

    with ThreadPoolExecutor(THREADS) as pool:
        for before, kept in pool.map(work, range(THREADS)):
            assert before == b""
            assert kept == [True] * 50


def test_one_config_for_many_threads(api):
    """A config that nobody changes may be shared."""
    config = config_of(api, CONFIG)

    def work(_):
        for _ in range(50):
            stream = c_void_p()
            assert api.stream_create(config, 2, 0.64, byref(stream)) == 0
            api.stream_free(byref(stream))

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, range(THREADS)))
    api.config_free(byref(config))
