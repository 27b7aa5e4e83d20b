"""Segments in the forms of other programs: written, and read back after correction.

Every format is written from `MarkedVideos` and read into it; `from_results`, `to_results`,
`from_annotations` and `to_annotations` convert from and to other types of the package.
docs/formats.md says what each form can hold.
"""

from basnet_rt.formats.bridges import from_annotations, from_results, to_annotations, to_results
from basnet_rt.formats.files import read_marks, write_marks
from basnet_rt.formats.marks import Mark, MarkedVideos, VideoMarks
from basnet_rt.formats.registry import FORMATS, Format
from basnet_rt.formats.timecode import FrameRate, frame_at, from_timecode, seconds_at, to_timecode
from basnet_rt.formats.video_list import VideoList, described, read_video_list

__all__ = [
    "FORMATS",
    "Format",
    "FrameRate",
    "Mark",
    "MarkedVideos",
    "VideoList",
    "VideoMarks",
    "described",
    "frame_at",
    "from_annotations",
    "from_results",
    "from_timecode",
    "read_marks",
    "read_video_list",
    "seconds_at",
    "to_annotations",
    "to_results",
    "to_timecode",
    "write_marks",
]
