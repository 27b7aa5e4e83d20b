"""The measured rates for calculating sizes, each with the page that has it.

All were measured on two cores of one AMD EPYC; other processors differ.
"""

from __future__ import annotations

from dataclasses import dataclass

from bench.tables import DOCS


@dataclass(frozen=True)
class Rate:
    """A number of a page: `text` must be on the page, so that both stay equal."""

    value: float
    page: str
    text: str

    def check(self) -> float:
        """The value.

        Raises:
            SystemExit: the page has another number now.
        """
        if self.text not in (DOCS / self.page).read_text(encoding="utf-8"):
            raise SystemExit(
                f"{self.page} no longer says {self.text!r}: measure, then change it here"
            )
        return self.value


GRID_FPS = 25.0  # frames a second that extractors read
SNIPPET_SECONDS = 16 / GRID_FPS
MOTION = Rate(404, "from_video.md", "518 [498, 530] | 20.7 | 404 [400, 408]")
I3D_BFLOAT16 = Rate(18.9, "extractors.md", "52.82 [52.48, 52.83] | 18.9 [18.9, 19.1]")
I3D_RGB = Rate(49.9, "extractors.md", "20.04 [19.97, 20.63] | 49.9 [48.5, 50.1]")
NETWORK_750 = Rate(0.385, "engine.md", "| `avx512` float32 | 3.4 | 1.04 | 34 | 385 |")
FRAMES_PER_CORE = MOTION.value
DECODE_1080P = Rate(168, "video.md", "ours, to gray, short side 120 | 168 [163, 178]")
DECODE_SMALL = Rate(4535, "video.md", "ours, to gray, short side 120 | 4535 [4303, 4617]")
STREAMS_PER_CORE = Rate(592, "streaming_measured.md", "| 1 | float32 | 592 | 925 |")
