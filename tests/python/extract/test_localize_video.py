"""`localize` from pixels: the answer of extract, then localize; the answer of a stream."""

from __future__ import annotations

import json
from dataclasses import replace

import extract_cases
import numpy as np
import pytest
from means import Means

import basnet_rt
from basnet_rt import BundleError, InvalidType
from basnet_rt.extractors import make_extractor
from basnet_rt.extractors.running.cache import FeatureCache
from basnet_rt.extractors.running.pipeline import extract_features
from basnet_rt.features import open_features
from basnet_rt.video import read_frames


@pytest.fixture
def features(run_cli, made, tmp_path):
    """The folder that `extract` makes of the videos."""
    folder = tmp_path / "features"
    command = ("extract", made.videos, "-o", folder, *made.extractor, "--jobs", 1)
    assert run_cli(*command).exit_code == 0
    return folder


def records(found):
    return {name: one.to_records() for name, one in found.items()}


def test_extract_then_localize_gives_the_same(localize, made, features):
    """Bit for bit, at every way in; the sidecar's duration is the video's."""
    done, direct = localize(made.videos)
    assert done.exit_code == 0, done.stderr
    _, after = localize(features, weights=False)
    assert records(direct) == records(after)
    assert sum(map(len, direct.values())) > 10
    _, two_jobs = localize(made.videos, "--jobs", 2)
    assert records(two_jobs) == records(direct)
    localizer = basnet_rt.Localizer(basnet_rt.load(made.bundle))
    for name in "abcd":
        got = basnet_rt.localize_video(made.videos / f"{name}.mp4", localizer, weights=made.weights)
        assert got.to_records() == records(direct)[name]
        ends = {"a": 0.16, "b": 3.6, "c": 2.44, "d": 8.0}
        assert got.segments.max(initial=0.0) <= ends[name]


def test_the_video_s_end_is_used(localize, made, features):
    """`c` has 61 frames: its 7 snippets end at 2.24 s, and the video at 2.44 s."""
    _, found = localize(features / "c.npy", "--set", "fixed_hi=0.5", weights=False)
    (features / "c.json").unlink()
    _, without = localize(features / "c.npy", "--set", "fixed_hi=0.5", weights=False)
    assert found["c"].segments.max() == 2.44
    assert without["c"].segments.max() == pytest.approx(2.24)


def test_a_stream_of_the_file_gives_the_same(run_cli, made, localize):
    """Finals of `stream`, by falling score, are what `localize` finds."""
    _, direct = localize(made.videos)
    assert streamed(run_cli, made, made.bundle, "--weights", made.weights) == rows(direct)


def streamed(run_cli, made, bundle, *options):
    """Finals by video, as `rows` has them: every detection, not events alone."""
    videos = [made.videos / f"{name}.mp4" for name in "abcd"]
    done = run_cli("stream", *videos, "-m", bundle, "--all", *options)
    assert done.exit_code == 0, done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    finals = {name: set() for name in "abcd"}
    for event in events:
        if event["event"] == "final":
            finals[event["video"]].add((event["label"], event["score"], *event["segment"]))
    return finals


def rows(found):
    return {
        name: {(one["label"], one["score"], *one["segment"]) for one in listed}
        for name, listed in records(found).items()
    }


def test_motion_without_weights_all_three_ways(run_cli, localize, made, tmp_path):
    """Extract and localize, localize, stream; floats to the last bit."""
    folder = tmp_path / "features"
    done = run_cli("extract", made.videos, "-o", folder, "--jobs", 1, "--extractor", "motion")
    assert done.exit_code == 0, done.stderr
    source = open_features(folder)
    values = source.read("d")
    first = int(np.argmax(values.std(axis=0)[:-2]))
    shown = values[:, first : first + 3]
    bundle = extract_cases.write_bundle(
        tmp_path / "motion.pt", source.extractor, first, float(shown.min()), float(shown.max())
    )
    _, after = localize(folder, bundle=bundle, weights=False)
    done, direct = localize(made.videos, bundle=bundle, weights=False)
    assert done.exit_code == 0, done.stderr
    assert sum(map(len, direct.values())) > 3
    assert records(direct) == records(after)
    assert streamed(run_cli, made, bundle) == rows(direct)


def test_videos_and_features_together(localize, made, features):
    """Results in the order of the request; media for what is a video, from the results' place."""
    done, found = localize(made.videos / "b.mp4", features / "a.npy", made.videos / "c.mp4")
    assert done.exit_code == 0
    assert list(found) == ["b", "a", "c"]
    _, alone = localize(made.videos)
    assert records(found) == {name: records(alone)[name] for name in "bac"}
    done, _ = localize(made.videos / "b.mp4", features)
    assert done.exit_code == 2
    assert "'b' is both in" in done.stderr


