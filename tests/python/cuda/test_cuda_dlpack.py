"""What the core makes of DLPack capsules, told apart before any device is asked."""

from __future__ import annotations

import gc

import pytest
from fake_gpu import CPU, NOWHERE, FakeGpuArray, capsule_name

import basnet_rt
from basnet_rt import _core

CONFIG = basnet_rt.PostprocessConfig().native


def call(cas, scores=None, raw=None, lengths=(6,), stream=0):
    """The core's call, of one capsule each."""
    count = len(lengths)
    capsules = [None if one is None else one.capsule() for one in (cas, scores, raw)]
    return _core.postprocess_batch_cuda(
        capsules[0], capsules[1], CONFIG, list(lengths), [1.0] * count, [None] * count, capsules[2],
        stream,
    )  # fmt: skip


GOOD = {
    "one video": {"cas": {"shape": (6, 3)}, "scores": {"shape": (3,)}},
    "rows apart": {"cas": {"shape": (6, 3), "strides": (4, 1)}, "scores": {"shape": (1, 3)}},
    "strides given": {"cas": {"shape": (6, 3), "strides": (3, 1)}, "scores": {"shape": (3,)}},
    "one snippet": {
        "cas": {"shape": (1, 3), "strides": (77, 1)}, "scores": {"shape": (3,)}, "lengths": [1],
    },
    "one class": {"cas": {"shape": (6, 1), "strides": (2, 5)}, "scores": {"shape": (1,)}},
    "one behind the other": {
        "cas": {"shape": (6, 3)}, "scores": {"shape": (2, 3)}, "lengths": [4, 2],
    },
    "padded": {"cas": {"shape": (2, 6, 3)}, "scores": {"shape": (2, 3)}, "lengths": [4, 6]},
    "padded, rows apart": {
        "cas": {"shape": (2, 6, 3), "strides": (24, 4, 1)}, "scores": {"shape": (2, 3)},
        "lengths": [4, 6],
    },
    "raw": {"cas": {"shape": (6, 3)}, "scores": {"shape": (3,)}, "raw": {"shape": (6, 4)}},
    "version 1": {"cas": {"shape": (6, 3), "version": (1, 2)}, "scores": {"shape": (3,)}},
}  # fmt: skip


def made(case):
    arrays = {name: FakeGpuArray(**case[name]) for name in ("cas", "scores", "raw") if name in case}
    return arrays, {"lengths": case.get("lengths", [6])}


@pytest.mark.parametrize("case", GOOD)
def test_what_is_allowed_gets_as_far_as_the_device(case):
    """Catches a check that refuses good arrays: the device it names is all that is missing."""
    arrays, lengths = made(GOOD[case])
    with pytest.raises(basnet_rt.BackendUnavailable, match=r"cuda:99|no CUDA backend"):
        call(**arrays, **lengths)
    assert [array.deleted for array in arrays.values()] == [1] * len(arrays)


