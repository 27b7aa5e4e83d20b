"""Corrected segments: read, brought into the tags, and what the loss learns of them."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from test_run import PLAIN, QUICK, make
from typer.testing import CliRunner

from basnet_rt import InvalidValue
from basnet_rt.annotations import Segment
from basnet_training import BaSNet, LossConfig, basnet_loss
from basnet_training.cli import app
from basnet_training.config import load_config
from basnet_training.corrections import snippet_truth
from basnet_training.dataset import Sample, collate
from basnet_training.loss import snippet_term
from basnet_training.network import NetworkOutput
from basnet_training.reading import open_videos
from basnet_training.reading.corrected import Correction, read_corrected

CLASSES = ("Jump", "Run")
NO_FOLDS = [*QUICK, "--set", "validation.folds=0"]


def entry(*segments, **more) -> dict:
    return {"annotations": [{"label": c, "segment": [a, b]} for c, a, b in segments], **more}


def write(path, database, unfinished=None):
    content = {"database": database, **({"unfinished": unfinished} if unfinished else {})}
    path.write_text(json.dumps(content))
    return path


def call(*arguments, code=0):
    result = CliRunner().invoke(app, [str(a) for a in arguments])
    assert result.exit_code == code, result.output
    return result


def test_a_snippet_counts_by_the_share_that_a_segment_takes():
    """By hand: snippets of half a second; a segment of 0.1 s is not lost."""
    found = Correction((Segment("Run", 0.75, 1.5), Segment("Jump", 0.0, 0.1)))
    truth = snippet_truth(found, CLASSES, 4, 0.5)
    np.testing.assert_allclose(truth[:, 1], [0, 0.5, 1, 0], atol=1e-6)
    np.testing.assert_allclose(truth[:, 0], [0.2, 0, 0, 0], atol=1e-6)


def test_of_an_unfinished_video_only_what_was_judged_is_known():
    found = Correction((Segment("Run", 0, 1),), (Segment("Jump", 1, 2),), whole=False)
    truth = snippet_truth(found, CLASSES, 4, 0.5)
    np.testing.assert_array_equal(truth[:, 1], [1, 1, np.nan, np.nan])
    np.testing.assert_array_equal(truth[:, 0], [np.nan, np.nan, 0, 0])


def test_only_reviewed_videos_are_read(tmp_path):
    """Segments of the others may be a model's."""
    path = write(
        tmp_path / "c.json",
        {
            "a": entry(("Run", 1, 2), reviewed=True),
            "b": entry(("Run", 1, 2)),
            "none": entry(reviewed=True),
        },
        {"part": {**entry(("Run", 3, 4)), "rejected": entry(("Jump", 5, 6))["annotations"]}},
    )
    found = read_corrected(path)
    assert set(found) == {"a", "none", "part"}
    assert found["none"] == Correction(())
    assert found["part"] == Correction((Segment("Run", 3, 4),), (Segment("Jump", 5, 6),), False)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"database": {"a": entry(("Run", 1, 2))}}, "no video is marked as reviewed.*--reviewed"),
        ({"results": {"a": []}}, "a model's results, which nobody corrected; open the report"),
        ({"database": {}, "unfinished": []}, "unfinished: expected an object of videos"),
        ({"database": {"a": entry(reviewed=1)}}, "reviewed is 1; it must be true or false"),
    ],
)
def test_a_file_that_nobody_corrected_is_refused(tmp_path, content, message):
    (tmp_path / "c.json").write_text(json.dumps(content))
    with pytest.raises(InvalidValue, match=message):
        read_corrected(tmp_path / "c.json")


def test_another_form_names_the_command_that_converts(tmp_path):
    with pytest.raises(InvalidValue, match=r"convert .*c\.csv corrected\.json --to ground-truth"):
        read_corrected(tmp_path / "c.csv")


def settings(features, tags, corrected, **more):
    values = {"data.features": features, "data.annotations": tags, "data.corrected": corrected}
    return load_config("auto", {**values, **more}).data


