"""Options and helpers of the commands that can work on a cluster: `--ray [ADDRESS]`."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from basnet_rt._errors import Error
from basnet_rt._system.extras import is_installed
from basnet_rt.cli.common import note, terminal
from basnet_rt.cluster.manifest import Listed, is_manifest, read_manifest
from basnet_rt.cluster.progress import CorpusProgress
from basnet_rt.cluster.session import LOCAL, Workers, check_address, is_ray_address
from basnet_rt.extractors.running.job import Result

NOTE_SECONDS = 30.0  # between two lines of progress where there is no terminal


def _checked_address(address: str | None) -> str | None:
    """Refuse what cannot be a cluster before any work."""
    if address is not None:
        try:
            check_address(address)
        except Error as error:
            raise typer.BadParameter(str(error)) from error
        if not is_installed("ray"):
            raise typer.BadParameter("needs ray: pip install 'basnet-rt[ray]'")
    return address


def _checked_workers(context: typer.Context, count: int | None) -> int | None:
    """Refuse a number of workers without a cluster; `--ray` is eager, and so is read before."""
    if count is not None and context.params.get("ray") is None:
        raise typer.BadParameter("goes with --ray")
    return count


Ray = Annotated[
    str | None,
    typer.Option(
        "--ray",
        metavar="[ADDRESS]",
        is_eager=True,
        callback=_checked_address,
        help="Work on a Ray cluster: auto, host:port, ray://host:port. Without an address, a "
        "cluster on this machine is started for this command.",
    ),
]
RayWorkers = Annotated[
    int | None,
    typer.Option(
        min=1,
        callback=_checked_workers,
        help="Workers on the cluster. Default: one per two cores; of tune, one per core.",
    ),
]


class CorpusCommand(TyperCommand):
    """A command whose option `--ray` may have no value."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Treat the word after `--ray` as its value only if it can be an address of a cluster."""
        return list(super().parse_args(ctx, _with_address(args)))


def _with_address(args: Sequence[str]) -> list[str]:
    found = list(args)
    for at, one in enumerate(found):
        if one == "--":
            break
        if one == "--ray" and not (at + 1 < len(found) and is_ray_address(found[at + 1])):
            found[at] = f"--ray={LOCAL}"
    return found


def workers_of(num_workers: int | None, device: str = "cpu") -> Workers:
    """The workers that the options ask for; each has a GPU if the network runs on one."""
    return Workers(num_workers, gpus=0.0 if device == "cpu" else 1.0)


def expand(given: Sequence[str]) -> tuple[list[str], list[Listed]]:
    """The given paths and addresses, and the rows of the manifests among them."""
    paths = [one for one in given if not is_manifest(one)]
    try:
        rows = [row for one in given if is_manifest(one) for row in read_manifest(one)]
    except Error as error:
        raise typer.BadParameter(str(error)) from error
    return paths, rows


class ProgressLine:
    """Progress on standard error: one updated line on a terminal, else a new line now and then."""

    def __init__(self, weights: dict[str, float]) -> None:
        self.progress = CorpusProgress(weights)
        self._drawn = terminal().is_terminal
        self._last = time.monotonic()

    def beat(self) -> None:
        """Show it, if it is time."""
        now = time.monotonic()
        if self._drawn and now - self._last > 0.2:
            sys.stderr.write(f"\r\x1b[K{self.progress.line()}")
            sys.stderr.flush()
        elif not self._drawn and now - self._last > NOTE_SECONDS:
            note(self.progress.line())
        else:
            return
        self._last = now

    def add_result(self, result: Result) -> None:
        """Count a video whose features are done."""
        seconds = None if result.found is None else result.found.duration
        failed, before = result.error is not None, result.finished_before
        self.progress.add(result.video.name, seconds, failed=failed, before=before)

    def end(self) -> None:
        """Show the final state."""
        if self._drawn:
            sys.stderr.write("\r\x1b[K")
        if self.progress.done:
            note(self.progress.line())


def folder_of_records(records: str | None, output: Path) -> str:
    """The folder of records: the given one, or one beside the results."""
    return str(output.with_name(output.name + ".records")) if records is None else records