def test_results_say_where_the_video_lies(localize, run_cli, made, tmp_path):
    localize(made.videos / "b.mp4")
    media = basnet_rt.read_results(tmp_path / "results.json").provenance["media"]
    assert media.keys() == {"b"}
    assert (tmp_path / media["b"]).samefile(made.videos / "b.mp4")
    page = ("--output", tmp_path / "page.html", "--json")
    shown = run_cli("report", tmp_path / "results.json", *page)
    assert json.loads(shown.stdout)["with_media"] == 1
    (tmp_path / "else" / "where").mkdir(parents=True)
    moved = (tmp_path / "results.json").rename(tmp_path / "else" / "where" / "results.json")
    shown = run_cli("report", moved, *page)
    assert json.loads(shown.stdout)["with_media"] == 0  # a path that leads nowhere is no error


@pytest.mark.parametrize("what", ["folder", "file"])
def test_features_of_another_extractor_are_refused(localize, made, features, tmp_path, what):
    """Same channels, other meaning; the message names what differs."""
    other = extract_cases.write_bundle(tmp_path / "other.pt", replace(made.spec, version=2))
    given = features if what == "folder" else features / "b.npy"
    done, found = localize(given, bundle=other, weights=False)
    assert (done.exit_code, found) == (1, None)
    assert "features of another extractor than this model's: version 1, not 2" in done.stderr


def test_features_and_bundles_without_records_go_on_as_before(localize, made, features, tmp_path):
    """Old bundles take new features, and new bundles old features, by their channels."""
    old = extract_cases.write_bundle(tmp_path / "old.pt", None)
    done, found = localize(features, bundle=old, weights=False)
    assert (done.exit_code, len(found)) == (0, 4)
    for path in [*features.glob("*.json")]:
        path.unlink()
    done, found = localize(features, weights=False)
    assert (done.exit_code, len(found)) == (0, 4)


def test_a_sidecar_of_other_features_is_refused(localize, features):
    """Somebody replaced the features: the duration is not theirs."""
    np.save(features / "b.npy", np.zeros((5, 4), np.float32))
    done, found = localize(features, weights=False)
    assert done.exit_code == 1
    assert "is of 11 snippets, the features beside it have 5" in done.stderr
    assert set(found) == set("acd")


def test_a_bundle_without_a_record_takes_no_videos(localize, made, tmp_path):
    old = extract_cases.write_bundle(tmp_path / "old.pt", None)
    done, found = localize(made.videos, bundle=old, weights=False)
    assert (done.exit_code, found) == (1, None)
    assert "records no extractor" in done.stderr
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith("results")] == []
    localizer = basnet_rt.Localizer(basnet_rt.load(old))
    with pytest.raises(BundleError, match="records no extractor"):
        basnet_rt.localize_video(made.videos / "b.mp4", localizer)


def test_an_extractor_that_is_given_is_checked(made):
    localizer = basnet_rt.Localizer(basnet_rt.load(made.bundle))
    extractor = make_extractor("torchscript", contract=made.contract, weights=made.weights)
    found = basnet_rt.localize_video(made.videos / "b.mp4", localizer, extractor=extractor)
    assert len(found)
    with pytest.raises(BundleError, match=r"name 'means', not 'torchscript'"):
        basnet_rt.localize_video(made.videos / "b.mp4", localizer, extractor=Means())
    with pytest.raises(InvalidType, match="must be a Localizer"):
        basnet_rt.localize_video(made.videos / "b.mp4", localizer.model)


def test_a_broken_video_among_good_ones(localize, made, tmp_path):
    (tmp_path / "bad.mp4").write_bytes(b"nothing" * 99)
    done, found = localize(made.videos, tmp_path / "bad.mp4", tmp_path / "none.mp4")
    assert done.exit_code == 1
    assert set(found) == set("abcd")
    for name in ("bad", "none"):
        assert f"failed: {name}: " in done.stderr


def test_an_interrupted_run_goes_on(localize, made, tmp_path, monkeypatch):
    """Videos that were localized are not decoded again."""
    from basnet_rt.extractors.running import job

    calls = []

    def work(source, extractor, **options):
        if len(calls) == 2:
            raise KeyboardInterrupt
        calls.append(source)
        return extract_features(source, extractor, **options)

    with monkeypatch.context() as patch:
        patch.setattr(job, "extract_features", work)
        done, found = localize(made.videos)
    assert (done.exit_code, found, len(calls)) == (1, None, 2)
    done, found = localize(made.videos, "--json")
    assert json.loads(done.stdout)["resumed"] == 2
    assert list(found) == list("abcd")


