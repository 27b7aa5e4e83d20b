"""Settings of a live source: the time to wait for it, and when to give it up."""

from __future__ import annotations

from dataclasses import dataclass, field

from basnet_rt._errors import InvalidValue


@dataclass(frozen=True, kw_only=True)
class LiveSettings:
    """Settings of a live source; numbers are seconds but for `queued`.

    Attributes:
        open_seconds, read_seconds: to wait for a connection, and for the next packet.
        first_wait, longest_wait: before the first attempt to connect again, and at most; it
            doubles from one to the next.
        give_up: without a picture; then the source has ended with an error.
        max_gap: between timestamps; above it the source's clock has jumped.
        follow: a source's clock that runs slow or fast against the arrival of its pictures is
            corrected, steadily; else times are the source's own.
        queued: frames that wait for the consumer, at most.
        options: of libavformat.
        whole: what a server states the length of is read as a file on disk is, with its times and
            its repairs; else as a camera, with gaps.
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
    whole: bool = False

    def __post_init__(self) -> None:
        for name in ("open_seconds", "read_seconds", "first_wait", "longest_wait", "max_gap"):
            if not getattr(self, name) > 0:
                raise InvalidValue(f"{name}: expected seconds above 0, got {getattr(self, name)}")
        if not self.give_up >= 0 or self.queued < 2:
            raise InvalidValue(
                f"give_up, queued: expected at least 0 and 2, got {self.give_up}, {self.queued}"
            )
