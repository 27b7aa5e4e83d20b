"""Where `localize` writes: names of files, and folders that must hold no input."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from basnet_rt._errors import Error, InvalidValue
from basnet_rt._system.whole_file import refuse_input, refuse_long_name
from basnet_rt.activation_files import file_name_of
from basnet_rt.localize.inputs import Failure, Features

ENDINGS = (".json", ".csv", ".jsonl", ".rttm")


def named_results(output: Path | None, csv: Path | None) -> list[Path]:
    """The files of results to write; a wrong name is wrong usage."""
    if output is not None and output.suffix not in ENDINGS:
        raise typer.BadParameter(
            f"--output {output}: expected a name ending in {', '.join(ENDINGS)}; the other formats "
            "have a file for each video or count frames: basnet-rt convert"
        )
    if csv is not None and csv.suffix != ".csv":
        raise typer.BadParameter(f"--csv {csv}: expected a name ending in .csv")
    try:
        refuse_long_name("" if csv is None else csv.stem, "--csv")
    except Error as error:
        raise typer.BadParameter(str(error)) from error
    return [one for one in (output, csv) if one is not None]


def check_places(
    results: list[Path],
    activations: Path | None,
    pictures: Path | None,
    inputs: list[Any],
    unread: list[Failure],
) -> None:
    """Refuse files and folders whose writing would replace an input or is not possible."""
    refuse_input(results, _records_of_features(inputs))
    _refuse_features(activations, inputs)
    _refuse_long_names(activations or pictures, inputs, unread)


def _refuse_long_names(folder: Path | None, inputs: list[Any], unread: list[Failure]) -> None:
    """Move inputs whose names are too long for a file in the folder to the failures."""
    for one in [] if folder is None else inputs.copy():
        try:
            refuse_long_name(file_name_of(one.name), "video")
        except Error as error:
            inputs.remove(one)
            unread.append(Failure(one.name, str(error)))


def _records_of_features(inputs: list[Any]) -> list[Path]:
    """The files beside features that say how these were made."""
    return [
        (one.path if one.path.is_dir() else one.path.parent) / f"{name}.json"
        for one in inputs
        if isinstance(one, Features)
        for name in (one.name, "extractor")
    ]


def _refuse_features(folder: Path | None, inputs: list[Any]) -> None:
    """Refuse a folder of activations that holds features, whose files have the same names."""
    places = {one.path for one in inputs if isinstance(one, Features)}
    places |= {path.parent for path in places if path.is_file()}
    if folder is not None and folder.is_dir() and any(map(folder.samefile, places)):
        raise InvalidValue(
            f"--save-activations {folder}: holds the features; give a folder of its own"
        )
