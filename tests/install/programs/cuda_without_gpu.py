"""Run where no GPU can be seen: importing must work, the CUDA backend must say why it does not, and
the CPU backend must work before and after.

Prints whether the CUDA backend is built, and why there is no device.
"""

import os

import numpy as np

import basnet_rt

CAS = np.array([[0.0], [1.0], [0.0]], np.float32)
CONFIG = basnet_rt.PostprocessConfig.continuous(
    cas_thresholds=[0.5], normalisation="fixed", gate="none"
)


def on_cpu() -> None:
    found = basnet_rt.postprocess(CAS, None, CONFIG, snippet_seconds=1.0)
    np.testing.assert_allclose(found.segments, [[1.0, 2.0]], rtol=0, atol=1e-12)


def refused(call) -> str:
    try:
        call()
    except basnet_rt.BackendUnavailable as error:
        return str(error)
    raise AssertionError("a GPU that is not there was used")


if __name__ == "__main__":
    cpu, cuda = basnet_rt.backends()
    assert (cpu.name, cpu.available, cuda.name, cuda.available) == ("cpu", True, "cuda", False)
    assert cuda.devices == ()
    on_cpu()
    os.environ["BASNET_RT_FORCE_BACKEND"] = "cuda"
    message = refused(lambda: basnet_rt.postprocess(CAS, None, CONFIG, snippet_seconds=1.0))
    del os.environ["BASNET_RT_FORCE_BACKEND"]
    assert cuda.reason in message, message
    on_cpu()
    print(cuda.built)
    print(cuda.reason)