@pytest.fixture
def counted(monkeypatch):
    """Videos that were decoded."""
    from basnet_rt.extractors.running import job

    calls = []

    def work(source, extractor, **options):
        calls.append(source.name)
        return extract_features(source, extractor, **options)

    monkeypatch.setattr(job, "extract_features", work)
    return calls


def test_the_cache_knows_content_not_names(localize, made, tmp_path, counted):
    """A hit decodes nothing and changes nothing; a copy under another name is a hit."""
    cache = ("--feature-cache", tmp_path / "cache")
    _, first = localize(made.videos, *cache)
    assert len(counted) == 4
    assert len(list((tmp_path / "cache").iterdir())) == 4
    (tmp_path / "e.mp4").write_bytes((made.videos / "b.mp4").read_bytes())
    _, again = localize(made.videos, tmp_path / "e.mp4", *cache)
    assert len(counted) == 4
    assert records(again) == {**records(first), "e": records(first)["b"]}


def flip(content):
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


@pytest.mark.parametrize("damage", [flip, lambda c: c[:-20], lambda c: b"", lambda c: b"text"])
def test_a_damaged_entry_is_made_again(localize, made, tmp_path, counted, damage):
    video, cache = made.videos / "d.mp4", ("--feature-cache", tmp_path / "cache")
    _, first = localize(video, *cache)
    (entry,) = (tmp_path / "cache").iterdir()
    whole = entry.read_bytes()
    entry.write_bytes(damage(whole))
    done, again = localize(video, *cache)
    assert done.exit_code == 0
    assert counted == ["d.mp4", "d.mp4"]
    assert records(again) == records(first)
    localize(video, *cache)
    assert len(counted) == 2


def test_the_cache_of_one_extractor_is_none_of_another_s(made, tmp_path):
    """The record is part of the key, and is looked at when the entry is read."""
    extractor = make_extractor("torchscript", contract=made.contract, weights=made.weights)
    found = extract_features(made.videos / "b.mp4", extractor)
    ours = FeatureCache(tmp_path, made.spec)
    other = FeatureCache(tmp_path, replace(made.spec, version=2))
    ours.keep(None, "5a" * 32, found)
    assert other.read("5a" * 32) is None
    assert ours.read("5b" * 32) is None
    np.testing.assert_array_equal(ours.read("5a" * 32).features, found.features)
    assert ours.file_of("5a" * 32) != other.file_of("5a" * 32)  # both have room
    ours.file_of("5a" * 32).rename(other.file_of("5a" * 32))
    assert other.read("5a" * 32) is None


def test_localize_video_uses_the_cache(made, tmp_path, counted):
    localizer = basnet_rt.Localizer(basnet_rt.load(made.bundle))
    options = {"weights": made.weights, "cache": tmp_path / "cache"}
    pair = [basnet_rt.localize_video(made.videos / "b.mp4", localizer, **options) for _ in range(2)]
    assert counted == ["b.mp4"]
    assert pair[0].to_records() == pair[1].to_records()


def test_burn_in_leaves_a_copy_of_each_video(run_cli, made, tmp_path):
    """Events where there are some, and nothing of features, which have no pictures."""
    options = ("-m", made.bundle, "--weights", made.weights, "--jobs", 1)
    video, folder = made.videos / "b.mp4", tmp_path / "seen"
    done = run_cli("localize", video, *options, "--burn-in", folder)
    assert done.exit_code == 0, done.stderr
    assert [one.name for one in folder.iterdir()] == ["b.mp4"]
    with read_frames(video, fps=25) as before, read_frames(folder / "b.mp4", fps=25) as after:
        changed = [
            np.abs(old.image.astype(int) - new.image).max() > 100
            for old, new in zip(before, after, strict=True)
        ]
    assert any(changed)
    np.save(tmp_path / "f.npy", np.zeros((20, extract_cases.FEATURE_DIM), np.float32))
    refused = run_cli("localize", tmp_path / "f.npy", "-m", made.bundle, "--burn-in", folder)
    assert refused.exit_code == 2
    assert "features have no pictures" in " ".join(refused.stderr.replace("│", "").split())


def test_what_was_odd_about_a_video_is_logged(made, caplog, monkeypatch):
    """Catches remarks that only the program says, and not Python."""

    def odd(source, extractor, *rest):
        return replace(extract_features(source, extractor), remarks=("times were moved",))

    monkeypatch.setattr("basnet_rt.localize.from_video.cached_features", odd)
    localizer = basnet_rt.Localizer(basnet_rt.load(made.bundle))
    basnet_rt.localize_video(made.videos / "b.mp4", localizer, weights=made.weights)
    (record,) = caplog.records
    assert (record.name, record.levelname) == ("basnet_rt.video", "WARNING")
    assert record.getMessage().endswith("b.mp4: times were moved")
