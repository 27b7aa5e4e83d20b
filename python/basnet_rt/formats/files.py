"""Files and folders of any format: reading them into marks, writing marks to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from basnet_rt._errors import InvalidType, InvalidValue
from basnet_rt._system.arguments import as_path
from basnet_rt._system.shown import shown
from basnet_rt._system.text_file import read_text
from basnet_rt._system.whole_file import write_whole
from basnet_rt.formats.marks import MarkedVideos, merged
from basnet_rt.formats.registry import (
    SUFFIXES,
    Format,
    format_named,
    format_to_read,
    format_to_write,
    json_form,
)
from basnet_rt.formats.source import Source
from basnet_rt.formats.timecode import FrameRate

MAX_BYTES = 256 * 2**20  # ten times the size for a day of video with a cut every second
DEFAULT_MEDIA = "{video}.mp4"


def read_marks(
    path: str | Path,
    *,
    format: str | None = None,  # noqa: A002
    fps: object = None,
    rates: Mapping[str, FrameRate] | None = None,
) -> MarkedVideos:
    """Read a file, or every file of a folder, of one of the `FORMATS`.

    Args:
        path: a file; or a folder, of which all files of the format are read, by name.
        format: its name; None: by the ending, and for `.json` by the content.
        fps: frames a second, in a form for `FrameRate.parse`, for files that count frames without
            giving their rate.
        rates: the same for single videos; they take precedence.

    Raises:
        ValueError: the file is absent, damaged, or of another form; names file, place and value.
        Error: a library of an extra is absent; names the extra.
    """
    rate = None if fps is None else FrameRate.parse(fps)
    files = files_to_read(path, format)
    parts = [_read(file, format, Source(file, rate, rates or {})) for file in files]
    return parts[0] if len(parts) == 1 else merged(parts)


def files_to_read(path: str | Path, format: str | None = None) -> list[Path]:  # noqa: A002
    """The files that `read_marks` reads."""
    path = as_path(path, "path")
    return _files(path, format) if path.is_dir() else [path]


def files_to_write(
    path: str | Path,
    marked: MarkedVideos,
    format: str | None = None,  # noqa: A002
) -> list[Path]:
    """The files that `write_marks` writes.

    Raises:
        ValueError: the format is unknown, or cannot hold the videos in that file.
    """
    path = Path(path)
    return list(_parts(path, marked, format_to_write(path, format)))


def write_marks(
    path: str | Path,
    marked: MarkedVideos,
    *,
    format: str | None = None,  # noqa: A002
    fps: object = None,
    media: str = DEFAULT_MEDIA,
    keep_corrected: bool = False,
) -> list[Path]:
    """Write marks in one of the `FORMATS`; returns the files.

    All texts are made before the first is written; each file is written completely or not at all.

    Args:
        path: a file. If the format holds one video per file, a folder of files named by video,
            unless there is only one video and the name has the format's ending.
        format: its name; None: by the ending.
        fps: frames a second of videos with an unknown rate.
        media: path of the videos; `{video}` stands for the name.
        keep_corrected: refuse to replace a file of an editor by another text.

    Raises:
        ValueError: the format is unknown, a file is to be kept, a needed frame rate is not known,
            the format cannot hold something (names the video), or predictions that nobody accepted
            would become ground truth.
        Error: a file cannot be written, or a library of an extra is absent.
    """
    path = as_path(path, "path")
    if not isinstance(marked, MarkedVideos):
        raise InvalidType(f"marked is {shown(marked)}; it must be MarkedVideos")
    chosen = format_to_write(path, format)
    if chosen.name == "ground-truth" and marked.predicted is not None:
        raise InvalidValue(
            f"{marked.predicted}, so it cannot become ground truth; have a person accept or "
            "correct the segments first (in the report, Label Studio or another editor)"
        )
    if fps is not None:
        marked = marked.with_rate(FrameRate.parse(fps))
    if not chosen.holds_any_time:
        _check_times(marked, chosen)
    parts = _parts(path, marked, chosen)
    texts = {file: _text(file, chosen, part, media) for file, part in parts.items()}
    if keep_corrected and chosen.is_for_editors:
        _refuse_corrected(texts)
    for file, text in texts.items():
        write_whole(file, [text])
    return list(texts)


def _refuse_corrected(texts: Mapping[Path, str]) -> None:
    """Refuse files that a person may have corrected since they were written."""
    there = [file for file in texts if file.is_file() and file.read_bytes() != texts[file].encode()]
    if there:
        raise InvalidValue(
            f"{there[0]}: exists with another content, as {len(there)} of the {len(texts)} files "
            "to write do, and may hold corrections of a person; give another output, or --force "
            "to replace it"
        )


def _check_times(marked: MarkedVideos, chosen: Format) -> None:
    for name, video in marked.videos.items():
        for mark in video.marks:
            if mark.start < 0:
                raise InvalidValue(
                    f"video {name!r}: the segment [{mark.start}, {mark.end}] begins before 0, "
                    f"which {chosen.name} cannot hold; cut it, or write csv, jsonl or activitynet"
                )


def _read(file: Path, name: str | None, source: Source) -> MarkedVideos:
    chosen = format_to_read(file, name)
    text = read_text(file, most=MAX_BYTES, newline="" if chosen.suffix == ".csv" else None)
    if name is None and chosen.suffix == ".json":
        chosen = json_form(text)
    found = replace(chosen.read(text, source), ranked=chosen.holds_results)
    if chosen.holds_results and found.predicted is None and _ranks(found):
        found = replace(
            found,
            predicted=f"{file}: it has scores or a mode, as results of a model have (without these "
            "it is the table of a person)",
        )
    return found if source.rate is None else found.with_rate(source.rate)


def _ranks(marked: MarkedVideos) -> bool:
    """Whether a table has what only results have."""
    scored = any(mark.score is not None for one in marked.videos.values() for mark in one.marks)
    return scored or bool(marked.provenance.get("mode"))


def _text(file: Path, chosen: Format, part: MarkedVideos, media: str) -> str:
    text = "".join(chosen.write(part, _media_of(media)))
    try:
        text.encode()  # JSON can hold half a surrogate pair, a file cannot
    except UnicodeEncodeError as error:
        raise InvalidValue(f"{file}: a name is no Unicode text: {error}") from error
    return text


def _media_of(template: str) -> Callable[[str], str]:
    return lambda video: template.replace("{video}", video)


def _parts(path: Path, marked: MarkedVideos, chosen: Format) -> dict[Path, MarkedVideos]:
    """The content of each file."""
    named = path.suffix.lower() == chosen.suffix and not path.is_dir()
    if chosen.many or (named and len(marked.videos) == 1):
        return {path: marked}
    if named:
        raise InvalidValue(
            f"{path}: {chosen.name} has one file for each video and there are "
            f"{len(marked.videos)}; give a folder and the format's name (--to {chosen.name})"
        )
    return {
        path / file_name(video, chosen.suffix): replace(marked, videos={video: marks})
        for video, marks in marked.videos.items()
    }


def file_name(video: str, suffix: str) -> str:
    """A video's name as the name of a file.

    Raises:
        ValueError: the name would be in another folder, hidden, or too long.
    """
    forbidden = set('/\\\0:*?"<>|')
    if video.startswith(".") or forbidden & set(video) or len(video.encode(errors="replace")) > 200:
        raise InvalidValue(
            f"video {video!r} cannot name a file: at most 200 bytes, no leading dot, none of "
            '/ \\ : * ? " < > |'
        )
    return video + suffix


def _files(folder: Path, name: str | None) -> list[Path]:
    endings = SUFFIXES if name is None else (format_named(name).suffix,)
    found = sorted(file for file in folder.iterdir() if file.suffix.lower() in endings)
    kinds = sorted({file.suffix.lower() for file in found})
    if len(kinds) != 1:
        has = f"files of {', '.join(kinds)}" if kinds else f"no file of {', '.join(endings)}"
        raise InvalidValue(f"{folder}: {has}; a folder to read has files of one kind")
    return found
