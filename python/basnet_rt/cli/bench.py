"""`basnet-rt bench`: how fast a bundle runs on this machine."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from basnet_rt._errors import InvalidValue
from basnet_rt.cli.common import Json, answer, failures, note

if TYPE_CHECKING:
    from basnet_rt.benchmark import Measured, Setup

SECONDS, QUICK_SECONDS = 60.0, 15.0
HEADER = (
    *("engine", "kernel", "dtype", "threads", "difference", "push p50, ms", "push p99, ms"),
    *("streams", "snippets/s", "s/video", "load, s", "memory, MiB"),
)

Bundle = Annotated[Path, typer.Argument(help="A bundle.")]
Engines = Annotated[
    list[str] | None, typer.Option("--engine", help="native or torch; repeatable; default: all.")
]
Kernels = Annotated[
    list[str] | None,
    typer.Option("--kernel", help='Kernel of the native engine, or "all"; default: the fastest.'),
]
Dtypes = Annotated[
    list[str] | None,
    typer.Option("--dtype", help="float32, bfloat16 or int8; repeatable; default: all."),
]
Threads = Annotated[
    list[int] | None, typer.Option(help="Threads; repeatable; default: 1, and one per core.")
]
Quick = Annotated[bool, typer.Option("--quick", help=f"{QUICK_SECONDS:g} s in all, less exact.")]
Seconds = Annotated[float, typer.Option(help="Time for all measurements, about.", min=1.0)]


def bench(
    bundle: Bundle,
    engines: Engines = None,
    kernels: Kernels = None,
    dtypes: Dtypes = None,
    threads: Threads = None,
    quick: Quick = False,
    seconds: Seconds = SECONDS,
    as_json: Json = False,
) -> None:
    """Measure how fast a bundle runs on this machine.

    Each way of running it gets a process of its own, and is first checked against float32. The
    features are random; docs/benchmark.md explains the numbers and how to compare two machines.
    """
    from basnet_rt.benchmark import machine, measure, planned
    from basnet_rt.model.bundle import read_metadata

    with failures():
        metadata = read_metadata(bundle)
        narrowed: dict[str, Any] = {"engines": engines or (), "kernels": kernels or ()}
        try:
            cases = planned(metadata, **narrowed, dtypes=dtypes or (), threads=threads or ())
        except InvalidValue as error:
            raise typer.BadParameter(str(error)) from error
        rows: list[tuple[Setup, Measured | str]] = []
        for case, found in measure(bundle, cases, QUICK_SECONDS if quick else seconds):
            note(f"{len(rows) + 1} of {len(cases)}: {_name(case)}")
            rows.append((case, found))
    about = {**machine(), "bundle": bundle.name, "feature_dim": metadata.feature_dim}
    answer({**about, "rows": [_record(*row) for row in rows]}, _lines(about, rows), as_json)
    if any(isinstance(found, str) for _, found in rows):
        raise typer.Exit(1)


def _name(case: Setup) -> str:
    return f"{case.engine}, {case.kernel}, {case.dtype}, {case.threads} threads"


def _record(case: Setup, found: Measured | str) -> dict[str, Any]:
    return {**asdict(case), **({"failed": found} if isinstance(found, str) else asdict(found))}


def _lines(about: dict[str, Any], rows: list[tuple[Setup, Measured | str]]) -> list[str]:
    """The machine, and a table."""
    cells = [HEADER, *(_cells(*row) for row in rows)]
    widths = [max(len(row[i]) for row in cells if i < len(row)) for i in range(len(HEADER))]
    table = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip()
        for row in cells
    ]
    return [", ".join(f"{name} {value}" for name, value in about.items()), "", *table]


def _cells(case: Setup, found: Measured | str) -> tuple[str, ...]:
    own = (case.engine, case.kernel, case.dtype, str(case.threads))
    if isinstance(found, str):
        return (*own, f"failed: {found}")
    return (
        *own,
        f"{found.difference:.1g}",
        *(f"{1e3 * found.push_p50:.2f}", f"{1e3 * found.push_p99:.2f}"),
        *(str(found.streams), f"{found.snippets_per_second:.0f}", f"{found.video:.3f}"),
        *(f"{found.load:.2f}", "-" if found.memory is None else f"{found.memory / 2**20:.0f}"),
    )
