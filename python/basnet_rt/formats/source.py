"""The origin of a text, and facts about its videos that the text does not state."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from basnet_rt._errors import InvalidValue
from basnet_rt._system.shown import shown
from basnet_rt.formats.timecode import FrameRate

_NO_TEXT = ("Cc", "Cs", "Zl", "Zp")  # control, half a surrogate pair, line and paragraph ends


@dataclass(frozen=True)
class Source:
    """A file to read.

    Attributes:
        path: messages begin with it; its stem names the video if the file does not.
        rate: frames a second, if neither the file nor `rates` has it.
        rates: frames a second by video.
    """

    path: Path
    rate: FrameRate | None = None
    rates: Mapping[str, FrameRate] = field(default_factory=dict)

    def at(self, line: int) -> str:
        """A line's name in messages."""
        return f"{self.path}, line {line}"

    def rate_of(self, video: str, own: FrameRate | None, what: str) -> FrameRate:
        """The video's rate; that in the file comes first, because its frames count at that rate.

        Raises:
            ValueError: no frame rate is known.
        """
        rate = own or self.rates.get(video) or self.rate
        if rate is None:
            raise InvalidValue(
                f"{self.path}: video {shown(video)}: {what} counts frames and does not say how "
                "many a second has; give --fps, such as 25, 23.976 or 29.97df"
            )
        return rate


def one_line(where: str, what: str, text: str) -> str:
    """The text, checked for a format whose fields are lines.

    Raises:
        ValueError: it has a line end or another control character.
    """
    if any(unicodedata.category(character) in _NO_TEXT for character in text):
        raise InvalidValue(
            f"{where}: the {what} {shown(text)} has a line end or a control character"
        )
    return text
