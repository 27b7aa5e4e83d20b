"""Live sources: how they are recognised and opened."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from basnet_rt._errors import VideoError
from basnet_rt._system.addresses import is_address
from basnet_rt.video.opening import open_container

if TYPE_CHECKING:
    from basnet_rt.video.live.settings import LiveSettings

_DEVICE = "/dev/video"
_NO_TIMESTAMPS = 0x80  # AVFMT_NOTIMESTAMPS of libavformat
_COUNTED = {"mpjpeg", "mjpeg", "image2pipe"}
_DEVICE_FORMAT = "video4linux2,v4l2"
# libavformat examines some pictures before it returns the first, which delays that one and all
# times by arrival. Rates are not guessed, and the examination takes at most one second, not five.
_LITTLE_ANALYSIS = {"analyzeduration": "1000000", "fpsprobesize": "0"}


def is_device(source: str) -> bool:
    """Whether it is a camera of this machine."""
    return source.startswith(_DEVICE)


def is_live(source: str) -> bool:
    """Whether a source is live: devices and all addresses are, files are not."""
    return is_device(source) or (is_address(source) and urlsplit(source).scheme != "file")


def never_ends(source: str, container: Any) -> bool:
    """Whether an end is an error; it is not if the server stated the number of bytes."""
    return is_device(source) or container.size <= 0


def has_own_clock(container: Any) -> bool:
    """Whether its timestamps come from the source, rather than being counted by libavformat."""
    format = container.format  # noqa: A001 (PyAV's word)
    counted = int(format.flags) & _NO_TIMESTAMPS or format.name in _COUNTED
    return not counted and not format.name.endswith("_pipe")


def open_live_container(source: str, settings: LiveSettings) -> Any:
    """PyAV's container.

    Raises:
        VideoError: there is no such source, or no answer in time.
    """
    timeout = (settings.open_seconds, settings.read_seconds)
    if is_device(source):
        if not Path(source).exists():
            raise VideoError(f"{source}: no such device")
        options = dict(settings.options)
        return open_container(source, format=_DEVICE_FORMAT, options=options, timeout=timeout)
    options = dict(_LITTLE_ANALYSIS)
    if source.startswith("rtsp"):
        options["rtsp_transport"] = "tcp"  # over UDP, lost packets are damaged pictures
    return open_container(source, options={**options, **settings.options}, timeout=timeout)
