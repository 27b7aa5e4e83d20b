"""`basnet-rt localize --save-activations`: what post-processing saw, beside the results."""

from __future__ import annotations

import numpy as np
import pytest

import basnet_rt
from basnet_rt.activation_files import ActivationFolder, Activations


@pytest.fixture
def features(tmp_path, make_features):
    path = tmp_path / "features"
    path.mkdir()
    for i in range(3):
        np.save(path / f"v{i}.npy", make_features(20 + 10 * i, seed=i))
    return path


def test_files_hold_what_the_model_says(run_cli, bundle, model, features, tmp_path):
    command = ("localize", features, "-m", bundle, "-o", tmp_path / "r.json")
    done = run_cli(*command, "--save-activations", tmp_path / "seen")
    assert done.exit_code == 0, done.stderr
    assert sorted(p.name for p in (tmp_path / "seen").iterdir()) == ["v0.npz", "v1.npz", "v2.npz"]
    found = ActivationFolder(tmp_path / "seen").read("v1")
    want = model(np.load(features / "v1.npy"))
    np.testing.assert_array_equal(found.activations, want.activations)
    np.testing.assert_array_equal(found.foreground, want.foreground)
    assert (found.snippet_seconds, found.classes) == (0.64, model.classes)


def test_results_are_the_same_with_and_without(run_cli, bundle, features, tmp_path):
    for name, options in (("a", ()), ("b", ("--save-activations", tmp_path / "seen"))):
        run_cli("localize", features, "-m", bundle, "-o", tmp_path / f"{name}.json", *options)
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


@pytest.mark.parametrize("of_one", [False, True])
def test_features_are_never_replaced(run_cli, bundle, tmp_path, make_features, of_one):
    path = tmp_path / "v.npz"
    np.savez(path, features=make_features(20))
    before = path.read_bytes()
    done = run_cli("localize", path if of_one else tmp_path, "-m", bundle,
                   "--save-activations", tmp_path)  # fmt: skip
    assert done.exit_code == 1
    assert "holds the features; give a folder of its own" in " ".join(done.stderr.split())
    assert path.read_bytes() == before


def test_published_snippets_are_those_of_the_resampled_video(tmp_path, make_features):
    import tiny_bundle

    bundle = tiny_bundle.write(tmp_path / "p.pt", num_segments=50, postprocess={})
    model = basnet_rt.load(bundle)
    localizer = basnet_rt.Localizer(model, model.configure(mode="published"))
    _, seen = localizer.with_activations(make_features(30))
    assert seen.activations.shape == (50, 3)
    assert seen.snippet_seconds == 16 * 30 / (50 * 25)


def test_a_resumed_run_makes_what_is_absent(run_cli, bundle, features, tmp_path, monkeypatch):
    """The journal knows the detections; the activations must not be missing for that."""
    seen = tmp_path / "seen"
    command = ("localize", features, "-m", bundle, "-o", tmp_path / "r.json",
               "--save-activations", seen)  # fmt: skip
    write, count = ActivationFolder.write, []

    def stop_at_third(self, video, found):
        if len(count) == 2:
            raise KeyboardInterrupt
        count.append(video)
        write(self, video, found)

    monkeypatch.setattr(ActivationFolder, "write", stop_at_third)
    assert run_cli(*command).exit_code == 1
    (seen / "v0.npz").unlink()
    monkeypatch.setattr(ActivationFolder, "write", lambda *a: count.append(a[1]) or write(*a))
    count.clear()
    assert run_cli(*command).exit_code == 0
    assert count == ["v0", "v2"]
    assert len(list(seen.iterdir())) == 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"activations": np.zeros((4, 3), np.float32)}, r"shape \(4, 3\)"),
        ({"foreground": np.zeros(5, np.float32)}, "foreground has shape"),
        ({"foreground": np.full(4, np.nan, np.float32)}, "finite"),
        ({"snippet_seconds": 0.0}, "snippet_seconds is 0"),
    ],
)
def test_a_file_that_cannot_be_right_is_refused(tmp_path, change, message):
    whole = {
        "activations": np.zeros((4, 2), np.float32),
        "foreground": np.zeros(4, np.float32),
        "snippet_seconds": 0.64,
        "classes": ("a", "b"),
    }
    folder = ActivationFolder(tmp_path)
    folder.write("v", Activations(**{**whole, **change}))
    with pytest.raises(basnet_rt.Error, match=message):
        folder.read("v")


def test_an_absent_file_is_named(tmp_path):
    with pytest.raises(basnet_rt.Error, match=r"v\.npz: cannot be read"):
        ActivationFolder(tmp_path).read("v")


@pytest.mark.parametrize("option", ["--save-activations", "--burn-in"])
def test_a_name_too_long_for_a_file_fails_before_any_work(run_cli, bundle, tmp_path, option):
    video = tmp_path / f"{'n' * 201}.mp4"
    video.write_bytes(b"not looked at")
    done = run_cli("localize", video, "-m", bundle, option, tmp_path / "out")
    assert done.exit_code == 1
    assert "its name has 201 bytes, and the names of files written for it may have 200" in (
        done.stderr
    )
    assert not (tmp_path / "out").exists()
    too_long = run_cli("localize", video, "-m", bundle, "--csv", tmp_path / f"{'n' * 201}.csv")
    assert too_long.exit_code == 2
    assert "--csv nnnn" in too_long.stderr
