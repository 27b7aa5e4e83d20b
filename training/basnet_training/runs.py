"""The files of a finished run: its settings, and weights that record them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from basnet_rt import Error, InvalidValue
from basnet_rt._system.whole_file import write_whole

from .auto import settle
from .checkpoint import load_tensors, save_tensors
from .config import AUTO, OF_THE_BUNDLE, Config, check_config
from .dataset import TaggedVideos
from .network import NO_BACKGROUND, BaSNet
from .records import with_record

_OF_MEMORY = ("allocate", "out of memory", "overflow")  # in messages of torch


@dataclass(frozen=True)
class TrainedModel:
    """A network in evaluation mode, with the settings that made it."""

    network: BaSNet
    config: Config
    step: int
    held_out: dict[str, float]

    @property
    def classes(self) -> tuple[str, ...]:
        assert self.config.data.classes is not None
        return self.config.data.classes


def resolve(config: Config, videos: TaggedVideos) -> Config:
    """The settings completed from the data: classes, F, background logit.

    With `auto`, every setting that was not given is filled in.
    """
    config = settle(config, videos)
    _check_ranges(config.postprocess, len(videos.classes))
    logit = config.network.background_logit
    if logit is None:
        cannot_say_none = len(videos.classes) == 1 or videos.some_without_action
        softmax = config.network.score_function == "softmax"
        logit = 0.0 if cannot_say_none and softmax else NO_BACKGROUND
    data = {
        "classes": videos.classes,
        "feature_dim": videos.source.feature_dim,
        "simulated": config.data.simulated or videos.simulated,
        "subset": videos.subset if config.data.subset == AUTO else config.data.subset,
    }
    return config.model_copy(
        update={
            "data": with_record(config.data, videos.source).model_copy(update=data),
            "network": config.network.model_copy(update={"background_logit": logit}),
        }
    )


def _check_ranges(postprocess: dict[str, Any], classes: int) -> None:
    """Check the ranges now, not only when the trained network is exported."""
    for name in ("fixed_lo", "fixed_hi"):
        values = postprocess.get(name, ())
        count = len(values) if isinstance(values, list | tuple) else 1
        if count not in (0, 1, classes):
            raise InvalidValue(
                f"postprocess.{name}: {count} numbers for {classes} classes; expected one for all, "
                "or one for each"
            )


def build_network(config: Config) -> BaSNet:
    """A new network of a resolved configuration.

    Raises:
        Error: there is not enough memory for its sizes.
    """
    net, data = config.network, config.data
    assert data.classes is not None
    assert data.feature_dim is not None
    logit = NO_BACKGROUND if net.background_logit is None else net.background_logit
    with within_memory(config):
        return BaSNet(
            data.feature_dim,
            len(data.classes),
            net.hidden_filter,
            net.hidden_cas,
            net.dropout,
            topk_divisor=net.topk_divisor,
            variant=net.variant,
            background_logit=logit,
            score_function=net.score_function,
            projection_dim=net.projection_dim,
        )


@contextmanager
def within_memory(config: Config) -> Iterator[None]:
    """Turn torch's errors about memory into one that names the settings behind it."""
    try:
        yield
    except (MemoryError, RuntimeError, TypeError) as error:
        said = str(error).lower()
        if not isinstance(error, MemoryError) and not any(word in said for word in _OF_MEMORY):
            raise
        net, optim = config.network, config.optim
        raise Error(
            f"not enough memory for a network of {config.data.feature_dim} channels, "
            f"network.hidden_filter {net.hidden_filter} and network.hidden_cas {net.hidden_cas}, "
            f"with optim.batch_size {optim.batch_size}: lower one of these settings"
        ) from error


def save_run_config(folder: Path, config: Config, name: str = "config.yaml") -> None:
    write_whole(folder / name, [config.to_yaml()])


def renew_postprocessing(folder: Path, config: Config) -> None:
    """Give the trained network in `folder` the name and post-processing of `config`.

    Raises:
        ValueError: `model.safetensors` is absent or damaged.
    """
    path = folder / "model.safetensors"
    tensors, about = load_tensors(path)
    before = check_config(about["config"], str(path))
    after = before.model_copy(update={name: getattr(config, name) for name in OF_THE_BUNDLE})
    if after != before:
        save_tensors(path, tensors, {**about, "config": after.model_dump(mode="json")})
        save_run_config(folder, after)


def save_model(
    path: Path, network: nn.Module, config: Config, step: int, held_out: dict[str, float]
) -> None:
    """Weights by name, with the resolved configuration beside them in the same file."""
    about: dict[str, Any] = {
        "config": config.model_dump(mode="json"),
        "step": step,
        "held_out": held_out,
    }
    save_tensors(path, network.state_dict(), about)


def load_model(path: str | Path) -> TrainedModel:
    """Load `model.safetensors`, or the one in a run's folder.

    Raises:
        ValueError: the file is absent, truncated, or not a model of this program.
    """
    path = Path(path)
    path = path / "model.safetensors" if path.is_dir() else path
    tensors, about = load_tensors(path)
    if "config" not in about:
        raise InvalidValue(f"{path}: holds no configuration; expected a model from `fit`")
    config = check_config(about["config"], str(path))
    network = build_network(config)
    network.load_published(tensors)
    return TrainedModel(network.eval(), config, int(about["step"]), dict(about["held_out"]))
