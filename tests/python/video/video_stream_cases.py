"""What is rendered for `basnet-rt stream`, and what it said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

EVENTS = ((30, 55), (80, 120))  # pictures [first, end) that are bright
NUM_PICTURES = 150


@dataclass(frozen=True)
class Said:
    """What a run of `basnet-rt stream` said."""

    exit_code: int
    events: list[dict[str, Any]]
    stderr: str

    def of(self, *kinds: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["event"] in kinds]
