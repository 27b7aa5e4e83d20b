"""Makes a run's results and report with the ordinary commands."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import typer

from basnet_rt import Error, load
from basnet_rt._system.file_digest import file_sha256
from basnet_rt._system.json_file import read_json
from basnet_rt.cli import localize as localize_command
from basnet_rt.cli import report as report_command
from basnet_rt.extractors.running.video_files import find_video_files
from basnet_rt.features.files import SUFFIXES
from basnet_rt.formats.result_files import write_results
from basnet_rt.tags.matching import ENDINGS
from basnet_training.heldout import HeldOut

from .extraction import are_videos

ACTIVATIONS = "activations"  # a folder beside the results


def localize(inputs: Sequence[str], model: Path, output: Path, jobs: int | None) -> dict[str, Any]:
    """Run `basnet-rt localize`; videos that fail do not stop others, and are returned by name.

    Raises:
        Error: nothing could be localized.
    """
    before = _identity(output)
    with _as_part_of_a_run():
        try:
            localize_command.localize(
                videos=list(inputs),
                model=model,
                output=output,
                save_activations=output.parent / ACTIVATIONS,
                jobs=jobs,
            )
        except typer.Exit as end:
            if _identity(output) == before:
                raise Error(f"localize: ended with exit code {end.exit_code}") from end
            return {"failed": {"localize": "some inputs failed; their reasons are above"}}
        except typer.BadParameter as error:
            raise Error(f"--localize: {error.message}") from error
    return {"failed": {}}


def _identity(path: Path) -> tuple[int, int] | None:
    """A value that changes whenever the file is written; None if there is no file."""
    if not path.is_file():
        return None
    stat = path.stat()
    return stat.st_ino, stat.st_mtime_ns


def write_held_out(held: HeldOut | None, model: Path, output: Path, source: Path) -> dict[str, Any]:
    """Write results for the training videos, marked as held-out, with the bundle's confidence."""
    loaded = load(model)
    metadata = loaded.metadata
    provenance: dict[str, Any] = {
        "simulated": bool(metadata.provenance.get("simulated", False)),
        "model": model.name,
        "classes": list(metadata.classes),
        "feature_extractor": metadata.feature_extractor,
        "postprocess": dict(metadata.postprocess),
        "bundle": dict(metadata.provenance),
        "held_out": "training videos, each by a network that was trained without it",
    }
    if held is not None and are_videos(source):
        videos, _ = find_video_files([source])
        provenance["media"] = {
            one.name: str(Path(one.source).resolve()) for one in videos if one.name in held.names
        }
    found = {} if held is None else held.detections
    described = {name: loaded.described(one, loaded.config) for name, one in found.items()}
    write_results(output, described, provenance)
    return {"failed": {}}


def report(results: Path, page: Path, media: Sequence[str]) -> dict[str, Any]:
    """`basnet-rt report`.

    Raises:
        Error: the page cannot be made.
    """
    activations = results.parent / ACTIVATIONS
    with _as_part_of_a_run():
        try:
            report_command.report(
                results=results,
                output=page,
                video=list(media),
                activations=activations if activations.is_dir() else None,
            )
        except typer.Exit as end:
            raise Error(f"report: ended with exit code {end.exit_code}") from end
    content = read_json(results)
    return {"detections": sum(len(found) for found in content["results"].values())}


@contextlib.contextmanager
def _as_part_of_a_run() -> Iterator[None]:
    """Keep standard output for the result of the run itself."""
    with contextlib.redirect_stdout(sys.stderr):
        yield


def stamps(path: Path) -> list[list[Any]]:
    """Name, size and time of the videos and features of an input, to notice changes."""
    if path.is_dir():
        files = [one for one in sorted(path.rglob("*")) if one.suffix.lower() in ENDINGS]
    else:
        files = [path]
    if are_videos(path):
        files += [Path(one.source) for one in find_video_files([path])[0]]  # also those in a list
    found = [(one, one.stat()) for one in dict.fromkeys(files) if one.is_file()]
    return [[str(one), stat.st_size, stat.st_mtime_ns] for one, stat in found]


def feature_stamp(path: Path) -> Callable[[str], str]:
    """A function from a video's name to a text that changes with its files."""
    files = [path] if path.is_file() else [one for one in path.rglob("*") if one.suffix in SUFFIXES]
    by_name: dict[str, list[str]] = {}
    for one in sorted(files):
        stat = one.stat()
        by_name.setdefault(one.stem, []).append(f"{one}:{stat.st_size}:{stat.st_mtime_ns}")
    everything = ";".join(by_name.get(path.stem, [])) if path.is_file() else ""

    def stamp(name: str) -> str:
        return ";".join(by_name.get(name, [])) or everything

    return stamp


def file_digest(path: Path) -> str:
    found: str = file_sha256(path).hexdigest()
    return found
