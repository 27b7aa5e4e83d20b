"""The training run: from tagged features to weights, resumable at any checkpoint."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from itertools import compress
from pathlib import Path

import torch
from torch.utils.data import DataLoader

from basnet_rt import InvalidValue
from basnet_rt._system.whole_file import whole

from . import validation
from .averaging import Best
from .checkpoint import latest_checkpoint, load_checkpoint, save_checkpoint
from .config import Config
from .corrections import SnippetTruth
from .data_digest import digest_of, digest_of_values
from .dataset import (
    Batch,
    PositionSampler,
    SnippetTargets,
    TaggedVideos,
    TrainingStream,
    collate,
    open_videos,
)
from .distillation import DistilledTargets, teacher_config, teacher_folders
from .distributed import Processes, processes
from .loss import Loss
from .network import BaSNet
from .optimisation import Optimisation
from .progress import Log, NoLog, TensorBoardLog, progress_bar, remark
from .projection import InputProjection
from .projection_fit import fit_projection
from .reading.faults import flat_warning
from .resuming import VALUES, check_same_run, check_whole, damaged
from .runs import load_model, resolve, save_model, save_run_config, within_memory
from .timing import settle_timing


@dataclass(frozen=True)
class FitResult:
    """A run's folder, and the measures of its weights on held-out videos (may be empty)."""

    folder: Path
    model: Path
    step: int
    held_out: dict[str, float]


def fit(
    config: Config,
    folder: str | Path,
    *,
    resume: bool = False,
    shown: bool = True,
    seen: Callable[[TaggedVideos, Config], None] | None = None,
) -> FitResult:
    """Train, and write `config.yaml`, `model.safetensors`, checkpoints and logs to `folder`.

    Under `torchrun` every process calls this; only the first one writes.

    Args:
        resume: continue from the folder's newest checkpoint, or start if there is none. Data and
            configuration must be equal; the result is that of a run that was never stopped. More
            iterations are allowed. The teachers then get as many, but the iterations before
            learned from shorter ones.
        shown: show the progress.
        seen: called with the videos and the resolved settings, before the first iteration.

    Raises:
        ValueError: the data or a setting is wrong, or the folder has another run.
    """
    folder = Path(folder)
    videos = open_videos(config.data, folder=folder)
    resolved = resolve(config, videos)
    if seen is not None:
        seen(videos, resolved)
    flat_warning(videos)  # an error if nothing can be learned
    with processes(config.run.device) as group, _deterministic(group.device):
        trainer = Trainer(resolved, videos, folder, group)
        if resume:
            trainer.resume()
        else:
            trainer.begin()
        return trainer.run(shown and group.leads)


def fit_videos(
    config: Config, videos: TaggedVideos, folder: Path, *, shown: bool = True
) -> FitResult:
    """`fit` with resolved settings and open videos; continues an interrupted run.

    Raises:
        ValueError: the folder has a run of other data or settings.
    """
    with processes(config.run.device) as group, _deterministic(group.device):
        trainer = Trainer(config, videos, folder, group)
        trainer.resume()
        return trainer.run(shown and group.leads)


