"""The part of `localize` that works on a cluster, or reads manifests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from basnet_rt._system.addresses import is_address
from basnet_rt._system.file_digest import file_sha256
from basnet_rt.cli.common import note
from basnet_rt.cli.corpus import ProgressLine, folder_of_records
from basnet_rt.cli.extract import recorded_recipe
from basnet_rt.cluster import FeatureAddress, Plan, RecordPlace, Workers, connected
from basnet_rt.cluster import localize as localize_on_cluster
from basnet_rt.cluster.localization import ClusterInput, Told
from basnet_rt.cluster.manifest import Listed
from basnet_rt.cluster.order import estimate
from basnet_rt.cluster.session import LOCAL
from basnet_rt.extractors.running.video_files import VideoFile
from basnet_rt.features.files import SUFFIXES
from basnet_rt.localize.inputs import Failure, Pixels, find_inputs
from basnet_rt.localize.localizer import Localizer
from basnet_rt.localize.many import Outcome, provenance_of, run_key


@dataclass(frozen=True)
class RunOptions:
    """The options of one call of `localize`.

    Attributes:
        address: of a cluster; None: work on this machine.
        workers: on the cluster.
        records: place that keeps the records; None: beside the results, until these are written.
        loading: options of `load`.
        model, weights, cache, activations: files and folders of the command.
        resume: whether to use the records of an earlier run.
        jobs: videos at a time without a cluster.
    """

    address: str | None
    workers: Workers
    records: str | None
    loading: dict[str, Any]
    model: Path
    weights: list[Path] | None
    cache: Path | None
    activations: Path | None
    resume: bool
    jobs: int | None = None


def listed_inputs(
    rows: Sequence[Listed], modality: str, stream: int | None, on_cluster: bool
) -> tuple[list[ClusterInput], list[Failure]]:
    """The rows of manifests as inputs: features by their ending, all others to be decoded."""
    inputs: list[ClusterInput] = []
    failures: list[Failure] = []
    for row in rows:
        if not row.address.endswith(SUFFIXES):
            inputs.append(Pixels(VideoFile(row.name, row.address, stream)))
        elif is_address(row.address):
            if not on_cluster:
                raise typer.BadParameter(f"{row.name}: features at an address need --ray")
            inputs.append(FeatureAddress(row.name, row.address))
        else:
            found, lost = find_inputs([row.address], modality, stream)
            _check_name(row, [one.name for one in found])
            inputs += found
            failures += lost
    return inputs, failures


def run_on_cluster(
    options: RunOptions,
    localizer: Localizer,
    videos: Sequence[ClusterInput],
    durations: dict[str, float | None],
    lengths: dict[str, float | None],
    output: Path,
) -> Outcome:
    """Localize on a cluster; the outcome is the same as without one."""
    records = _records(options, localizer, durations, output)
    paths = [str(video.path) for video in videos]
    weights = estimate(paths, [lengths.get(video.name) for video in videos])
    shown = ProgressLine(dict(zip((one.name for one in videos), weights, strict=True)))

    def told(name: str, one: Told) -> None:
        shown.progress.add(name, one.seconds, failed=isinstance(one.found, Failure))

    try:
        with connected(options.address or LOCAL) as ray:
            plan = _plan(ray, options, localizer, records, videos)
            return localize_on_cluster(
                ray,
                plan,
                videos,
                durations=durations,
                lengths=lengths,
                workers=options.workers,
                told=told,
                beat=shown.beat,
            )
    except KeyboardInterrupt:
        note(f"interrupted; {records.place} has what is done: the same command goes on from there")
        raise typer.Exit(1) from None
    finally:
        shown.end()


def forget_records(options: RunOptions, outcome: Outcome, output: Path) -> None:
    """Delete the records after the results are written, unless --records asked to keep them."""
    if options.records is None:
        place = RecordPlace(folder_of_records(None, output), "", "", ())
        place.remove([*outcome.detections, *(one.name for one in outcome.failures)])
        folder = Path(place.place.address)
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def _records(
    options: RunOptions, localizer: Localizer, durations: dict[str, Any], output: Path
) -> RecordPlace:
    model, mode = localizer.model, localizer.config.mode
    folder = None if options.activations is None else options.activations.resolve()
    key = run_key(localizer, options.model, durations, folder)
    where = folder_of_records(options.records, output)
    place = RecordPlace(where, key, mode, model.classes)
    if not options.resume:
        place.remove_all()
    place.begin(provenance_of(model, localizer.config))
    return place


def _plan(
    ray: Any,
    options: RunOptions,
    localizer: Localizer,
    records: RecordPlace,
    videos: Sequence[ClusterInput],
) -> Plan:
    elsewhere = options.weights and options.loading.get("device", "cpu") != "cpu"
    running = {"device": options.loading["device"]} if elsewhere else {}
    decoded = any(isinstance(one, Pixels) for one in videos)
    return Plan(
        options.model.resolve(),
        file_sha256(options.model).hexdigest(),
        (ray.put(options.model.read_bytes()),),
        options.loading,
        localizer.config,
        records,
        recorded_recipe(options.model, options.weights, running) if decoded else None,
        None if options.cache is None else options.cache.resolve(),
        None if options.activations is None else options.activations.resolve(),
        localizer.model.metadata.modality,
    )


def _check_name(row: Listed, found: list[str]) -> None:
    if found and found != [row.name]:
        raise typer.BadParameter(
            f"{row.address}: its features are of {found[0]!r}, the manifest calls it {row.name!r}; "
            'leave "name" out'
        )
