"""`basnet-rt query`: find what sentences say, without training."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer

from basnet_rt._system.whole_file import refuse_input
from basnet_rt.cli.common import Everything, Json, failures, note
from basnet_rt.cli.extract import Jobs
from basnet_rt.cli.localize import FeatureCacheFolder, Output, Settings, localize
from basnet_rt.extractors.registry import make_extractor
from basnet_rt.querying import BACKGROUND, write_query_bundle

DEFAULT = "hf:openai/clip-vit-base-patch32"

Video = Annotated[str, typer.Argument(help="A video, a folder of videos, or a .txt list of them.")]
Texts = Annotated[
    list[str], typer.Argument(help='Sentences, one for each class, such as "a person falls".')
]
ExtractorName = Annotated[
    str,
    typer.Option("--extractor", help="An image-text model of transformers, hf:NAME or hf:FOLDER."),
]
Background = Annotated[
    list[str] | None,
    typer.Option(help=f"A sentence about background; default: {'; '.join(BACKGROUND)}."),
]
Save = Annotated[
    Path | None,
    typer.Option(help="Keep the bundle (.safetensors), for localize, stream and the service."),
]
Device = Annotated[str, typer.Option(help="Where the image-text model runs.")]


def query(
    video: Video,
    sentences: Texts,
    output: Output = None,
    extractor: ExtractorName = DEFAULT,
    background: Background = None,
    save: Save = None,
    settings: Settings = None,
    feature_cache: FeatureCacheFolder = None,
    jobs: Jobs = None,
    device: Device = "cpu",
    everything: Everything = False,
    as_json: Json = False,
) -> None:
    """Find what sentences say, without training.

    An image-text model (CLIP, SigLIP) compares each snippet with each sentence, and with sentences
    about background, which suppress the others. The output is as in localize: events are printed,
    or every detection is written to -o. The accuracy has not been measured.
    """
    if not extractor.startswith("hf:"):
        raise typer.BadParameter(f"--extractor {extractor}: expected hf:NAME or hf:FOLDER")
    if save is not None and save.suffix != ".safetensors":
        raise typer.BadParameter(f"--save {save}: expected a name ending in .safetensors")
    with TemporaryDirectory() as folder:
        bundle = save or Path(folder) / "query.safetensors"
        with failures():
            refuse_input((save, output), (video, *_files_of(extractor)))
            _write_bundle(bundle, extractor, sentences, background or list(BACKGROUND), device)
        if save is not None:
            note(f"bundle: {save}")
        model = Path(extractor.partition(":")[2])
        localize(
            [video],
            bundle,
            output,
            settings=settings,
            weights=[model] if model.is_dir() else None,
            feature_cache=feature_cache,
            jobs=jobs,
            device=device,
            everything=everything,
            as_json=as_json,
        )


def _files_of(extractor: str) -> list[Path]:
    """The files of a model in a folder."""
    folder = Path(extractor.partition(":")[2])
    return [*folder.iterdir()] if folder.is_dir() else []


def _write_bundle(
    path: Path, extractor: str, sentences: list[str], background: list[str], device: str
) -> None:
    from basnet_rt.extractors.pretrained.sentences import read_sentences

    made: Any = make_extractor(extractor, normalise=True, output="image", device=device)
    read = read_sentences(made, [*sentences, *background])
    count = len(sentences)
    write_query_bundle(
        path,
        made.spec,
        sentences,
        read.vectors[:count],
        read.vectors[count:],
        read.scale,
        {"background": background},
    )
