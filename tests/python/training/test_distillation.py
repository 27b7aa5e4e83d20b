"""A network that learns the mean activations of teachers beside its tags."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from basnet_rt import InvalidValue
from basnet_training.checkpoint import load_tensors
from basnet_training.config import check_config, load_config
from basnet_training.corrections import SnippetTruth
from basnet_training.dataset import Batch, TrainingStream, open_videos
from basnet_training.distillation import (
    DistilledTargets,
    pseudo_segments,
    short_classes,
    teacher_folders,
)
from basnet_training.network import BaSNet
from basnet_training.optimisation import lengths
from basnet_training.reading.corrected import Correction
from basnet_training.runs import load_model, resolve
from basnet_training.trainer import fit

SIGMOID = {"network": {"score_function": "sigmoid"}}


@pytest.fixture
def taught(configure):
    """Settings with two teachers; others may be added."""

    def make(**changes):
        return configure(
            **{**SIGMOID, **changes, "optim": {"teachers": 2, **changes.get("optim", {})}}
        )

    return make


def weights(folder):
    return load_tensors(folder / "model.safetensors")[0]


def test_targets_are_the_mean_of_the_teachers_and_0_without_a_tag(taught, tmp_path):
    config = taught()
    fit(config, tmp_path, shown=False)
    folders = teacher_folders(tmp_path, config)
    assert [one.name for one in folders] == ["0", "1"]
    networks = [load_model(folder).network for folder in folders]
    videos = open_videos(config.data)
    found = DistilledTargets(networks, videos, torch.device("cpu"))
    for place, name in enumerate(videos.names):
        rows = torch.from_numpy(videos.source.read(name))[None]
        with torch.no_grad():
            each = [
                1 / (1 + np.exp(-net(rows).cas[0, :, :-1].double().numpy())) for net in networks
            ]
        want = np.mean(each, axis=0) * (videos.labels[place] > 0)
        np.testing.assert_allclose(found.of(name, rows.shape[1]), want, atol=1e-6)


def test_pseudo_segments_are_what_is_clearly_inside_or_outside():
    activations = np.array(
        [
            [0.8, 0, 0.02],
            [0.8, 0, 0.02],
            [0.8, 0, 0.02],
            [0.73, 0, 0.02],
            [0.6, 0, 0],
            [0.48, 0, 0],
        ],
        np.float32,
    )
    want = [[1, 0, 1], [1, 0, 1], [1, 0, 1], [1, 0, 1], [np.nan, 0, 0], [0, 0, 0]]
    np.testing.assert_array_equal(pseudo_segments(activations), np.array(want, np.float32))
    one = pseudo_segments(activations[:1])  # shorter than the peak
    np.testing.assert_array_equal(one, [[1, 0, 1]])
    assert one.dtype == np.float32


def active(time, length=40):
    """(T,) activations that reach a fifth of the peak on the first snippets."""
    reached = np.where(np.arange(length) < 3, 0.8, 0.17)
    return np.where(np.arange(length) < time, reached, 0.15).astype(np.float32)


def test_a_class_is_short_if_its_time_is_below_that_of_the_best_snippets():
    none = np.zeros(40, np.float32)
    videos = [
        np.stack([active(7), active(8), none, none], axis=1),  # a fourth of 40 are 10 best ones
        np.stack([active(20), active(8), active(5), none], axis=1),
        np.stack([active(7), active(7), none, none], axis=1),
        np.stack([active(2, 3), none[:3], none[:3], none[:3]], axis=1),  # of 3 snippets, one is
    ]
    # Ratios 0.7, 2, 0.7, 2; 0.8, 0.8, 0.7, and 0.8 is not below; 0.5; a class without a video.
    assert short_classes(videos, 4).tolist() == [False, False, True, False]
    assert short_classes(videos[:3], 4).tolist() == [True, False, True, False]


def test_in_longer_videos_the_best_snippets_are_those_of_a_crop():
    videos = [active(7)[:, None]]  # 10 of 40 are the best ones, and 5 of 20
    assert [bool(short_classes(videos, 4, crop)) for crop in (None, 40, 20)] == [True, True, False]


def test_a_few_short_classes_are_taken_for_chance():
    videos = [np.stack([active(5), *[active(20)] * others], axis=1) for others in (3, 4)]
    assert [short_classes([one], 4).sum() for one in videos] == [1, 0]


@pytest.fixture
def first_is_short(monkeypatch):
    monkeypatch.setattr(
        "basnet_training.distillation.short_classes",
        lambda activations, divisor, crop: np.arange(activations[0].shape[1]) == 0,
    )


def test_short_classes_have_pseudo_segments_and_others_activations(
    taught, tmp_path, first_is_short, capsys
):
    fit(taught(), tmp_path / "activations")
    assert "short" not in capsys.readouterr().err
    config = taught(optim={"teachers": 2, "pseudo_labels": "segments"})
    fit(config, tmp_path / "segments")
    first_class = open_videos(config.data).classes[0]
    said = f"short classes, taught by pseudo-segments: {first_class}\n"
    assert capsys.readouterr().err.count(said) == 1
    first, second = weights(tmp_path / "activations"), weights(tmp_path / "segments")
    assert any(not torch.equal(first[name], second[name]) for name in first)
    networks = [
        load_model(folder).network for folder in teacher_folders(tmp_path / "segments", config)
    ]
    videos, device = open_videos(config.data), torch.device("cpu")
    plain = DistilledTargets(networks, videos, device)
    found = DistilledTargets(networks, videos, device, segments=True)
    assert found.short.tolist() == [True, *[False] * (len(videos.classes) - 1)]
    assert not plain.short.any()
    for name in videos.names:
        length = videos.source.shape(name)[0]
        want = plain.of(name, length).copy()
        want[:, :1] = pseudo_segments(want[:, :1])
        np.testing.assert_array_equal(found.of(name, length), want)


def test_without_short_classes_both_lessons_are_one(taught, tmp_path):
    for lesson in ("activations", "segments"):
        config = taught(optim={"teachers": 2, "pseudo_labels": lesson})
        fit(config, tmp_path / lesson, shown=False)
    networks = [
        load_model(folder).network for folder in teacher_folders(tmp_path / "segments", config)
    ]
    targets = DistilledTargets(
        networks, open_videos(config.data), torch.device("cpu"), segments=True
    )
    assert not targets.short.any()
    first, second = weights(tmp_path / "activations"), weights(tmp_path / "segments")
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_a_score_has_no_more_snippets_than_the_targets_say_are_action():
    classes, nan = 3, torch.nan
    targets = torch.zeros(2, 6, classes)
    targets[0, :, 0] = torch.tensor([1.0, 1.0, nan, 0.0, 0.0, nan])  # of a short class
    targets[0, :, 1] = torch.tensor([0.5, 0.46, 0.44, 0.45, 0.1, 0.2])  # of a long one
    targets[1, :, 0] = nan  # a person corrected it
    batch = Batch(torch.zeros(2, 6, 4), torch.ones(2, classes), None, {"pseudo_segments": targets})
    assert lengths(batch).tolist() == [[2, 3, 6, 6], [6, 6, 6, 6]]  # background last
    assert lengths(batch._replace(targets={"distilled": targets})) is None


def test_these_lengths_reach_the_network(taught, tmp_path, first_is_short, monkeypatch):
    seen, plain = [], BaSNet.forward
    monkeypatch.setattr(
        BaSNet, "forward", lambda self, x, *more: (seen.append(more), plain(self, x, *more))[1]
    )
    config = taught(optim={"teachers": 2, "pseudo_labels": "segments"})
    fit(config, tmp_path, shown=False)
    limits = [more[2] for more in seen if len(more) == 3]
    taught_ones = [limit for limit in limits if limit is not None]
    assert len(limits) == 3 * config.optim.iterations  # two teachers, then the one that learns
    assert len(taught_ones) == config.optim.iterations
    videos = open_videos(config.data)
    longest = max(videos.source.shape(name)[0] for name in videos.names)
    assert all(1 <= int(limit.min()) < longest for limit in taught_ones)


def test_teachers_differ_by_their_seeds_and_have_no_teachers(taught, tmp_path):
    config = taught()
    fit(config, tmp_path, shown=False)
    first, second = map(load_model, teacher_folders(tmp_path, config))
    assert len({first.config.run.seed, second.config.run.seed, config.run.seed}) == 3
    assert first.config.optim.teachers == second.config.optim.teachers == 0
    one, other = (weights(folder) for folder in teacher_folders(tmp_path, config))
    assert any(not torch.equal(one[name], other[name]) for name in one)


def test_the_projection_is_fitted_once_and_is_that_of_all(taught, tmp_path, monkeypatch):
    from basnet_training import trainer

    fitted = []
    fit_projection = trainer.fit_projection
    monkeypatch.setattr(
        trainer, "fit_projection", lambda *each: (fitted.append(1), fit_projection(*each))
    )
    config = taught(network={"score_function": "sigmoid", "projection_dim": 3})
    fit(config, tmp_path, shown=False)
    assert len(fitted) == 1
    own = weights(tmp_path)
    for folder in teacher_folders(tmp_path, config):
        teacher = weights(folder)
        names = [name for name in own if name.startswith("projection")]
        assert names
        assert all(torch.equal(own[name], teacher[name]) for name in names)


def test_they_change_the_network_by_their_weight(taught, configure, tmp_path):
    """With weight 0 it is the network without teachers, bit for bit."""
    fit(configure(**SIGMOID), tmp_path / "alone", shown=False)
    fit(taught(loss={"distilled": 0.0}), tmp_path / "zero", shown=False)
    fit(taught(), tmp_path / "taught", shown=False)
    alone, zero, found = (weights(tmp_path / name) for name in ("alone", "zero", "taught"))
    assert all(torch.equal(alone[name], zero[name]) for name in alone)
    assert any(not torch.equal(alone[name], found[name]) for name in alone)


def test_a_run_that_was_stopped_among_its_teachers_ends_as_one_that_was_not(
    taught, tmp_path, monkeypatch
):
    from basnet_training import trainer

    fit(taught(), tmp_path / "whole", shown=False)
    with monkeypatch.context() as patch:
        patch.setattr(trainer, "DistilledTargets", _stop)
        with pytest.raises(KeyboardInterrupt):
            fit(taught(), tmp_path / "stopped", shown=False)
    before = weights(tmp_path / "stopped" / "teachers" / "0")
    fit(taught(), tmp_path / "stopped", resume=True, shown=False)
    whole, stopped = weights(tmp_path / "whole"), weights(tmp_path / "stopped")
    assert all(torch.equal(whole[name], stopped[name]) for name in whole)
    after = weights(tmp_path / "stopped" / "teachers" / "0")
    assert all(torch.equal(before[name], after[name]) for name in before)


def _stop(*arguments, **options):
    raise KeyboardInterrupt


@pytest.mark.parametrize("term", ["distilled", "pseudo_segments"])
def test_what_a_person_corrected_is_not_taught(taught, term):
    config = taught()
    videos = open_videos(config.data)
    lengths = [videos.source.shape(name)[0] for name in videos.names]

    class Halves:
        def of(self, name, snippets):
            return np.full((snippets, len(videos.classes)), 0.5, np.float32)

    corrections = {videos.names[0]: Correction(())}  # reviewed whole: nothing happens
    truth = SnippetTruth(corrections, videos.classes, lambda name: 1.0)
    stream = TrainingStream(
        videos, config.sampling, 0, targets={"corrected": truth, term: Halves()}
    )
    for position, place in enumerate(stream.order(0)):
        targets = stream[position].targets
        assert targets[term].shape == (lengths[place], len(videos.classes))
        assert bool(targets[term].isnan().all()) == (place == 0)
        assert ("corrected" in targets) == (place == 0)


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({}, "optim.teachers needs network.score_function sigmoid"),
        ({**SIGMOID, "sampling": {"num_segments": 20}}, "needs sampling.num_segments null"),
    ],
)
def test_settings_that_cannot_be_taught_are_refused(change, part):
    with pytest.raises(InvalidValue, match=part):
        check_config({**change, "optim": {"teachers": 1}})


def test_pseudo_segments_without_teachers_are_refused():
    with pytest.raises(InvalidValue, match=r"needs teachers: set optim\.teachers to 3"):
        check_config({**SIGMOID, "optim": {"pseudo_labels": "segments"}})


def test_preset_auto_takes_teachers_for_pseudo_segments_or_says_why_not(dataset, monkeypatch):
    monkeypatch.setattr("basnet_training.auto.FEW", 0)  # so many videos that it would take none
    base = {"data.features": dataset / "features", "data.annotations": dataset / "annotations.json"}
    wanted = {**base, "optim.pseudo_labels": "segments"}
    config = load_config("auto", wanted)
    assert resolve(config, open_videos(config.data)).optim.teachers == 3
    config = load_config("auto", base)
    assert resolve(config, open_videos(config.data)).optim.teachers == 0
    config = load_config("auto", {**wanted, "network.score_function": "softmax"})
    with pytest.raises(InvalidValue, match=r"needs network\.score_function sigmoid"):
        resolve(config, open_videos(config.data))


@pytest.mark.parametrize(
    ("change", "teachers"),
    [
        ({}, 3),
        ({"optim.teachers": 1}, 1),
        ({"optim.teachers": 0}, 0),
        ({"network.score_function": "softmax"}, 0),
        ({"sampling.num_segments": 20}, 0),
    ],
)
def test_preset_auto_takes_teachers_where_they_fit(dataset, change, teachers):
    base = {"data.features": dataset / "features", "data.annotations": dataset / "annotations.json"}
    config = load_config("auto", {**base, **change})
    optim = resolve(config, open_videos(config.data)).optim
    assert optim.teachers == teachers
    assert optim.pseudo_labels == ("segments" if teachers else "activations")


def test_the_digest_is_that_of_before_without_teachers():
    plain = check_config(SIGMOID)
    assert check_config({**SIGMOID, "loss": {"distilled": 3.0}}).digest() == plain.digest()
    segments = {"pseudo_labels": "segments"}
    two = check_config({**SIGMOID, "optim": {"teachers": 2}})
    third = check_config({**SIGMOID, "optim": {"teachers": 2, **segments}})
    unused = {"distilled": 3.0, "pseudo_segments": 5.0}
    assert check_config({**SIGMOID, "loss": unused}).digest() == plain.digest()
    weighed = check_config({**third.model_dump(), "loss": {"pseudo_segments": 5.0}})
    soft = check_config({**third.model_dump(), "loss": {"distilled": 5.0}})
    assert len({two.digest(), third.digest(), weighed.digest(), soft.digest()}) == 4
    other = check_config({**two.model_dump(), "loss": {"pseudo_segments": 5.0}})
    assert other.digest() == two.digest()
    other = check_config({**SIGMOID, "optim": {"teachers": 2}, "loss": {"distilled": 3.0}})
    assert len({plain.digest(), two.digest(), other.digest()}) == 3
