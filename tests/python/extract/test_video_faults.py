"""Features and results of videos made after public bug reports say what was odd about them."""

from __future__ import annotations

import base64
import functools
import http.server
import json
import os
import shutil
import threading

import numpy as np
import pytest
from typer.testing import CliRunner

from basnet_rt.cli.app import app
from basnet_rt.features.records import read_sidecar
from basnet_rt.report.corpus import gather


@pytest.fixture
def late(shared):
    """Sound from second 0, pictures from second 5."""
    return shared / "faults" / "video" / "video_late5s.mp4"


def test_the_sidecar_keeps_where_the_pictures_begin(run_cli, made, late, tmp_path):
    """A player counts from the file's start; the features count from its first picture."""
    done = run_cli("extract", late, "-o", tmp_path / "out", *made.extractor)
    assert done.exit_code == 0, done.stderr
    sidecar = read_sidecar(tmp_path / "out" / "video_late5s.json")
    assert (sidecar.offset, sidecar.duration) == (5.0, pytest.approx(4.0))


def test_results_and_report_keep_it_too(localize, late, tmp_path):
    """From the pixels, from the journal of a killed run, in the page that plays the video."""
    done, _ = localize(late)
    assert done.exit_code == 0, done.stderr
    results = json.loads((tmp_path / "results.json").read_text())
    assert "media_offsets" in json.dumps(results)
    corpus = gather(tmp_path / "results.json", media=[str(late)])
    assert corpus.videos[0].media.offset == 5.0


def test_what_was_moved_is_said(run_cli, made, shared, tmp_path):
    """Where, and by how much; on standard error and in the sidecar."""
    wild = shared / "faults" / "video" / "pts_forward_30s.mp4"
    done = run_cli("extract", wild, "-o", tmp_path / "out", *made.extractor)
    assert done.exit_code == 0, done.stderr
    said = "the picture at second 2.000 is stamped 28.000 s too late"
    assert said in " ".join(done.stderr.split())
    sidecar = read_sidecar(tmp_path / "out" / "pts_forward_30s.json")
    assert said in sidecar.remarks[0]
    assert sidecar.duration == pytest.approx(4.0)


def test_a_stream_by_its_number_has_features_of_its_own(run_cli, made, shared, tmp_path):
    """Also where the first stream's are there already."""
    dual, out = shared / "faults" / "video" / "dual.mp4", tmp_path / "out"
    command = ("extract", dual, "-o", out, *made.extractor)
    assert run_cli(*command).exit_code == 0
    first = np.load(out / "dual.npy")
    done = run_cli(*command, "--stream-index", 1)
    assert done.exit_code == 0, done.stderr
    assert not np.array_equal(np.load(out / "dual.npy"), first)


@pytest.mark.parametrize("name", ["clip.h264", "base.rm", "zerodelay.gif"])
def test_localize_stream_and_folders_judge_alike(run_cli, localize, made, shared, tmp_path, name):
    """By content: once `stream` took these for features, and a folder passed them over."""
    strange = tmp_path / "in" / "strange.xyz"
    strange.parent.mkdir()
    strange.write_bytes((shared / "faults" / "video" / name).read_bytes())
    done, found = localize(strange)
    assert done.exit_code == 0, done.stderr
    _, of_folder = localize(strange.parent)
    assert list(of_folder) == ["strange"]
    streamed = run_cli("stream", strange, "-m", made.bundle, "--all", "--weights", made.weights)
    assert streamed.exit_code == 0, streamed.stderr
    events = [json.loads(line) for line in streamed.stdout.splitlines()]
    finals = sorted(one["segment"] for one in events if one["event"] == "final")
    assert finals == sorted([one.start, one.end] for one in found["strange"])


@pytest.mark.parametrize("command", ["extract", "localize", "stream"])
@pytest.mark.parametrize("as_folder", [False, True])
def test_animated_webp_is_refused_by_its_reason(
    run_cli, made, shared, tmp_path, command, as_folder
):
    """By content, with any ending; `stream` once read it as features."""
    if as_folder and command == "stream":
        return
    folder = tmp_path / "in"
    folder.mkdir()
    shutil.copy(shared / "faults" / "video" / "anim.webp", folder / "anim.xyz")
    options = made.extractor if command == "extract" else ("-m", made.bundle)
    weights = () if command == "extract" else ("--weights", made.weights)
    output = ("-o", tmp_path / "out.json") if command != "stream" else ("--give-up", 0)
    given = folder if as_folder else folder / "anim.xyz"
    done = run_cli(command, given, *options, *weights, *output)
    assert done.exit_code == 1
    assert "is an animated WebP" in " ".join((done.stderr + done.stdout).split())


