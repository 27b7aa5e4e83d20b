"""The CUDA backend on a GPU against the CPU backend: same detections, same order.

Times to 1e-6 s and scores to 1e-6; in fact bit for bit but where `exp` is used. The CPU is held to
the oracle elsewhere; the golden case here is the released code's.
"""

from __future__ import annotations

import gpu_cases
import numpy as np
import pytest
import torch
from gpu_cases import CONFIGS, SECONDS, SHAPED_KINDS, WITH_EXP, found_in, make_batch

import basnet_rt
from basnet_rt import PostprocessConfig
from reference.compare import assert_same as assert_same_set
from reference.results import Result

pytestmark = pytest.mark.needs_cuda

# One below, at and above a warp and a block, a few tiles of a scan, and a real video.
LENGTHS = [1, 2, 31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 257, 750, 1025]
CLASSES = [1, 3, 31, 32, 33]
VIDEOS = [1, 2, 127, 128, 129, 213]
GOLDEN_FIELDS = (
    "class_threshold", "cas_thresholds", "upsample", "outer_ratio", "score_weight", "nms_iou",
)  # fmt: skip


def compare(batch, config, assert_same, **others):
    """Both backends; returns how many detections there were."""
    want = found_in(batch, config, **others)
    got = found_in(batch.on("cuda:0"), config, **others)
    assert {one.backend for one in want} == {"cpu"}
    assert {one.backend for one in got} == {"cuda"}
    for ours, theirs in zip(got, want, strict=True):
        assert_same(ours, theirs)
    return sum(map(len, want))


def test_golden_published(shared):
    """The released code's own numbers, all cases; they are a set, as its order is by class."""
    with np.load(shared / "golden/postprocess.npz") as file:
        golden = dict(file)
    cases = sorted({name.split("/")[0] for name in golden})
    assert len(cases) == 21
    for case in cases:
        cas = torch.from_numpy(golden[f"{case}/cas"]).to("cuda:0")[:, :-1]  # rows lie apart
        fields = {name: golden[f"{case}/{name}"].tolist() for name in GOLDEN_FIELDS}
        snippets, fps = int(golden[f"{case}/num_snippets"]), int(golden[f"{case}/fps"])
        found = basnet_rt.postprocess(
            cas.float(), golden[f"{case}/video_score"], PostprocessConfig.published(**fields),
            snippet_seconds=16 * snippets / (len(cas) * fps),
        )  # fmt: skip
        rows = golden[f"{case}/detections"]  # class, score, start, end
        want = Result(rows[:, 0], rows[:, 1], rows[:, 2:], np.zeros(len(rows), np.int64))
        index = np.zeros(len(found), np.int64)
        got = Result(found.labels, found.scores.astype(np.float64), found.segments, index)
        assert_same_set(got, want, times=1e-6, scores=1e-6)


@pytest.mark.parametrize("kind", SHAPED_KINDS)
@pytest.mark.parametrize("name", CONFIGS)
def test_ragged_batches(kind, name, assert_same):
    batch = make_batch(kind, [40, 1, 97, 333, 2, 64], 5)
    durations = [None, 0.3, 50.0, 300.0, None, 20.0]
    compare(batch, CONFIGS[name], assert_same, duration=durations)


@pytest.mark.parametrize("kind", ["smooth", "noise"])
@pytest.mark.parametrize("name", WITH_EXP)
def test_ragged_batches_with_exp(kind, name, assert_same):
    assert compare(make_batch(kind, [40, 1, 97, 333], 5), WITH_EXP[name], assert_same) > 0


@pytest.mark.parametrize("num_snippets", LENGTHS)
@pytest.mark.parametrize("name", ["continuous", "published", "limits"])
def test_lengths_around_warps_blocks_and_tiles(num_snippets, name, assert_same):
    for num_classes in CLASSES:
        batch = make_batch("noise", [num_snippets], num_classes, seed=num_snippets)
        compare(batch, CONFIGS[name], assert_same)


@pytest.mark.parametrize("num_videos", VIDEOS)
@pytest.mark.parametrize("name", ["continuous", "published", "linear"])
def test_numbers_of_videos_around_warps_and_blocks(num_videos, name, assert_same):
    lengths = [1 + 7 * i % 61 for i in range(num_videos)]
    compare(make_batch("plateaus", lengths, 4, seed=num_videos), CONFIGS[name], assert_same)


