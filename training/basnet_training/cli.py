"""`basnet-train`: run, fit, sweep, calibrate, export, reproduce, import-checkpoint, ...

Exit codes: 0 done, 1 failed (the reason is on standard error), 2 wrong usage or settings.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.status import Status

from basnet_rt import Error
from basnet_rt._system.whole_file import refuse_input
from basnet_rt.cli.common import HELP, Json, Version, answer, failures, note
from basnet_rt.cli.corpus import CorpusCommand
from basnet_rt.cli.usage import DiscreetGroup, with_local_paths
from basnet_rt.extractors.backbone.flow import METHODS

from .config import AUTO, Config, load_config
from .options import Annotations, Features, Missing, Settings
from .options import Config as ConfigArgument
from .overrides import parse_overrides
from .reproduce.command import reproduce
from .run.command import Corrected, run
from .simulate.cli import simulate
from .sweep.command import sweep

if TYPE_CHECKING:
    from .reading import TaggedVideos

app = typer.Typer(
    cls=DiscreetGroup,
    context_settings=HELP,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # as basnet-rt: plain text, an error on one line
    help="Train BaS-Net on features with video-level tags, and export it.",
)
app.command(cls=CorpusCommand)(run)
app.command()(reproduce)
app.command(cls=CorpusCommand)(sweep)
app.command()(simulate)


@app.callback()
def _group(version: Version = False) -> None:
    """Hold the options of the program itself."""


# Settings that options give, for messages.
_OPTIONS = {
    "data.features": "--features",
    "data.annotations": "--annotations",
    "data.missing": "--missing",
    "data.corrected": "--corrected",
    "run.seed": "--seed",
}


@app.command()
def fit(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the run.")],
    config: ConfigArgument = AUTO,
    features: Features = None,
    annotations: Annotations = None,
    seed: Annotated[int | None, typer.Option(help="Same seed, same result.")] = None,
    settings: Settings = None,
    missing: Missing = None,
    corrected: Corrected = None,
    resume: Annotated[bool, typer.Option(help="Continue from the newest checkpoint.")] = False,
    as_json: Json = False,
) -> None:
    """Train a network. Under `torchrun -m basnet_training fit ...`, on several processes."""
    chosen: dict[str, Any] = {"data.features": features, "data.annotations": annotations}
    chosen |= {"run.seed": seed, "data.missing": missing, "data.corrected": corrected}
    experiment = _settings(config, settings, chosen)
    with failures():
        from .trainer import fit as train

        result = train(experiment, output, resume=resume, seen=_say_what_was_read(experiment))
    if os.environ.get("RANK", "0") != "0":
        return
    values = {"model": str(result.model), "step": result.step, "held_out": result.held_out}
    lines = [f"{result.step} iterations; weights in {result.model}"]
    lines += [f"held out: {name} {value:.4f}" for name, value in result.held_out.items()]
    answer(values, lines, as_json)


@app.command()
def export(
    run: Annotated[Path, typer.Argument(help="A run's folder, or its model.safetensors.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The bundle to write.")],
    dtype: Annotated[str | None, typer.Option(help="float32, bfloat16 or int8.")] = None,
    activation: Annotated[str | None, typer.Option(help="raw, softmax, sigmoid or fused.")] = None,
    form: Annotated[
        str | None,
        typer.Option("--format", help="torchscript, safetensors (int8 needs it) or onnx."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Write one bundle, and check that it agrees with the trained network."""
    with failures():
        from .calibrate import fitting_calibration
        from .confidence import saved_confidence
        from .export import describe, export_bundle
        from .runs import load_model

        model = load_model(run)
        folder = run if run.is_dir() else run.parent
        own = ("model.safetensors", "config.yaml", "checkpoint-*")
        refuse_input([output], [file for one in own for file in folder.glob(one)])
        kind = activation or model.config.export.activation
        metadata = describe(
            model.config,
            dtype=dtype,
            activation=kind,
            calibration=fitting_calibration(folder, kind),
            confidence=saved_confidence(folder, kind, len(model.classes)),
            provenance={"step": model.step},
        )
        chosen = form or model.config.export.format
        with _busy("exporting"):
            agreement = export_bundle(model.network, metadata, output, form=chosen)
    _answer_export(output, agreement.to_dict(), as_json)