class Trainer:
    """One run in its folder: data in, logs, measurements, checkpoints and weights out."""

    def __init__(
        self,
        config: Config,
        videos: TaggedVideos,
        folder: Path,
        group: Processes,
        projection: InputProjection | None = None,
    ) -> None:
        self.config, self.folder, self.group = config, folder, group
        self.data = {**digest_of(videos), VALUES: digest_of_values(videos)}
        self.train, self.held_out = validation.divide(videos, config.validation)
        self.optimisation = Optimisation(config, group)
        self.network = self.optimisation.network
        self.best = Best()
        self.projection = projection  # fitted on these videos before; None: not yet

    @property
    def step(self) -> int:
        """Iterations done."""
        return self.optimisation.step

    def begin(self) -> None:
        """Start in a folder without a run."""
        if latest_checkpoint(self.folder) is not None:
            raise InvalidValue(f"{self.folder} holds a run; resume it or choose another folder")
        if self.network.projection is not None:
            if self.projection is None:
                fit_projection(self.network.projection, self.train)
            else:
                self.network.projection.load_state_dict(self.projection.state_dict())
        self._write_config()

    def resume(self) -> None:
        """Continue from the newest checkpoint."""
        path = latest_checkpoint(self.folder)
        if path is None:
            self.begin()
            return
        checkpoint = load_checkpoint(path)
        check_same_run(path, checkpoint, self.config, self.data)
        check_whole(path, checkpoint, self.optimisation)
        try:
            self.optimisation.restore(checkpoint)
            self.best = Best(**checkpoint.extra["best"])
        except (AttributeError, KeyError, TypeError, ValueError, RuntimeError) as error:
            raise damaged(path, error) from error
        self._write_config()  # the number of iterations may have changed

    def run(self, shown: bool, title: str = "") -> FitResult:
        """Iterate to the end and keep the weights; teachers come first."""
        total = self.config.optim.iterations
        targets = self._targets(shown)
        log = self._open_log()
        self.group.wait()  # no rank writes a checkpoint before all have searched for one
        title = title or f"train {self.folder.name}"
        with progress_bar(title, total, done=self.step, shown=shown) as bar:
            for batch in self._loader(targets):
                with within_memory(self.config):
                    loss = self.optimisation.iterate(batch.to(self.group.device))
                bar.advance(f"loss {float(loss.total.detach()):.4f}")
                self._after(loss, log)
        log.close()
        return self._finish()

    def _after(self, loss: Loss, log: Log) -> None:
        """Work between iterations: logs, held-out measurements, checkpoints."""
        run, last = self.config.run, self.step == self.config.optim.iterations
        if self.step % run.log_every == 0:
            parts = {name: float(value.detach()) for name, value in loss.parts.items()}
            log.scalars("train", {"loss": float(loss.total.detach()), **parts}, self.step)
        if len(self.held_out) and (self.step % self.config.validation.every == 0 or last):
            self._measure(log)
        if self.step % run.checkpoint_every == 0 or last:
            self._save()

    def _measure(self, log: Log) -> None:
        if self.group.leads:
            with self._averaged():
                self.network.eval()
                found = validation.measure(
                    self.network, self.held_out, self.config, self.group.device
                )
                if self.best.improves(found, self.step):
                    self._write_model("best.safetensors", found)
            log.scalars("held_out", found, self.step)
        self.group.wait()

    def _save(self) -> None:
        if not self.group.leads:
            return
        about = {"config": self.config.model_dump(mode="json"), "data": self.data}
        checkpoint = self.optimisation.checkpoint(best=asdict(self.best), **about)
        save_checkpoint(self.folder, checkpoint, self.config.run.keep_checkpoints)

    def _finish(self) -> FitResult:
        model = self.folder / "model.safetensors"
        found = self.best.latest
        if self.group.leads:
            if self.config.validation.select == "best" and self.best.loss is not None:
                with whole(model) as part:
                    shutil.copyfile(self.folder / "best.safetensors", part)
                found = self.best.found
            else:
                with self._averaged():
                    self._write_model(model.name, found)
        self.group.wait()
        return FitResult(self.folder, model, self.step, found)

    def _averaged(self) -> AbstractContextManager[None]:
        """The network with the moving average instead of its weights."""
        return self.optimisation.average.applied(self.network)

    def _write_model(self, name: str, found: dict[str, float]) -> None:
        save_model(self.folder / name, self.network, self.config, self.step, found)

    def _write_config(self) -> None:
        if self.group.leads:
            save_run_config(self.folder, self.config)

    def _open_log(self) -> Log:
        wanted = self.config.run.tensorboard and self.group.leads
        return TensorBoardLog(self.folder / "tensorboard", self.step) if wanted else NoLog()

    def _targets(self, shown: bool) -> dict[str, SnippetTargets]:
        """Targets of snippets, by the name of their term in the loss."""
        found: dict[str, SnippetTargets] = {}
        videos = self.train
        if videos.corrections:
            timing = settle_timing(videos, self.config.data)
            truth = SnippetTruth(videos.corrections, videos.classes, timing.seconds_of)
            found["corrected"] = truth
        if self.config.optim.teachers:
            segments = self.config.optim.pseudo_labels == "segments"
            taught = DistilledTargets(
                self._teachers(shown),
                videos,
                self.group.device,
                segments=segments,
                crop=self.config.sampling.crop_snippets,
            )
            if taught.short.any():
                found["pseudo_segments"] = taught
                if shown:
                    names = ", ".join(compress(videos.classes, taught.short))
                    remark(f"short classes, taught by pseudo-segments: {names}")
            else:
                found["distilled"] = taught
        return found

    def _teachers(self, shown: bool) -> list[BaSNet]:
        """Teachers of this run, trained on its videos; what was done before is kept."""
        found = []
        folders = teacher_folders(self.folder, self.config)
        for number, folder in enumerate(folders):
            config = teacher_config(self.config, number)
            projection = self.network.projection
            teacher = Trainer(config, self.train, folder, self.group, projection)
            teacher.resume()
            teacher.run(shown, f"teacher {number + 1} of {len(folders)}")
            found.append(load_model(folder).network.to(self.group.device))
        return found

    def _loader(self, targets: Mapping[str, SnippetTargets]) -> Iterator[Batch]:
        config = self.config
        stream = TrainingStream(
            self.train, config.sampling, config.run.seed, config.data.cache_gib, targets
        )
        positions = PositionSampler(
            self.step,
            config.optim.iterations,
            config.optim.batch_size,
            self.group.rank,
            self.group.world,
        )
        return iter(
            DataLoader(
                stream,
                batch_sampler=positions,
                collate_fn=collate,
                num_workers=config.run.workers,
            )
        )


@contextmanager
def _deterministic(device: torch.device) -> Iterator[None]:
    """Use deterministic kernels during a run; the caller's setting is restored."""
    before = torch.are_deterministic_algorithms_enabled()
    if device.type == "cuda":  # cuBLAS reads this when its first handle is made
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before)
