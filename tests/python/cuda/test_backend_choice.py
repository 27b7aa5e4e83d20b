"""Which backend a call takes, what it says where that cannot be, and that the CPU works after."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch
from fake_gpu import CUDA, FakeGpuArray

import basnet_rt
from basnet_rt import _core
from basnet_rt.postprocessing import gpu_arrays

CONFIG = basnet_rt.PostprocessConfig()
FORCE = "BASNET_RT_FORCE_BACKEND"
NO_DRIVER = (True, 0, "no CUDA device can be used: no driver")
NOT_BUILT = (False, 0, "this build has no CUDA backend")


class Claimed(torch.Tensor):
    """A tensor in host memory that says it lies on a GPU, and can be copied from there."""

    def __dlpack_device__(self):
        return CUDA, 99


def claimed(array: np.ndarray) -> Claimed:
    return torch.from_numpy(array).as_subclass(Claimed)


@pytest.fixture
def video():
    """cas (40, 3), video scores (3,)."""
    rng = np.random.default_rng(0)
    return np.cumsum(rng.normal(size=(40, 3)), 0).astype(np.float32), np.full(3, 0.5, np.float32)


def postprocess(cas, scores):
    return basnet_rt.postprocess(cas, scores, CONFIG, snippet_seconds=0.64)


def equal(got, want) -> bool:
    return all(
        np.array_equal(getattr(got, name), getattr(want, name))
        for name in ("labels", "scores", "segments")
    )


def test_backends_say_what_there_is():
    cpu, cuda = basnet_rt.backends()
    assert cpu == basnet_rt.Backend("cpu", True, True, ("cpu",), "", cpu.kernels)
    assert (cpu.kernels[0].name, cpu.kernels[0].available) == ("portable", True)
    assert all(one.available == (one.reason == "") for one in cpu.kernels)
    assert cuda.kernels == ()
    assert cuda.name == "cuda"
    assert cuda.available == bool(cuda.devices) == (cuda.reason == "")
    assert cuda.built or not cuda.available


@pytest.mark.parametrize("support", [NO_DRIVER, NOT_BUILT])
def test_a_backend_that_is_not_there_says_why(support, monkeypatch):
    monkeypatch.setattr(_core, "cuda_support", lambda: support)
    cuda = basnet_rt.backends()[1]
    assert (cuda.built, cuda.available, cuda.devices) == (support[0], False, ())
    assert cuda.reason == support[2]


def test_asking_for_backends_imports_no_torch_and_starts_no_device():
    code = "import sys, basnet_rt; basnet_rt.backends(); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("support", [NO_DRIVER, NOT_BUILT])
def test_forced_cuda_fails_clearly_and_the_cpu_works_after_it(support, video, monkeypatch):
    monkeypatch.setattr(_core, "cuda_support", lambda: support)
    want = postprocess(*video)
    monkeypatch.setenv(FORCE, "cuda")
    with pytest.raises(basnet_rt.BackendUnavailable, match=f"{FORCE} is cuda.*{support[2]}"):
        postprocess(*video)
    with pytest.raises(RuntimeError, match=support[2]):
        basnet_rt.postprocess_batch([video[0]], [video[1]], CONFIG, snippet_seconds=0.64)
    monkeypatch.delenv(FORCE)
    assert equal(postprocess(*video), want)
    assert want.backend == "cpu"
    assert len(want) > 0


def test_the_core_itself_refuses_a_device_that_is_not_there(video, monkeypatch):
    """Catches a crash, or a wrong backend, where Python's own look was wrong."""
    monkeypatch.setattr(_core, "cuda_support", lambda: (True, 1, ""))
    want = postprocess(*video)
    real = _core.postprocess_batch
    monkeypatch.setattr(_core, "postprocess_batch", lambda *arguments: real(*arguments[:-1], 99))
    monkeypatch.setenv(FORCE, "cuda")
    with pytest.raises(basnet_rt.BackendUnavailable, match=r"cuda:99|no CUDA backend"):
        postprocess(*video)
    monkeypatch.setenv(FORCE, "cpu")
    assert equal(postprocess(*video), want)


@pytest.mark.parametrize("name", ["CUDA", "gpu", "cuda:0", " cpu", "none"])
def test_an_unknown_forced_backend_is_an_error(name, video, monkeypatch):
    """Catches a misspelt name that quietly forces nothing."""
    monkeypatch.setenv(FORCE, name)
    with pytest.raises(ValueError, match=f"{FORCE} is '{name}'; it must be one of cpu, cuda"):
        postprocess(*video)


def test_an_empty_variable_forces_nothing(video, monkeypatch):
    monkeypatch.setenv(FORCE, "")
    assert postprocess(*video).backend == "cpu"


