"""`basnet-rt convert`: results and annotations from one form to another, and back."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer

from basnet_rt._system.whole_file import refuse_input
from basnet_rt.cli.common import Everything, Json, answer, failures, note
from basnet_rt.formats.bridges import events_of
from basnet_rt.formats.files import (
    DEFAULT_MEDIA,
    files_to_read,
    files_to_write,
    read_marks,
    write_marks,
)
from basnet_rt.formats.marks import MarkedVideos
from basnet_rt.formats.registry import FORMATS, Format, format_to_write
from basnet_rt.formats.timecode import FrameRate
from basnet_rt.formats.video_list import VideoList, described, read_video_list

NAMES = ", ".join(FORMATS)

Listed = Annotated[
    Path | None,
    typer.Option(help="All videos: ground truth .json, or names, one a line."),
]
Reviewed = Annotated[
    bool, typer.Option("--reviewed", help="A person watched every video of INPUT completely.")
]

Force = Annotated[
    bool,
    typer.Option(
        "--force", help="Replace files of editors that differ, with the corrections in them."
    ),
]


def convert(
    source: Annotated[Path, typer.Argument(metavar="INPUT", help="A file, or a folder of them.")],
    output: Annotated[
        Path, typer.Argument(help="A file; or a folder, if each video gets its own file.")
    ],
    from_: Annotated[
        str | None, typer.Option("--from", help=f"Form of INPUT: {NAMES}; default: by its ending.")
    ] = None,
    to: Annotated[str | None, typer.Option("--to", help="Form of the output; as --from.")] = None,
    fps: Annotated[
        str | None, typer.Option(help="Frames a second: 25, 23.976, 29.97df (drop-frame) ...")
    ] = None,
    video_list: Listed = None,
    subset: Annotated[
        str | None, typer.Option("--subset", "-s", help="Only videos of this, or no, subset.")
    ] = None,
    min_score: Annotated[
        float | None, typer.Option(help="Leave out segments with a lower score.")
    ] = None,
    media: Annotated[
        str, typer.Option(help="Path of the videos, for video editors; {video} is the name.")
    ] = DEFAULT_MEDIA,
    reviewed: Reviewed = False,
    force: Force = False,
    everything: Everything = False,
    as_json: Json = False,
) -> None:
    """Write results or annotations in another form.

    Results are written as events: one segment for each happening, none nested. With --all, every
    detection is written; mAP is computed from these.

    Use --to ground-truth to turn corrected files into annotations. Name the reviewed videos with
    --video-list, because a video without any action is in no file of segments. Exports of Label
    Studio say which videos were reviewed; for other forms give --reviewed. Then `basnet-train run
    --corrected` trains on the segments.
    """
    chosen = _usage(output, from_, to, fps, min_score)
    with failures():
        known = None if video_list is None else read_video_list(video_list)
        marked = _read(source, from_, fps, known)
        marked = _chosen(marked, subset, min_score, reviewed)
        kept = marked if everything or not marked.ranked else _events(marked, chosen)
        planned = files_to_write(output, kept, chosen.name)
        refuse_input([output], [])
        refuse_input(planned, [*files_to_read(source, from_), video_list])
        files = write_marks(
            output, kept, format=chosen.name, fps=fps, media=media, keep_corrected=not force
        )
    _report(kept, chosen, output, len(files), as_json)
    if kept.num_marks < marked.num_marks:
        note(
            f"note: of {marked.num_marks} detections, the {kept.num_marks} events; "
            "--all writes every one"
        )


def _usage(
    output: Path, from_: str | None, to: str | None, fps: str | None, min_score: float | None
) -> Format:
    """Check the options that can be checked before any file is read."""
    if min_score is not None and math.isnan(min_score):
        raise typer.BadParameter("--min-score nan: expected a number")
    try:
        if fps is not None:
            FrameRate.parse(fps)
        if from_ is not None:
            format_to_write(Path(), from_)
        return format_to_write(output, to)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _read(
    source: Path, from_: str | None, fps: str | None, known: VideoList | None
) -> MarkedVideos:
    rates = {name: video.rate for name, video in (known or {}).items() if video.rate is not None}
    marked = read_marks(source, format=from_, fps=fps, rates=rates)
    return marked if known is None else described(marked, known)


def _chosen(
    marked: MarkedVideos, subset: str | None, min_score: float | None, reviewed: bool
) -> MarkedVideos:
    """The part of the input that the options name."""
    if subset is not None:
        marked = marked.subset(subset)
    if min_score is not None:
        marked = marked.at_least(min_score)
    return marked.all_reviewed() if reviewed else marked


def _events(marked: MarkedVideos, chosen: Format) -> MarkedVideos:
    """The events of results; ground truth keeps every corrected segment."""
    return marked if chosen.name == "ground-truth" else events_of(marked)


def _report(
    marked: MarkedVideos, chosen: Format, output: Path, num_files: int, as_json: bool
) -> None:
    left_out = sum(chosen.num_left_out(video) for video in marked.videos.values())
    summary = {
        "output": str(output),
        "format": chosen.name,
        "files": num_files,
        "videos": len(marked.videos),
        "segments": marked.num_marks - left_out,
        "left_out": left_out,
        "notes": list(marked.notes),
    }
    line = (
        f"{summary['videos']} videos, {summary['segments']} segments as {chosen.name} -> {output}"
        + (f" ({num_files} files)" if num_files != 1 else "")
    )
    answer(summary, [line], as_json)
    for text in marked.notes:
        note(f"note: {text}")
    if marked.unfinished and chosen.name != "ground-truth":
        note(
            f"note: {len(marked.unfinished)} videos that were judged in part are left out; only "
            "ground-truth holds them"
        )
    if left_out:
        note(f"note: {left_out} segments left out: {chosen.name} cannot hold them")