@pytest.mark.parametrize("command", ["extract", "localize", "stream"])
def test_a_pipe_is_said_to_be_one(run_cli, made, tmp_path, command):
    """None of them waits for a writer."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    options = made.extractor if command == "extract" else ("-m", made.bundle)
    output = ("-o", tmp_path / "out.json") if command != "stream" else ()
    done = run_cli(command, pipe, *options, *output)
    assert done.exit_code != 0
    assert "pipe" in done.stderr


def test_a_container_on_standard_input_is_named(made, shared):
    """Not `channel 13 is nan`."""
    video = (shared / "faults" / "video" / "dual.mp4").read_bytes()
    done = CliRunner().invoke(app, ["stream", "-", "-m", str(made.bundle)], input=video)
    assert done.exit_code == 1
    assert "begins as a video does (MP4 or MOV)" in done.stderr


def test_equal_names_in_different_folders(run_cli, made, tmp_path):
    """`cam1/clip.mp4` and `cam2/clip.mp4` of one folder: named by their paths."""
    for folder in ("cam1", "cam2"):
        (tmp_path / "in" / folder).mkdir(parents=True)
        shutil.copy(made.videos / "b.mp4", tmp_path / "in" / folder / "clip.mp4")
    done = run_cli("extract", tmp_path / "in", "-o", tmp_path / "out", *made.extractor)
    assert done.exit_code == 0, done.stderr
    assert sorted(p.stem for p in (tmp_path / "out").glob("*.npy")) == ["cam1__clip", "cam2__clip"]


def test_what_a_folder_holds_besides_videos(run_cli, made, tmp_path):
    """Resource forks say nothing; unknown files are named; a link to the folder itself ends."""
    folder = tmp_path / "in"
    folder.mkdir()
    shutil.copy(made.videos / "b.mp4", folder / "b.mp4")
    (folder / "._b.mp4").write_bytes(b"\x00\x05\x16\x07fork")
    (folder / "notes.xyz").write_bytes(b"no video")
    (folder / "again").symlink_to(folder)
    done = run_cli("extract", folder, "-o", tmp_path / "out", *made.extractor)
    assert done.exit_code == 0, done.stderr
    assert [p.stem for p in (tmp_path / "out").glob("*.npy")] == ["b"]
    assert "passed over" in done.stderr
    assert "notes.xyz" in "".join(done.stderr.split())


def test_a_long_name_fails_before_decoding(run_cli, made, tmp_path):
    video = tmp_path / ("x" * 240 + ".mp4")
    video.write_bytes(b"never decoded")
    done = run_cli("extract", video, "-o", tmp_path / "out", *made.extractor)
    assert done.exit_code == 1
    assert "240 bytes" in " ".join(done.stderr.split())


def test_a_list_in_utf_16(run_cli, made, tmp_path):
    listed = tmp_path / "list.txt"
    listed.write_text(f"{made.videos / 'b.mp4'}\n", encoding="utf-16")
    done = run_cli("extract", listed, "-o", tmp_path / "out", *made.extractor)
    assert done.exit_code == 0, done.stderr
    assert (tmp_path / "out" / "b.npy").exists()


SECRET = "hunter2"


@pytest.fixture
def guarded(made):
    """The address of a video that wants a password and a token."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def do_GET(self):
            wanted = base64.b64encode(f"admin:{SECRET}".encode()).decode()
            if wanted not in self.headers.get("Authorization", "") or SECRET not in self.path:
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="x"')
                self.send_header("Content-Length", "0")
                self.end_headers()
            else:
                super().do_GET()

        def log_message(self, *_):
            pass

    handler = functools.partial(Handler, directory=made.videos)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        where = f"127.0.0.1:{server.server_address[1]}"
        yield f"http://admin:{SECRET}@{where}/{{}}.mp4?token={SECRET}"
        server.shutdown()


def test_a_run_with_credentials_leaves_none(run_cli, made, guarded, tmp_path):
    """Every file and every line that these commands leave is searched."""
    good, bad = guarded.format("b"), guarded.format("absent")
    weights = ("--weights", made.weights)
    output = ("--output", tmp_path / "events.jsonl", "--give-up", 0)
    told = []
    for one in (good, bad):
        for words in (
            ("extract", one, "-o", tmp_path / "out", *made.extractor, "--json"),
            ("localize", one, "-m", made.bundle, "-o", tmp_path / "r.json", *weights, "--json"),
            ("stream", one, "-m", made.bundle, *weights, *output),
        ):
            done = run_cli(*words)
            assert (done.exit_code == 0) == (one is good), done.stderr
            told.append(done.stdout + done.stderr)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {"b.json", "r.json", "events.jsonl"} <= {path.name for path in files}
    assert [path for path in files if SECRET.encode() in path.read_bytes()] == []
    assert [text for text in told if SECRET in text] == []
