"""`basnet-rt export-triton`: a model repository of the Triton Inference Server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from basnet_rt.cli.common import Json, answer, failures
from basnet_rt.triton import export_triton as write_repository


def export_triton(
    model: Annotated[
        Path, typer.Argument(help="model.onnx of `basnet-train export --format onnx`.")
    ],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder of the model repository.")],
    name: Annotated[str | None, typer.Option(help="Model name; default: the file's name.")] = None,
    max_batch: Annotated[int, typer.Option(help="Most videos or streams in one call.")] = 8,
    as_json: Json = False,
) -> None:
    """Write a model repository for the Triton Inference Server.

    The model NAME takes whole videos. The model NAME_step takes snippets of live streams; Triton
    keeps their state.
    """
    with failures():
        written = write_repository(model, out, name=name, max_batch=max_batch)
    files = [str(path) for path in written]
    answer({"files": files}, files, as_json)
