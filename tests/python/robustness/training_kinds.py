"""Rows on training, on checkpoints, and on what contradicts the features."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from outcomes import Row, Shows, refused

_SETTINGS, _RESUMED, _CHECKPOINTS = "Settings of training", "Training that goes on", "Checkpoints"
_CONTRADICTIONS = "Durations and rates"


def _given(text: str) -> Shows:
    """The outcome of a file of settings."""

    def shows(folder: Path, shared: Path) -> str:
        from basnet_training.config import load_config

        (folder / "c.yaml").write_text(text)
        return refused(lambda: load_config(folder / "c.yaml"))

    return shows


def _set_twice(folder: Path, shared: Path) -> str:
    from basnet_training.overrides import parse_overrides

    return refused(lambda: parse_overrides(["data.fps=25", "data.fps=30"]))


def _videos(folder: Path, **data: Any) -> Any:
    from basnet_training.config import check_config
    from basnet_training.dataset import open_videos

    (folder / "features").mkdir(exist_ok=True)
    for name in ("a", "b"):
        np.save(folder / "features" / f"{name}.npy", np.ones((4, 6), np.float32))
    tags = {name: {"annotations": [{"label": label}]} for name, label in (("a", "x"), ("b", "y"))}
    (folder / "tags.json").write_text(json.dumps({"database": tags}))
    where = {"features": str(folder / "features"), "annotations": str(folder / "tags.json")}
    return open_videos(check_config({"data": {**where, **data}}).data)


def _joint(folder: Path, shared: Path) -> str:
    return refused(lambda: _videos(folder, modality="rgb"))


def _ranges(folder: Path, shared: Path) -> str:
    from basnet_training.config import check_config
    from basnet_training.runs import resolve

    config = check_config({"postprocess": {"fixed_lo": [0.1, 0.2, 0.3]}})
    return refused(lambda: resolve(config, _videos(folder)))


def _folds(folder: Path, shared: Path) -> str:
    from basnet_training.config import check_config
    from basnet_training.validation import divide

    settings = check_config({"validation": {"folds": 20, "fold": 15}}).validation
    return refused(lambda: divide(_videos(folder), settings))


def _resumed(change: dict[str, Any], other: str | None = None) -> Shows:
    """Going on with other settings, or with data of another digest."""

    def shows(folder: Path, shared: Path) -> str:
        from basnet_training.checkpoint import Checkpoint
        from basnet_training.config import check_config
        from basnet_training.data_digest import digest_of
        from basnet_training.resuming import check_same_run

        before, data = check_config({}), digest_of(_videos(folder))
        about = {"config": before.model_dump(mode="json"), "data": data}
        kept = Checkpoint(8, before.digest(), {}, {}, {}, about)
        now = {**data, **({other: "other"} if other else {})}
        path = folder / "checkpoint-00000008.safetensors"
        return refused(lambda: check_same_run(path, kept, check_config(change), now))

    return shows


def _diverged(folder: Path, shared: Path) -> str:
    import torch

    from basnet_training.resuming import check_tensors

    found = {"layer.bias": torch.full((7,), torch.nan)}
    path = folder / "checkpoint-00000008.safetensors"
    return refused(lambda: check_tensors(path, found, {"layer.bias": (7,)}))


def _stored(content: Any) -> Shows:
    """The outcome of importing a file that `torch.save` wrote; a function is called to make it."""

    def shows(folder: Path, shared: Path) -> str:
        import torch

        from basnet_training.import_checkpoint import read_state_dict

        torch.save(content(torch), folder / "x.pth")
        return refused(lambda: read_state_dict(folder / "x.pth"))

    return shows


def _rates(folder: Path, shared: Path) -> str:
    from basnet_rt.features.rates import rate_contradiction

    advice = "give `--frame-rates fps_dict.json`"
    return rate_contradiction({"v": 100}, {"v": 30.0}, 25.0, "fps_dict.json", advice)


def _durations(folder: Path, shared: Path) -> str:
    from basnet_rt.features.lengths import contradiction

    return contradiction(np.array([100]), np.array([128.0]), 0.64, "check `data.fps`")


def _archive(folder: Path, shared: Path) -> str:
    from basnet_rt.features import open_features

    np.savez(folder / "v.npz", v=np.ones((3, 2), np.float32))
    (folder / "v.npz").rename(folder / "v.npy")
    return refused(lambda: open_features(folder / "v.npy").read("v"))


ROWS: list[Row] = [
    (_SETTINGS, "a class named twice", "`data.classes`", _given("data: {classes: [a, a]}")),
    (_SETTINGS, "a key twice", "`fps`", _given("data: {fps: 25, fps: 30}")),
    (_SETTINGS, "an option twice", "`--set data.fps=25 --set data.fps=30`", _set_twice),
    (_SETTINGS, "a part of an array that holds both", "`data.modality: rgb`", _joint),
    (_SETTINGS, "ranges for three of two classes", "`postprocess.fixed_lo`", _ranges),
    (_SETTINGS, "folds that leave nothing", "`validation.folds: 20`, two videos", _folds),
    (_RESUMED, "other tags", "the digest of labels", _resumed({}, "labels")),
    (_RESUMED, "other features", "the digest of shapes", _resumed({}, "shapes")),
    (_RESUMED, "another split", "the digest of names", _resumed({}, "names")),
    (_RESUMED, "another setting", "`optim.lr: 1e-3`", _resumed({"optim": {"lr": 1e-3}})),
    (_RESUMED, "weights that are not finite", "a checkpoint", _diverged),
    (
        _CHECKPOINTS,
        "weights under another key",
        "`x.pth`, a dictionary",
        _stored(lambda torch: {"epoch": 3, "model": {"a": torch.zeros(1)}}),
    ),
    (
        _CHECKPOINTS,
        "a whole object",
        "`x.pth`, a module",
        _stored(lambda torch: torch.nn.Linear(2, 2)),
    ),
    (
        _CHECKPOINTS,
        "weights that are NaN",
        "`x.pth`, a state dict",
        _stored(lambda torch: {"layer.bias": torch.full((7,), torch.nan)}),
    ),
    (
        _CHECKPOINTS,
        "weights that are integers",
        "`x.pth`, a state dict of int32",
        _stored(lambda torch: {"layer.bias": torch.zeros(7, dtype=torch.int32)}),
    ),
    (_CHECKPOINTS, "an archive of features under another name", "`v.npy`", _archive),
    (_CONTRADICTIONS, "a package's frame rates against the features'", "`fps_dict.json`", _rates),
    (_CONTRADICTIONS, "durations twice as long as the features", "100 snippets", _durations),
]
