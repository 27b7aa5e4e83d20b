"""Protocols of published numbers: their videos, times and tIoU thresholds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from basnet_rt._errors import InvalidValue
from basnet_rt.annotations import AnnotationSet, Segment

# Videos with wrong annotations; Zhao et al. (SSN, ICCV 2017) were the first to leave them out.
WRONG_VIDEOS = ("video_test_0000270", "video_test_0001496")

TENTHS = tuple(k / 10 for k in range(1, 10))
TWENTIETHS = tuple(k / 20 for k in range(10, 20))


@dataclass(frozen=True)
class Protocol:
    """One convention.

    Attributes:
        name: for `evaluate(protocol=...)`.
        used_by: methods that report numbers with this protocol.
        tiou_thresholds: the default thresholds.
        without: videos whose marked segments do not count.
        needs: videos that the annotations must have.
        seconds: converts a marked time in seconds.
    """

    name: str
    used_by: str
    tiou_thresholds: tuple[float, ...]
    without: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    seconds: Callable[[float], float] | None = None

    def apply(self, truth: AnnotationSet) -> AnnotationSet:
        """The annotations, changed as this protocol requires.

        Raises:
            ValueError: a required video has no annotations.
        """
        absent = [name for name in self.needs if name not in truth.videos]
        if absent:
            raise InvalidValue(
                f"protocol {self.name!r} counts {' and '.join(self.needs)}, which the annotations "
                f"lack ({', '.join(absent)}); give annotations that have them, or use protocol "
                "'thumos14', which leaves these videos out"
            )
        videos = {k: v for k, v in truth.videos.items() if k not in self.without}
        if self.seconds is not None:
            change = self.seconds
            videos = {
                name: replace(
                    video,
                    segments=tuple(
                        Segment(one.label, change(one.start), change(one.end))
                        for one in video.segments
                    ),
                )
                for name, video in videos.items()
            }
        return AnnotationSet(videos, truth.simulated)


def _to_snippet(seconds: float) -> float:
    """Round to the nearest border of a snippet of 16 frames at 25 fps, ties to even."""
    return round(seconds * 25 / 16) * 16 / 25


PROTOCOLS = {
    one.name: one
    for one in (
        Protocol("thumos14", "STPN, BaS-Net, CoLA", TENTHS, without=WRONG_VIDEOS),
        Protocol("thumos14-212", "CO2-Net, DELU", TENTHS, needs=WRONG_VIDEOS),
        Protocol("thumos14-snippets", "P-MIL", TENTHS, needs=WRONG_VIDEOS, seconds=_to_snippet),
        Protocol("activitynet", "the ActivityNet challenge", TWENTIETHS),
    )
}


def protocol_named(name: str | None) -> Protocol | None:
    """The protocol of that name; None for None.

    Raises:
        ValueError: there is none of that name.
    """
    if name is None:
        return None
    if name not in PROTOCOLS:
        raise InvalidValue(f"protocol is {name!r}; it must be one of {', '.join(PROTOCOLS)}")
    return PROTOCOLS[name]
