"""`basnet-rt review`: which videos a person should correct next."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from basnet_rt._errors import InvalidValue
from basnet_rt.annotations import read_annotations
from basnet_rt.cli.common import Json, answer, failures, note
from basnet_rt.formats.result_files import read_results
from basnet_rt.results import Detections
from basnet_rt.reviewing import review_order
from basnet_rt.tags import match_names, one_of, read_tagged

Results = Annotated[Path, typer.Argument(help="Results, such as results.json of a run.")]
Against = Annotated[
    list[Path] | None,
    typer.Option(help="Results of another model for the same videos; repeatable."),
]
Tags = Annotated[
    Path | None, typer.Option(help="Tags of the videos, as `basnet-train run` takes them.")
]
Reviewed = Annotated[
    Path | None, typer.Option(help="Corrected segments; the reviewed videos are left out.")
]
Count = Annotated[int, typer.Option("--count", "-n", min=1, help="Videos to list.")]


def review(
    results: Results,
    against: Against = None,
    tags: Tags = None,
    reviewed: Reviewed = None,
    count: Count = 10,
    as_json: Json = False,
) -> None:
    """List the videos that are most worth correcting, each with the reason.

    A video comes early if events lie near the threshold of being shown, its classes are uncertain,
    results contradict the tags (--tags), or models disagree (--against). Correct the videos in the
    report, export them, and train with `basnet-train run --corrected`.
    """
    with failures():
        found = read_results(results).detections
        known = None if tags is None else _tags_of(tags, found)
        done: list[str] = []
        if reviewed is not None:
            videos = read_annotations(reviewed).videos
            done = [name for name, video in videos.items() if video.reviewed]
        others = [read_results(path).detections for path in against or []]
        order = review_order(found, against=others, tags=known, leave_out=done)
    listed = order[:count]
    width = max([len(one.video) for one in listed], default=0)
    lines = [f"{one.need:.2f}  {one.video:<{width}}  {one.reason.text}" for one in listed]
    answer(
        {"videos": [one.to_dict() for one in listed], "left": len(order) - len(listed)},
        lines,
        as_json,
    )
    if not listed:
        advice = "correct any, or lower the thresholds and look again"
        if found and not set(found) - set(done):
            advice = "all are reviewed"
        note(f"note: no video is doubtful; {advice}")
    elif len(order) > len(listed):
        note(f"note: {len(order) - len(listed)} more videos; --count lists more of them")


def _tags_of(path: Path, found: dict[str, Detections]) -> dict[str, set[str]]:
    """Tags by video, named as in the results; prints how the tags were read."""
    tagged = read_tagged(path, is_video=one_of(found))
    videos = tagged.annotations.videos
    match = match_names(list(videos), found, "results")
    if not match.found:
        raise InvalidValue(
            f"{path}: it names {next(iter(videos), 'no video')!r}, the results "
            f"{next(iter(found), 'no video')!r}: none of the names is the same; give both one form"
        )
    for remark in (*tagged.remarks, *match.remarks):
        note(f"note: {path.name}: {remark}")
    if match.untagged:
        note(f"note: {len(match.untagged)} results have no tags, such as {match.untagged[0]!r}")
    return {match.found[name]: set(videos[name].tags) for name in videos if name in match.found}