def test_arrays_on_a_gpu_need_the_backend(video, monkeypatch):
    monkeypatch.setattr(_core, "cuda_support", lambda: NO_DRIVER)
    with pytest.raises(basnet_rt.BackendUnavailable, match=r"the arrays lie on a GPU.*no driver"):
        postprocess(claimed(video[0]), video[1])


def test_forced_cpu_takes_arrays_from_the_gpu(video, monkeypatch):
    """Also rows that lie apart, as action columns of a CAS do."""
    monkeypatch.setenv(FORCE, "cpu")
    cas, scores = video
    wide = np.column_stack([cas, cas[:, 0]])
    for on_gpu in (claimed(cas), claimed(wide)[:, :-1]):
        got = postprocess(on_gpu, claimed(scores))
        assert equal(got, postprocess(cas, scores))
        assert got.backend == "cpu"
    [got] = basnet_rt.postprocess_batch(
        claimed(cas[None]), claimed(scores[None]), CONFIG, snippet_seconds=0.64
    )
    assert equal(got, postprocess(cas, scores))


def test_forced_cuda_sends_host_arrays_up(video, monkeypatch):
    """The core must be asked for device 0, and the result must say where it was made."""
    asked = []
    real = _core.postprocess_batch

    def on_device(*arguments):
        asked.append(arguments[-1])
        return real(*arguments[:-1], None)

    monkeypatch.setattr(_core, "postprocess_batch", on_device)
    monkeypatch.setattr(_core, "cuda_support", lambda: (True, 1, ""))
    want = postprocess(*video)
    assert asked == []
    monkeypatch.setenv(FORCE, "cuda")
    got = postprocess(*video)
    assert (asked, got.backend) == ([0], "cuda")
    assert equal(got, want)


@pytest.fixture
def reached(monkeypatch):
    """Arguments of the core's call for arrays on a GPU, which does nothing."""
    calls = []
    monkeypatch.setattr(_core, "postprocess_batch_cuda", lambda *given: calls.append(given) or [])
    monkeypatch.setattr(_core, "cuda_support", lambda: (True, 1, ""))
    return calls


def batch_of(array):
    none = basnet_rt.PostprocessConfig(gate="none")
    basnet_rt.postprocess_batch(array, None, none, snippet_seconds=1.0)


@pytest.mark.parametrize(("handle", "number"), [(1234, 1234), (0, 1)])
def test_work_goes_to_torchs_current_stream(handle, number, reached, monkeypatch):
    """Catches work on the default stream that reads what another stream still writes."""
    stream = type("Stream", (), {"cuda_stream": handle})
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device: {99: stream}[device])
    array = FakeGpuArray((2, 6, 3))
    batch_of(array)
    assert array.streams == [number]
    assert reached[0][7] == handle
    assert reached[0][3] == [6, 6]


def test_without_torch_it_is_the_default_stream(reached, monkeypatch):
    monkeypatch.delitem(sys.modules, "torch")
    array = FakeGpuArray((2, 6, 3))
    batch_of(array)
    assert array.streams == [1]
    assert reached[0][-1] == 0


def test_one_array_of_any_library_needs_no_torch(reached, monkeypatch):
    """A video, and its scores, on a GPU."""
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(IndexError):  # the stand-in for the core finds no videos
        postprocess(FakeGpuArray((6, 3)), FakeGpuArray((3,)))
    assert len(reached) == 1


def test_an_owner_that_refuses_is_a_type_error(reached, monkeypatch):
    array = FakeGpuArray((2, 6, 3))
    monkeypatch.setattr(
        FakeGpuArray, "__dlpack__", lambda *_, **__: (_ for _ in ()).throw(BufferError("no"))
    )
    with pytest.raises(TypeError, match="cas cannot be shared by DLPack: no"):
        batch_of(array)


def test_tensors_that_want_gradients_are_taken_too(reached):
    """As a network outside no_grad leaves them; torch itself would not share those."""
    with pytest.raises(IndexError):  # the stand-in for the core finds no videos
        postprocess(claimed(np.zeros((6, 3), np.float32)).requires_grad_(), None)
    assert len(reached) == 1


def test_raw_cas_elsewhere_is_a_type_error(reached):
    config = basnet_rt.PostprocessConfig(gate="horizon", horizon=5.0)
    raw = np.zeros((2, 6, 4), np.float32)
    with pytest.raises(TypeError, match="raw_cas is a ndarray that lies on no GPU"):
        basnet_rt.postprocess_batch(
            FakeGpuArray((2, 6, 3)), None, config, snippet_seconds=1.0, raw_cas=raw
        )


def test_torchs_device_errors_become_ours():
    """Catches a full GPU that looks like a damaged bundle."""
    with (
        pytest.raises(basnet_rt.BackendUnavailable, match="the device failed: full"),
        gpu_arrays.gpu_errors(),
    ):
        raise torch.OutOfMemoryError("full\nof tensors")
    with pytest.raises(RuntimeError, match=r"^other$"), gpu_arrays.gpu_errors():
        raise RuntimeError("other")
