"""Post-processing on a GPU, planned once for batches of one shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from basnet_rt import _core
from basnet_rt._errors import Error
from basnet_rt._system.extras import from_extra
from basnet_rt.config import PostprocessConfig
from basnet_rt.postprocessing import gpu_arrays as arrays
from basnet_rt.postprocessing.backend_choice import CUDA
from basnet_rt.postprocessing.gpu_batch import GpuBatch
from basnet_rt.postprocessing.offline import timings
from basnet_rt.results import Detections


class CudaPostprocessor:
    """`postprocess_batch` for batches of one shape, on torch's memory and current stream.

    Args:
        config: thresholds and mode.
        num_classes: C.
        lengths: snippets of each video.
        snippet_seconds, duration: one for all, or one per video.
        padded: T of batches (N, T, C); None: videos are concatenated, (sum of T, C).
        device: index of the CUDA device.
        max_detections: most detections of a video; 0: enough for typical activations.
        pool_bytes: memory for roots too large for a warp's own memory; 0: as above.

    `enqueue` launches and returns: it allocates no memory and waits for nothing, so a CUDA graph
    can record it. `read` gives the detections of the last run. Calling the object does both, waits
    between them, and tries again with more memory if there was too little.

    Raises:
        BackendUnavailable: no CUDA backend, or no such device, driver or memory.
    """

    def __init__(
        self,
        config: PostprocessConfig,
        *,
        num_classes: int,
        lengths: Sequence[int],
        snippet_seconds: float | Sequence[float],
        duration: Sequence[float | None] | float | None = None,
        padded: int | None = None,
        device: int = 0,
        max_detections: int = 0,
        pool_bytes: int = 0,
    ) -> None:
        self.config, self.device = config, device
        self.lengths = [int(length) for length in lengths]
        self._shape = (
            config.native,
            num_classes,
            self.lengths,
            padded or 0,
            *timings(snippet_seconds, duration, len(self.lengths)),
            device,
        )
        self._make(max_detections, pool_bytes)

    def _make(self, max_detections: int, pool_bytes: int) -> None:
        self._core = _core.CudaPostprocessor(*self._shape, max_detections, pool_bytes)
        torch = from_extra("torch", "torch", "CudaPostprocessor")
        scratch, results = self._core.scratch_bytes, self._core.result_bytes
        with arrays.gpu_errors():
            self._scratch = torch.empty(scratch, dtype=torch.uint8, device=f"{CUDA}:{self.device}")
            # Kernels write into pinned memory, so results need no copy.
            self._results = torch.empty(results, dtype=torch.uint8, pin_memory=True)

    @property
    def scratch_bytes(self) -> int:
        """Bytes of device memory in use, without the settings."""
        return self._core.scratch_bytes

    def enqueue(self, cas: Any, video_scores: Any = None, *, raw_cas: Any = None) -> None:
        """Launch on torch's current stream, which reads the arrays later.

        Args:
            cas: (sum of T, C) or, padded, (N, T, C): float32 on the device.
            video_scores: (N, C) on the device; None if the gate ignores them.
            raw_cas: as `cas` with C+1 columns, for gate "horizon".
        """
        stream = arrays.current_stream(self.device)
        batch = GpuBatch(cas, self.lengths, video_scores, raw_cas)
        capsules = batch.capsules(stream)
        self._core.enqueue(
            *capsules, self.lengths, self._scratch.data_ptr(), self._results.data_ptr(), stream
        )

    def read(self) -> list[Detections]:
        """Detections of each video, after the stream has finished the work of `enqueue`.

        Raises:
            ValueError: an activation or score is not allowed; names the video.
            Error: there was too little memory; calling the object allocates enough.
        """
        if self._core.shortage(self._results.data_ptr()) is not None:
            raise Error("the batch needs more room than max_detections or pool_bytes gave it")
        found = self._core.read(self._results.data_ptr())
        return [Detections(*one, mode=self.config.mode, backend=CUDA) for one in found]

    def __call__(
        self, cas: Any, video_scores: Any = None, *, raw_cas: Any = None
    ) -> list[Detections]:
        """Call `enqueue`, wait for torch's stream, `read`; try again with more memory if needed."""
        import torch

        while True:
            self.enqueue(cas, video_scores, raw_cas=raw_cas)
            torch.cuda.current_stream(self.device).synchronize()
            short = self._core.shortage(self._results.data_ptr())
            if short is None:
                return self.read()
            self._make(*short)