BAD = {
    "host memory": ({"cas": {"shape": (6, 3), "device_type": CPU}}, TypeError, "device type 1"),
    "float16": ({"cas": {"shape": (6, 3), "kind": (2, 16, 1)}}, TypeError, "cas .* float32"),
    "float64": ({"cas": {"shape": (6, 3), "kind": (2, 64, 1)}}, TypeError, "cas .* float32"),
    "bfloat16": ({"cas": {"shape": (6, 3), "kind": (4, 16, 1)}}, TypeError, "cas .* float32"),
    "int32": ({"cas": {"shape": (6, 3), "kind": (0, 32, 1)}}, TypeError, "cas .* float32"),
    "vectors": ({"cas": {"shape": (6, 3), "kind": (2, 32, 4)}}, TypeError, "cas .* float32"),
    "one dimension": ({"cas": {"shape": (6,)}}, ValueError, r"cas has shape \(6,\)"),
    "four dimensions": ({"cas": {"shape": (1, 1, 6, 3)}}, TypeError, "4 dimensions"),
    "no dimension": ({"cas": {"shape": ()}}, TypeError, "0 dimensions"),
    "columns apart": (
        {"cas": {"shape": (6, 3), "strides": (6, 2)}}, TypeError, "stride of 2 along the last",
    ),
    "transposed": ({"cas": {"shape": (6, 3), "strides": (1, 6)}}, TypeError, "last dimension"),
    "rows overlap": ({"cas": {"shape": (6, 3), "strides": (2, 1)}}, TypeError, "overlap"),
    "rows fall": ({"cas": {"shape": (6, 3), "strides": (-3, 1)}}, TypeError, "overlap"),
    "videos unevenly spaced": (
        {"cas": {"shape": (2, 6, 3), "strides": (20, 3, 1)}, "lengths": [6, 6]},
        TypeError, "evenly spaced",
    ),
    "too few rows": ({"cas": {"shape": (5, 3)}}, ValueError, r"lengths\[0\] is 6"),
    "rows left over": ({"cas": {"shape": (7, 3)}}, ValueError, "for 6 rows"),
    "a length of none": (
        {"cas": {"shape": (6, 3)}, "lengths": [6, 0]}, ValueError, r"lengths\[1\] is 0",
    ),
    "longer than padded": (
        {"cas": {"shape": (2, 6, 3)}, "lengths": [7, 1]}, ValueError, r"lengths\[0\] is 7",
    ),
    "fewer lengths than videos": (
        {"cas": {"shape": (2, 6, 3)}, "lengths": [6]}, ValueError, "lengths has 1 entries",
    ),
    "scores of other classes": (
        {"cas": {"shape": (6, 3)}, "scores": {"shape": (4,)}}, ValueError, "video_scores .* 3",
    ),
    "scores of more videos": (
        {"cas": {"shape": (6, 3)}, "scores": {"shape": (2, 3)}}, ValueError, "cas has 1 videos",
    ),
    "scores apart": (
        {"cas": {"shape": (6, 3)}, "scores": {"shape": (2, 3), "strides": (4, 1)},
         "lengths": [3, 3]}, TypeError, "video_scores .* C-contiguous",
    ),
    "scores on another GPU": (
        {"cas": {"shape": (6, 3)}, "scores": {"shape": (3,), "device": 1}}, ValueError,
        "video_scores lies on cuda:1; cas lies on cuda:99",
    ),
    "raw without background": (
        {"cas": {"shape": (6, 3)}, "raw": {"shape": (6, 3)}}, ValueError, "raw_cas .* 4 values",
    ),
    "raw of other length": (
        {"cas": {"shape": (6, 3)}, "raw": {"shape": (5, 4)}}, ValueError, "raw_cas has shape",
    ),
    "raw apart": (
        {"cas": {"shape": (6, 3)}, "raw": {"shape": (6, 4), "strides": (5, 1)}}, TypeError,
        "raw_cas .* C-contiguous",
    ),
    "version 2": ({"cas": {"shape": (6, 3), "version": (2, 0)}}, TypeError, "DLPack 2.0"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_what_is_not_allowed_is_named_and_given_back(case):
    """Catches a wild read on the device, and memory that is never freed after an error."""
    description, error, text = BAD[case]
    arrays, lengths = made(description)
    with pytest.raises(error, match=text) as caught:
        call(**arrays, **lengths)
    assert isinstance(caught.value, basnet_rt.Error)
    assert arrays["cas"].deleted == 1
    assert all(array.deleted <= 1 for array in arrays.values())


@pytest.mark.parametrize("version", [None, (1, 0)])
def test_a_capsule_is_taken_once(version):
    """Catches a capsule left looking unused: its owner would free the memory a second time."""
    array = FakeGpuArray((6, 3), version=version)
    capsule = array.capsule()
    arguments = (None, CONFIG, [6], [1.0], [None], None, 0)
    with pytest.raises(basnet_rt.BackendUnavailable):
        _core.postprocess_batch_cuda(capsule, *arguments)
    used = "used_dltensor" if version is None else "used_dltensor_versioned"
    assert capsule_name(capsule) == used
    with pytest.raises(TypeError, match="used before"):
        _core.postprocess_batch_cuda(capsule, *arguments)
    del capsule
    gc.collect()
    assert array.deleted == 1


@pytest.mark.parametrize("other", [{}, 3, "cas"], ids=repr)
def test_no_capsule(other):
    with pytest.raises(TypeError, match="cas is no DLPack capsule"):
        _core.postprocess_batch_cuda(other, None, CONFIG, [6], [1.0], [None], None, 0)


def test_a_planned_postprocessor_checks_as_well():
    """Its device is asked when it is made; NOWHERE is none."""
    with pytest.raises(basnet_rt.BackendUnavailable):
        basnet_rt.CudaPostprocessor(
            basnet_rt.PostprocessConfig(), num_classes=3, lengths=[6], snippet_seconds=1.0,
            device=NOWHERE,
        )  # fmt: skip