def test_reviewed_videos_have_the_tags_of_their_segments(tmp_path):
    """And a video judged in part keeps its tags; an untagged one joins if it was seen whole."""
    features, tags = make(tmp_path / "d", PLAIN)
    np.save(features / "v_new.npy", np.ones((9, 5), np.float32))
    corrected = write(
        tmp_path / "c.json",
        {
            "v_0": entry(("Jump", 0, 1), reviewed=True),  # tagged Run
            "2.mp4": entry(reviewed=True),  # tagged Jump
            "v_new": entry(("Run", 0, 1), reviewed=True),
        },
        {"v_1": entry(("Run", 0, 1)), "v_5": {"rejected": entry(("Jump", 1, 2))["annotations"]}},
    )
    videos = open_videos(settings(features, tags, corrected))
    found = {
        name: {videos.classes[c] for c in np.flatnonzero(row)}
        for name, row in zip(videos.names, videos.labels, strict=True)
    }
    assert found["v_0"] == {"Jump"}
    assert found["v_2"] == set()
    assert found["v_new"] == {"Run"}
    assert found["v_1"] == {"Run"}
    assert found["v_5"] == {"Run"}
    assert set(videos.corrections) == {"v_0", "v_1", "v_2", "v_5", "v_new"}
    assert any("5 videos have corrected segments, 3 of them" in one for one in videos.remarks)
    assert any("2 videos take their tags" in one for one in videos.remarks)
    assert set(videos.take([0, 3]).corrections) == {"v_0"}


def test_a_corrected_video_without_features_is_named(tmp_path):
    features, tags = make(tmp_path / "d", PLAIN)
    corrected = write(tmp_path / "c.json", {"other": entry(("Run", 0, 1), reviewed=True)})
    with pytest.raises(InvalidValue, match="1 of 1 corrected videos have no features: other"):
        open_videos(settings(features, tags, corrected))
    videos = open_videos(settings(features, tags, corrected, **{"data.missing": "skip"}))
    assert not videos.corrections
    assert any("1 corrected videos are left out" in one for one in videos.remarks)


def test_a_video_of_another_subset_is_left_out(tmp_path):
    """Test videos must not become training videos by being looked at."""
    features, _ = make(tmp_path / "d", PLAIN)
    tags = write(
        tmp_path / "a.json",
        {
            f"v_{i}": entry(*((c, 0, 1) for c in words), subset="test" if i == 5 else "train")
            for i, words in enumerate(PLAIN)
        },
    )
    corrected = write(tmp_path / "c.json", {"v_5": entry(("Run", 0, 1), reviewed=True)})
    videos = open_videos(settings(features, tags, corrected))
    assert not videos.corrections
    assert "v_5" not in videos.names
    assert any("of another subset: left out" in one for one in videos.remarks)


def output_of(logits, foreground) -> NetworkOutput:
    cas = torch.nn.functional.pad(torch.tensor(logits), (0, 1))
    scores = torch.full((len(logits), cas.shape[2]), 0.5)
    return NetworkOutput(scores, cas, scores, cas, torch.tensor(foreground))


def test_the_term_by_hand():
    """Mean over known snippets and corrected videos, sum over classes; the foreground beside it."""
    output = output_of([[[2.0], [-1.0]], [[9.0], [9.0]]], [[0.8, 0.1], [0.5, 0.5]])
    truth = torch.tensor([[[1.0], [0.0]], [[torch.nan], [torch.nan]]])
    activations = (np.log1p(np.exp(-2.0)) + np.log1p(np.exp(-1.0))) / 2
    foreground = -(np.log(0.8) + np.log(0.9)) / 2
    assert float(snippet_term(output, truth)) == pytest.approx(activations + foreground, rel=1e-5)


