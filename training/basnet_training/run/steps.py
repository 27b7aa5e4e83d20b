"""The steps from tagged videos to a model, results and a report; none is done twice."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from basnet_rt import InvalidValue, __version__
from basnet_rt._system.addresses import is_address
from basnet_rt._system.whole_file import write_whole
from basnet_training.auto import SETTINGS_FILE, folds_for, settings_line
from basnet_training.calibrate import calibrate_network, fitting_calibration
from basnet_training.confidence import FittedConfidence, saved_confidence
from basnet_training.config import Config, load_config
from basnet_training.data_digest import digest_of
from basnet_training.export import describe, export_bundle
from basnet_training.heldout import HeldOut, fit_confidence, silent_classes
from basnet_training.reading import TaggedVideos, open_videos
from basnet_training.reading.contents import Contents, read_contents
from basnet_training.reading.faults import without_broken
from basnet_training.reading.opening import tagged_names
from basnet_training.reading.sources import opened_folders
from basnet_training.reading.survey import counted, survey
from basnet_training.runs import load_model, renew_postprocessing, resolve, save_run_config
from basnet_training.timing import Timing, settle_timing
from basnet_training.trainer import fit_videos

from . import outputs
from .extraction import are_videos, extract_tagged
from .folds import divide_folds, divided_scenes, measure_fold, read_folds
from .journal import RunJournal, digest
from .quality import advice, measure_quality, quality_lines

MODEL, RESULTS, REPORT = "model.pt", "results.json", "report.html"
FEATURES, TRAINING, FOLDS, DIGESTS = "features", "training", "folds", "digests.json"

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Request:
    """The request of a run.

    Attributes:
        source: videos, or features of videos, or a folder of either.
        tags: table of tags, or annotations in ActivityNet form.
        localize: videos or features to localize with the finished model; empty: the training
            videos, each with the network that was trained without it.
        overrides: settings by dotted name.
        missing: "error" or "skip", for tagged videos without features.
        corrected: segments that a person corrected; see `reading.corrected`.
        ray: a cluster's address; features of videos are made there.
    """

    source: Path
    tags: Path
    output: Path
    localize: Sequence[str] = ()
    corrected: Path | None = None
    config: str = "auto"
    overrides: Mapping[str, Any] = field(default_factory=dict)
    missing: str = "error"
    extractor: str | None = None
    jobs: int | None = None
    ray: str | None = None
    shown: bool = True


@dataclass(frozen=True)
class Data:
    """The training data, and the facts about it known before training."""

    config: Config
    videos: TaggedVideos
    contents: Contents
    timing: Timing
    failed: Mapping[str, str]

    @property
    def key(self) -> dict[str, Any]:
        """All that a trained network depends on."""
        return {
            "features": self.contents.key(),
            "tags": digest_of(self.videos),
            "settings": self.config.training_digest(),
            "version": __version__,
        }


def run(request: Request, say: Say) -> dict[str, Any]:
    """Do every step that is not done yet.

    Returns:
        Plain values: paths, held-out quality, advice, what failed.

    Raises:
        Error: the input or a setting is wrong, or a step failed; a later call continues there.
    """
    if not request.source.exists():
        raise InvalidValue(f"{request.source}: no such file or folder of videos or features")
    for one in request.localize:
        if not is_address(one) and not Path(one).exists():
            raise InvalidValue(f"--localize: {one}: no such file or folder of videos or features")
    journal = RunJournal(request.output, say)
    data = _prepare(request, journal, say)
    held, fitted, quality_part = _hold_out(request, data, journal, say)
    _train(request, data, journal)
    _export(request, data, fitted, journal)
    found = _localize(request, data, held, journal)
    page = _report(request, journal)
    return {
        "model": str(request.output / MODEL),
        "results": str(request.output / RESULTS),
        "report": str(request.output / REPORT),
        "videos": len(data.videos),
        "classes": list(data.videos.classes),
        "failed": {**data.failed, **found.get("failed", {})},
        **quality_part,
        **page,
    }


def _prepare(request: Request, journal: RunJournal, say: Say) -> Data:
    overrides = {"data.annotations": request.tags, "data.missing": request.missing}
    failed: dict[str, str] = {}
    features = request.source
    if are_videos(request.source):
        features, failed = _extract(request, journal)
        if failed:
            left = "is left out" if len(failed) == 1 else "are left out"
            say(f"{counted(len(failed), 'video')} could not be read and {left}:")
            for name, reason in failed.items():
                say(f"  {name}: {reason}")
            overrides["data.missing"] = "skip"
    if request.corrected is not None:
        overrides["data.corrected"] = request.corrected
    overrides |= {"data.features": features, "run.tensorboard": False, **request.overrides}
    config = load_config(request.config, overrides)
    videos = open_videos(config.data, below=True, folder=request.output)
    contents, videos = _read(request, videos, config)
    resolved = resolve(config, videos)
    timing = settle_timing(videos, config.data)
    for line in survey(videos, timing.seconds, [timing.remark], contents):
        say(f"  {line}")
    say(f"settings: {settings_line(resolved)}; all in {SETTINGS_FILE}")
    save_run_config(request.output, resolved, SETTINGS_FILE)
    timing = Timing(resolved.data.fps, resolved.data.snippet_stride)
    return Data(resolved, videos, contents, timing, failed)


def _extract(request: Request, journal: RunJournal) -> tuple[Path, dict[str, str]]:
    """Features of the tagged videos below the output folder, and the videos that failed."""
    names = tagged_names(request.tags, request.corrected)
    folder = request.output / FEATURES

    def work() -> dict[str, Any]:
        made = extract_tagged(
            request.source,
            names,
            folder,
            extractor=request.extractor,
            jobs=request.jobs,
            ray=request.ray,
            missing=request.missing,
            listing=request.output,
        )
        return {"done": made.done, "before": made.before, "failed": made.failed}

    depends_on = {
        "videos": outputs.stamps(request.source),
        "tags": names,
        "extractor": request.extractor,
    }
    found = journal.step(
        "extract",
        f"features of the videos in {request.source}",
        depends_on,
        work,
        leaves=[FEATURES],
    )
    return folder, dict(found["failed"])


def _read(request: Request, videos: TaggedVideos, config: Config) -> tuple[Contents, TaggedVideos]:
    """Digests of all features; unreadable ones are an error, or left out."""
    assert config.data.features is not None
    stamp = outputs.feature_stamp(config.data.features)
    contents = read_contents(videos, stamp, request.output / DIGESTS)
    skip = config.data.missing == "skip"
    return contents, without_broken(videos, contents.broken, skip=skip)


def _hold_out(
    request: Request, data: Data, journal: RunJournal, say: Say
) -> tuple[HeldOut | None, FittedConfidence | None, dict[str, Any]]:
    """Train once without each part, and measure on it; what that says of confidence and quality."""
    config, videos = data.config, data.videos
    folds = folds_for(config, videos)
    parts = divide_folds(videos, data.contents.twins, folds) if folds else []
    if len(parts) < 2 or not all(videos.without(part).labels.any() for part in parts):
        say("no video is held out, or there are too few: nothing can be said of the quality")
        return None, None, {"quality": None, "advice": []}
    runs = [_part(request, data, journal, parts, fold) for fold in range(len(parts))]
    held = read_folds(runs, config)
    fitted = fit_confidence(held, videos, folds)
    return held, fitted, _quality(data, held, fitted, divided_scenes(videos, parts), say)


def _part(
    request: Request, data: Data, journal: RunJournal, parts: Sequence[list[int]], fold: int
) -> Path:
    """The run without one part."""
    config, videos, part = data.config, data.videos, parts[fold]
    rest = videos.without(part)
    run = request.output / FOLDS / str(fold)
    # Without teachers it takes a fourth of the time.
    changed = {"validation": type(config.validation)(), "optim": config.optim.alone()}
    plain = config.model_copy(update=changed)
    name, shown = f"held out {fold + 1}", f"held out {fold + 1} of {len(parts)}"
    depends_on = {
        **data.key,
        "settings": plain.training_digest(),
        "part": [videos.names[place] for place in part],
    }
    journal.step(
        name,
        f"train on {counted(len(rest), 'video')}",
        depends_on,
        lambda: {"step": fit_videos(plain, rest, run, shown=request.shown).step},
        shown=shown,
        leaves=[f"{FOLDS}/{fold}/model.safetensors"],
        clears=[f"{FOLDS}/{fold}"],
    )
    journal.step(
        f"{name}, detections",
        f"look at {counted(len(part), 'other')}",
        {**depends_on, "post-processing": config.postprocess},
        lambda: measure_fold(run, plain, rest, videos.take(part)),
        shown=f"{shown}, detections",
        leaves=[f"{FOLDS}/{fold}/held_out.npz"],
    )
    return run


def _quality(
    data: Data, held: HeldOut, fitted: FittedConfidence, divided: float, say: Say
) -> dict[str, Any]:
    quality = measure_quality(held, data.videos)
    lengths = [data.videos.source.shape(name)[0] for name in data.videos.names]
    silent = silent_classes(fitted, data.videos.classes)
    axes = data.config.network.projection_dim
    hints = advice(quality, data.videos, lengths, data.timing.seconds, divided, silent, axes)
    for line in quality_lines(quality):
        say(line)
    for line in hints:
        say(f"advice: {line}")
    return {"quality": quality.to_dict(), "advice": hints}


def _train(request: Request, data: Data, journal: RunJournal) -> None:
    """Train on all videos, and find the range of activations."""
    folder = request.output / TRAINING
    plain = data.config.model_copy(update={"validation": type(data.config.validation)()})

    def work() -> dict[str, Any]:
        done = fit_videos(plain, data.videos, folder, shown=request.shown)
        model = load_model(folder)
        calibrate_network(model.network, plain, data.videos).save(folder)
        return {"step": done.step}

    journal.step(
        "train",
        f"on all {counted(len(data.videos), 'video')}, {plain.optim.iterations} iterations",
        {**data.key, "folds": data.config.validation.folds},
        work,
        leaves=[f"{TRAINING}/model.safetensors", f"{TRAINING}/calibration.json"],
        clears=[TRAINING],
    )


def _export(
    request: Request, data: Data, fitted: FittedConfidence | None, journal: RunJournal
) -> None:
    """Write the bundle, with confidence from held-out parts."""
    folder = request.output / TRAINING

    def work() -> dict[str, Any]:
        renew_postprocessing(folder, data.config)
        if fitted is not None:
            fitted.save(folder, data.config.export.activation)
        model = load_model(folder)
        kind = model.config.export.activation
        metadata = describe(
            model.config,
            calibration=fitting_calibration(folder, kind),
            confidence=saved_confidence(folder, kind, len(model.classes)),
            provenance={"step": model.step, "videos": len(data.videos)},
        )
        return export_bundle(model.network, metadata, request.output / MODEL).to_dict()

    depends_on = {"training": digest([data.key, data.config.validation.folds])}
    depends_on["settings"] = data.config.digest()
    journal.step(
        "export", f"{MODEL}: network, settings, confidence", depends_on, work, leaves=[MODEL]
    )


def _localize(
    request: Request, data: Data, held: HeldOut | None, journal: RunJournal
) -> dict[str, Any]:
    output, model = request.output / RESULTS, request.output / MODEL
    depends_on: dict[str, Any] = {"model": outputs.file_digest(model)}
    inputs = list(request.localize)
    what = f"actions in {', '.join(inputs)}"
    if not inputs and held is None:
        assert data.config.data.features is not None
        inputs = [str(one) for one in opened_folders(data.config.data.features)]
        what = "actions in the training videos themselves"
    elif not inputs:
        what = "the training videos, each by the network that had not seen it"
    depends_on["input"] = [[one, outputs.stamps(Path(one))] for one in inputs]

    def work() -> dict[str, Any]:
        if inputs:
            return outputs.localize(inputs, model, output, request.jobs)
        return outputs.write_held_out(held, model, output, request.source)

    clears = [outputs.ACTIVATIONS]  # else the report would draw those of another network or input
    return journal.step("localize", what, depends_on, work, leaves=[RESULTS], clears=clears)


def _report(request: Request, journal: RunJournal) -> dict[str, Any]:
    results, page = request.output / RESULTS, request.output / REPORT
    media = [str(request.source)] if are_videos(request.source) and not request.localize else []
    found = journal.step(
        "report",
        REPORT,
        {"results": outputs.file_digest(results)},
        lambda: outputs.report(results, page, media),
        leaves=[REPORT],
    )
    return {"detections": found["detections"]}


def write_summary(folder: Path, summary: Mapping[str, Any]) -> None:
    write_whole(folder / "summary.json", [json.dumps(summary, indent=1), "\n"])
