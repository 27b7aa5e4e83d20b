"""The list of formats: how each is written and read, and what it can hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from basnet_rt._errors import InvalidValue
from basnet_rt.formats import (
    activitynet,
    csv_table,
    edl,
    elan,
    jsonl,
    label_studio,
    otio,
    rttm,
    webvtt,
)
from basnet_rt.formats.marks import MarkedVideos, VideoMarks
from basnet_rt.formats.source import Source

MediaOf = Callable[[str], str]  # from a video's name to the path of its file


@dataclass(frozen=True)
class Format:
    """One format.

    Attributes:
        name: as users give it.
        suffix: of its files.
        many: whether a file can hold many videos; otherwise there is one file for each.
        counts_frames: whether writing needs the frame rate.
        write: makes the text of a file.
        read: reads a text of that form, written by us or another program.
        loses: facts that are lost, for the table of docs/formats.md.
        num_left_out: the number of a video's segments that are not written.
    """

    name: str
    suffix: str
    many: bool
    counts_frames: bool
    write: Callable[[MarkedVideos, MediaOf], Iterator[str]]
    read: Callable[[str, Source], MarkedVideos]
    loses: str
    num_left_out: Callable[[VideoMarks], int] = lambda _: 0

    @property
    def holds_results(self) -> bool:
        """Whether it is a form for results, whose segments may be nested."""
        return self.holds_any_time or self.name == "rttm"

    @property
    def is_for_editors(self) -> bool:
        """Whether people correct segments in such files."""
        return not self.holds_results and self.name != "ground-truth"

    @property
    def holds_any_time(self) -> bool:
        """Whether segments may begin before the video: only tables of results may."""
        return self.name in ("activitynet", "csv", "jsonl")


def _plain(write: Callable[[MarkedVideos], Iterator[str]]) -> Callable[..., Iterator[str]]:
    return lambda marked, media_of: write(marked)


def _with_media(
    write: Callable[[MarkedVideos, str], Iterator[str]],
) -> Callable[..., Iterator[str]]:
    return lambda marked, media_of: write(marked, media_of(next(iter(marked.videos))))


def _not_chapters(video: VideoMarks) -> int:
    return len(video.marks) - len(webvtt.kept_as_chapters(video))


_ROWS_LOSE = "videos without segments, durations, subsets, suggested thresholds"
_TITLES_LOSE = "confidence, settings of the post-processing"
FORMATS = {
    one.name: one
    for one in (
        Format("activitynet", ".json", True, False, _plain(activitynet.write_results),
               activitynet.read, "durations, subsets"),
        Format("ground-truth", ".json", True, False, _plain(activitynet.write_ground_truth),
               activitynet.read, "scores, confidence, mode, model"),
        Format("csv", ".csv", True, False, _plain(csv_table.write), csv_table.read,
               f"{_ROWS_LOSE}, settings"),
        Format("jsonl", ".jsonl", True, False, _plain(jsonl.write), jsonl.read,
               f"{_ROWS_LOSE}, settings"),
        Format("rttm", ".rttm", True, False, _plain(rttm.write), rttm.read,
               f"{_ROWS_LOSE}, confidence, mode, model, whether simulated"),
        Format("label-studio", ".json", True, True, label_studio.write, label_studio.read,
               _TITLES_LOSE),
        Format("webvtt", ".vtt", False, False, _plain(webvtt.write_subtitles), webvtt.read,
               _TITLES_LOSE),
        Format("webvtt-chapters", ".vtt", False, False, _plain(webvtt.write_chapters),
               webvtt.read, f"segments that partly overlap a better one; {_TITLES_LOSE}",
               _not_chapters),
        Format("edl", ".edl", False, True, _plain(edl.write), edl.read, _TITLES_LOSE),
        Format("otio", ".otio", False, True, _with_media(otio.write), otio.read, _TITLES_LOSE),
        Format("elan", ".eaf", False, False, _with_media(elan.write), elan.read, _TITLES_LOSE),
    )
}  # fmt: skip
SUFFIXES = tuple(sorted({one.suffix for one in FORMATS.values()}))


def format_named(name: str) -> Format:
    """The format of that name; an unknown one is an error that lists the known ones."""
    if name not in FORMATS:
        raise InvalidValue(f"format {name!r}: there are {', '.join(FORMATS)}")
    return FORMATS[name]


def format_to_write(path: Path, name: str | None = None) -> Format:
    """The format by name, or by the ending of the path.

    Raises:
        ValueError: there is no format of that name, or the ending fits none or several.
    """
    if name is not None:
        return format_named(name)
    fits = [one for one in FORMATS.values() if one.suffix == path.suffix.lower()]
    if path.suffix.lower() == ".vtt":
        return FORMATS["webvtt"]
    if len(fits) == 1:
        return fits[0]
    if not fits:
        raise InvalidValue(f"{path}: expected a name that ends in {', '.join(SUFFIXES)}, or --to")
    names = ", ".join(one.name for one in fits)
    raise InvalidValue(f"{path}: {path.suffix} may be {names}; say which with --to")


def format_to_read(path: Path, name: str | None = None) -> Format:
    """The format by name, or by the ending; for `.json` by the content, see `json_form`."""
    if name is None and path.suffix.lower() == ".json":
        return FORMATS["activitynet"]
    if name is None and path.suffix.lower() not in SUFFIXES:
        raise InvalidValue(
            f"{path}: expected a name that ends in {', '.join(SUFFIXES)}; for a file of another "
            "name, basnet-rt convert --from says its format"
        )
    return format_to_write(path, name)


def json_form(text: str) -> Format:
    """The format of a JSON text: Label Studio's files are lists, ActivityNet's are objects."""
    return FORMATS["label-studio" if text.lstrip()[:1] == "[" else "activitynet"]