@app.command()
def calibrate(
    target: Annotated[Path, typer.Argument(help="A run's folder, or a bundle.")],
    features: Features = None,
    annotations: Annotations = None,
    subset: Annotated[
        str | None, typer.Option(help="By default the run's, or the training subset.")
    ] = None,
    method: Annotated[str | None, typer.Option(help="extremes or unit.")] = None,
    activation: Annotated[str | None, typer.Option(help="For a run; a bundle has its own.")] = None,
    as_json: Json = False,
) -> None:
    """Measure the range for `fixed` normalisation on training videos.

    For a run, the range is stored in its folder for `export`; the default videos are those of the
    run. A bundle is rewritten with the range.
    """
    chosen = {"data.features": features, "data.annotations": annotations, "data.subset": subset}
    given = {key: value for key, value in chosen.items() if value is not None}
    with failures():
        from . import calibrate_target as targets

        work = targets.calibrate_run if target.is_dir() else targets.calibrate_bundle
        done = work(target, given, method, activation)
    lo, hi = done.calibration.lo, done.calibration.hi
    lines = [f"{done.method} of {done.activation} activations on {done.videos} videos"]
    lines += [f"class {i}: {a:.4f} to {b:.4f}" for i, (a, b) in enumerate(zip(lo, hi, strict=True))]
    values = {"method": done.method, "activation": done.activation, "lo": lo, "hi": hi}
    answer(values, lines, as_json)


@app.command("import-checkpoint")
def import_checkpoint(
    checkpoint: Annotated[Path, typer.Argument(help="State dict of the released code.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The bundle to write.")],
    config: Annotated[str, typer.Option(help="Preset or YAML with class names.")] = "thumos14",
    key: Annotated[str | None, typer.Option(help="Its entry, such as state.model.")] = None,
    settings: Settings = None,
    as_json: Json = False,
) -> None:
    """Turn a released checkpoint into a bundle."""
    experiment = _settings(config, settings, {})
    with failures():
        from .export import describe, export_bundle
        from .import_checkpoint import import_checkpoint as read

        imported = read(checkpoint, experiment, key)
        metadata = describe(imported.config, provenance=imported.provenance)
        with _busy("exporting"):
            agreement = export_bundle(imported.network, metadata, output)
    _answer_export(output, agreement.to_dict(), as_json)


@app.command("export-i3d")
def export_i3d(
    checkpoint: Annotated[Path, typer.Argument(help="State dictionary of one stream of I3D.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="TorchScript file to write.")],
    flow: Annotated[
        str, typer.Option(help=f"Method for a flow stream: {', '.join(METHODS)}.")
    ] = METHODS[0],
    as_json: Json = False,
) -> None:
    """Write one stream of I3D as TorchScript, with its contract for extractor `torchscript`.

    The names are those of the released PyTorch checkpoints. The file is loaded again and must
    give the same features.
    """
    if flow not in METHODS:
        raise typer.BadParameter(f"--flow {flow}: there are {', '.join(METHODS)}")
    with failures():
        from .i3d_export import export_i3d as write

        made = write(checkpoint, output, flow_method=flow)
    values = {
        "module": str(made.module),
        "contract": str(made.contract),
        "stream": made.stream,
        "difference": made.difference,
    }
    line = f"{made.module} and {made.contract}: stream {made.stream}; agrees to "
    answer(values, [f"{line}{made.difference:.1e} of the largest feature"], as_json)


def _say_what_was_read(config: Config) -> Callable[[TaggedVideos, Config], None] | None:
    """A function that prints what was read on standard error, in the first process only."""
    if os.environ.get("RANK", "0") != "0":
        return None

    def say(videos: TaggedVideos, resolved: Config) -> None:
        from .auto import settings_line
        from .reading.survey import survey
        from .timing import settle_timing

        timing = settle_timing(videos, config.data)
        for line in survey(videos, timing.seconds, [timing.remark]):
            note(line)
        note(f"settings: {settings_line(resolved)}")

    return say


def _settings(source: str, settings: list[str] | None, chosen: dict[str, Any]) -> Config:
    """The configuration; an error in it is wrong usage."""
    try:
        overrides = parse_overrides(settings or [])
        given = {key: f"--set {key}" for key in overrides}
        overrides |= {key: value for key, value in chosen.items() if value is not None}
        return load_config(source, overrides, given | {key: _OPTIONS[key] for key in chosen})
    except Error as error:
        raise typer.BadParameter(str(error)) from error


def _busy(what: str) -> Status:
    """A spinner on standard error; a network of the released size takes some seconds."""
    return Console(stderr=True).status(what)


def _answer_export(output: Path, agreement: dict[str, float], as_json: bool) -> None:
    lines = [
        f"wrote {output} ({output.stat().st_size / 1e6:.1f} MB)",
        "against the network, on {snippets} snippets: CAS {cas:.1e} whole and {stream:.1e} streamed"
        " (of its largest value), score {score:.1e}, foreground {foreground:.1e}".format(
            **agreement
        ),
    ]
    answer({"bundle": str(output), "agreement": agreement}, lines, as_json)


for _command in app.registered_commands:
    assert _command.callback is not None
    _command.callback = with_local_paths(_command.callback)
