"""Video: files, addresses and cameras as pictures with true times.

`probe` reads the header of a file, `read_frames` gives its pictures on a grid of equal steps in
time, and `open_live` those of a camera. PyAV is imported when one of them is called.
"""

from basnet_rt._errors import VideoError
from basnet_rt.video.frames import Frame, FrameFormat, Gap
from basnet_rt.video.info import VideoInfo, probe
from basnet_rt.video.live.settings import LiveSettings
from basnet_rt.video.live.source import LiveSource, open_live
from basnet_rt.video.reader import FrameReader, read_frames

__all__ = [
    "Frame",
    "FrameFormat",
    "FrameReader",
    "Gap",
    "LiveSettings",
    "LiveSource",
    "VideoError",
    "VideoInfo",
    "open_live",
    "probe",
    "read_frames",
]