def test_unknown_snippets_teach_nothing():
    network = BaSNet(4, 2, 3, 5, 0.0)
    features = torch.randn(1, 6, 4, generator=torch.Generator().manual_seed(0))
    truth = torch.full((1, 6, 2), torch.nan)
    truth[0, 2, 1] = 1.0
    output = network(features)
    cas = output.cas_supp
    cas.retain_grad()
    snippet_term(output, truth).backward()
    touched = torch.nonzero(cas.grad.abs().sum(dim=2)[0]).flatten().tolist()
    assert touched == [2]


def test_the_weight_is_a_setting_and_without_truth_nothing_changes():
    output = output_of([[[2.0], [-1.0]]], [[0.8, 0.1]])
    labels, truth = torch.ones(1, 1), torch.tensor([[[1.0], [0.0]]])
    plain = basnet_loss(output, labels, score_function="sigmoid")
    assert "corrected" not in plain.parts
    found = basnet_loss(
        output,
        labels,
        LossConfig(corrected=2.0),
        score_function="sigmoid",
        targets={"corrected": truth},
    )
    want = float(plain.total) + 2 * float(found.parts["corrected"])
    assert float(found.total) == pytest.approx(want, rel=1e-6)


def test_a_batch_has_truth_only_where_a_video_was_corrected():
    plain = Sample(torch.zeros(3, 4), torch.ones(2))
    assert collate([plain, plain]).targets == {}
    corrected = Sample(torch.zeros(5, 4), torch.ones(2), {"corrected": torch.ones(5, 2)})
    truth = collate([plain, corrected]).targets["corrected"]
    assert truth.shape == (2, 5, 2)
    assert bool(truth[0].isnan().all())
    assert bool((truth[1] == 1).all())


def test_corrected_segments_move_the_activations(tmp_path):
    """Trained with them, snippets inside a segment stand out that tags alone cannot tell."""
    features, tags = make(tmp_path / "d", [["Run"], ["Run"], []] * 3, lengths=[12] * 9)
    for i in range(9):  # two thirds of each video look alike, one third says when
        values = np.load(features / f"v_{i}.npy")
        values[:, :3] = 1.0
        values[4:8, 3] = 3.0
        np.save(features / f"v_{i}.npy", values)
    spans = {f"v_{i}": entry(("Run", 2.56, 5.12), reviewed=True) for i in (0, 1, 3, 4)}
    corrected = write(tmp_path / "c.json", spans)
    out = tmp_path / "out"
    settings = ("optim.iterations=60", "optim.teachers=0", "validation.folds=0")
    common = [features, tags, *(word for one in settings for word in ("--set", one))]
    call("run", *common, "-o", out / "tags")
    result = call("run", *common, "-o", out / "corrected", "--corrected", corrected)
    assert "4 videos have corrected segments" in result.output
    from basnet_rt.model.loading import load

    def contrast(run) -> float:
        cas = load(run / "model.pt").forward(np.load(features / "v_6.npy"))[0][:, 0]
        return float(cas[4:8].mean() - np.delete(cas, range(4, 8)).mean())

    assert contrast(out / "corrected") > contrast(out / "tags") + 0.2


def test_other_corrections_train_anew_and_are_refused_on_resume(tmp_path):
    features, tags = make(tmp_path / "d", PLAIN)
    out, fitted = tmp_path / "out", tmp_path / "fit"
    corrected = write(tmp_path / "c.json", {"v_0": entry(("Run", 0, 1), reviewed=True)})
    call("run", features, tags, "-o", out, *NO_FOLDS, "--corrected", corrected)
    again = call("run", features, tags, "-o", out, *NO_FOLDS, "--corrected", corrected)
    assert "train: on all 8 videos, 4 iterations (done before)" in again.output
    options = ["--features", features, "--annotations", tags, "--corrected", corrected, *NO_FOLDS]
    call("fit", "-o", fitted, *options)
    write(corrected, {"v_0": entry(("Run", 0, 1.2), reviewed=True)})
    changed = call("run", features, tags, "-o", out, *NO_FOLDS, "--corrected", corrected)
    assert "(again: changed: tags" in changed.output
    refused = call("fit", "-o", fitted, *options, "--resume", code=1)
    assert "the corrected segments differ" in refused.output