@pytest.mark.parametrize("seed", range(40))
def test_random_shapes(seed, assert_same):
    """A fuzz: shape, kind, settings and timing by chance; the seed repeats it."""
    rng = np.random.default_rng(seed)
    lengths = [int(n) for n in rng.integers(1, 400, size=rng.integers(1, 40))]
    kind = SHAPED_KINDS[rng.integers(len(SHAPED_KINDS))]
    name = list(CONFIGS)[rng.integers(len(CONFIGS))]
    batch = make_batch(kind, lengths, int(rng.integers(1, 40)), seed)
    seconds = [float(one) for one in rng.uniform(0.05, 3.0, size=len(lengths))]
    compare(batch, CONFIGS[name], assert_same, snippet_seconds=seconds)


@pytest.mark.parametrize("name", [*CONFIGS, "horizon"])
def test_padded_batches_are_read_in_place(name, assert_same):
    config = {**CONFIGS, **WITH_EXP}[name]
    batch = make_batch("smooth", [129] * 6, 7)
    lengths = [129, 1, 64, 100, 33, 128]
    cut = gpu_cases.Batch(
        [a[:n].copy() for a, n in zip(batch.cas, lengths, strict=True)],
        batch.video_scores,
        [a[:n].copy() for a, n in zip(batch.raw_cas, lengths, strict=True)],
    )
    padded = gpu_cases.Batch(*(torch.from_numpy(np.stack(part)).to("cuda:0") for part in batch))
    for i, length in enumerate(lengths):  # padding must not be looked at
        padded.cas[i, length:] = float("nan")
        padded.raw_cas[i, length:] = float("nan")
    got = found_in(padded, config, lengths=lengths)
    for ours, theirs in zip(got, found_in(cut, config), strict=True):
        assert_same(ours, theirs)


def test_many_roots_and_detections_find_room(assert_same):
    """More than is planned for at first: the second try must give all of them."""
    batch = make_batch("noise", [20_000, 5], 2)
    config = PostprocessConfig(gate="none", nms_iou=1.0)
    assert compare(batch, config, assert_same) > 10_000


def test_a_long_video_and_a_thousand_classes(assert_same):
    compare(make_batch("smooth", [300_000], 2), CONFIGS["continuous"], assert_same)
    compare(make_batch("smooth", [300_000], 2), CONFIGS["published"], assert_same)
    compare(make_batch("smooth", [12, 12], 1000), CONFIGS["continuous"], assert_same)


BAD = {
    "nan": (lambda b: b.cas[1].__setitem__((7, 2), np.nan), r"videos\[1\]: cas\[7, 2\] is nan"),
    "inf": (lambda b: b.cas[0].__setitem__((39, 0), np.inf), r"videos\[0\]: cas\[39, 0\] is inf"),
    "-inf": (lambda b: b.cas[1].__setitem__((0, 4), -np.inf), r"videos\[1\]: cas\[0, 4\] is -inf"),
    "score": (lambda b: b.video_scores[1].__setitem__(3, 1.5), r"videos\[1\]: video_scores\[3\]"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_values_are_named(name, assert_same):
    """And leave nothing behind: the next batch is as ever."""
    spoil, text = BAD[name]
    batch = make_batch("smooth", [40, 50], 5)
    spoil(batch)
    with pytest.raises(ValueError, match=text):
        found_in(batch.on("cuda:0"), CONFIGS["continuous"])
    assert compare(make_batch("smooth", [40, 50], 5), CONFIGS["continuous"], assert_same) > 0


def test_wrong_kinds_are_refused():
    cas = torch.zeros(9, 3, device="cuda:0")
    for wrong in (cas.double(), cas.half(), cas.T.contiguous().T):
        with pytest.raises(TypeError, match="cas"):
            basnet_rt.postprocess(wrong, None, PostprocessConfig(gate="none"), snippet_seconds=1.0)


def test_empty_batches():
    none = PostprocessConfig(gate="none")
    assert basnet_rt.postprocess_batch([], None, none, snippet_seconds=1.0) == []
    empty = torch.zeros(0, 5, 3, device="cuda:0")
    assert basnet_rt.postprocess_batch(empty, None, none, snippet_seconds=1.0) == []
    with pytest.raises(ValueError, match="0"):
        basnet_rt.postprocess(
            torch.zeros(0, 3, device="cuda:0"), None, none, snippet_seconds=SECONDS
        )
