"""Settings of a live source: how long to wait for it, and when to give up."""

from __future__ import annotations

from dataclasses import dataclass, field

from basnet_rt._errors import InvalidValue


@dataclass(frozen=True, kw_only=True)
class LiveSettings:
    """Settings of a live source; numbers are seconds except `queued`.

    Attributes:
        open_seconds, read_seconds: longest wait for a connection, and for the next packet.
        first_wait, longest_wait: pause before the first attempt to connect again, and the longest
            pause; it doubles for each attempt.
        give_up: longest time without a picture; then the source ends with an error.
        max_gap: largest time between timestamps; above it the source's clock has jumped.
        follow: continuously correct a source's clock that runs slow or fast against the arrival of
            its pictures; else times are the source's own.
        queued: most frames waiting for the consumer.
        options: of libavformat.
        stream_index: of the video stream among all streams of the source; None: see `read_frames`.
        whole: read a source of known length like a file on disk, with its times and repairs; else
            like a camera, with gaps.
    """

    open_seconds: float = 10.0
    read_seconds: float = 10.0
    first_wait: float = 0.5
    longest_wait: float = 15.0
    give_up: float = 300.0
    max_gap: float = 2.0
    follow: bool = True
    queued: int = 64
    options: dict[str, str] = field(default_factory=dict)
    stream_index: int | None = None
    whole: bool = False

    def __post_init__(self) -> None:
        for name in ("open_seconds", "read_seconds", "first_wait", "longest_wait", "max_gap"):
            if not getattr(self, name) > 0:
                raise InvalidValue(f"{name}: expected seconds above 0, got {getattr(self, name)}")
        if not self.give_up >= 0 or self.queued < 2:
            raise InvalidValue(
                f"give_up, queued: expected at least 0 and 2, got {self.give_up}, {self.queued}"
            )
