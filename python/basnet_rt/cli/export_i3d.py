"""`basnet-rt export-i3d`: a checkpoint of I3D as a TorchScript file with its contract."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from basnet_rt._extra import from_extra
from basnet_rt.cli.common import Json, answer, failures
from basnet_rt.extractors.flow import METHODS


def export_i3d(
    checkpoint: Annotated[Path, typer.Argument(help="State dictionary of one stream of I3D.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="TorchScript file to write.")],
    flow: Annotated[
        str, typer.Option(help=f"Method for a flow stream: {', '.join(METHODS)}.")
    ] = METHODS[0],
    as_json: Json = False,
) -> None:
    """Write one stream of I3D as TorchScript, and beside it its contract for `torchscript`.

    The released PyTorch checkpoints load by their names. What was written is loaded again and must
    give the same features.
    """
    if flow not in METHODS:
        raise typer.BadParameter(f"--flow {flow}: there are {', '.join(METHODS)}")
    with failures():
        from_extra("torch", "torch", "export-i3d")
        from basnet_rt.extractors.i3d_export import export_i3d as export

        made = export(checkpoint, output, flow_method=flow)
    values = {
        "module": str(made.module),
        "contract": str(made.contract),
        "stream": made.stream,
        "difference": made.difference,
    }
    line = f"{made.module} and {made.contract}: stream {made.stream}; agrees to "
    answer(values, [f"{line}{made.difference:.1e} of the largest feature"], as_json)
