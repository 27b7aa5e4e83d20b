"""Options that several commands of `basnet-train` share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Config = Annotated[
    str, typer.Argument(help="Preset or YAML file; auto takes settings from the data.")
]
Features = Annotated[Path | None, typer.Option(help="Folder or file of features.")]
Annotations = Annotated[Path | None, typer.Option(help="ActivityNet .json, or .csv of tags.")]
Settings = Annotated[
    list[str] | None, typer.Option("--set", help="A setting as section.key=value; repeatable.")
]
Missing = Annotated[str | None, typer.Option(help="error or skip: tagged videos without features.")]
