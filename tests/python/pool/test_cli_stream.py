"""`basnet-rt stream`: events, sources, and going on after a kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import numpy as np
import pool_cases
import pytest

import basnet_rt
from patience import HANG, wait_for

ROWS = pool_cases.features(80, 11)
COMMAND = [sys.executable, "-m", "basnet_rt", "stream"]


@pytest.fixture
def run_cli():
    from typer.testing import CliRunner

    from basnet_rt.cli.app import app

    def run(*arguments, data: bytes = b""):
        command = ["stream", *map(str, arguments)]
        return CliRunner().invoke(app, command, input=data, catch_exceptions=False)

    return run


def events(text: str, kind: str | None = None) -> list[dict]:
    found = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    return found if kind is None else [one for one in found if one["event"] == kind]


def want(model, rows=ROWS) -> list[dict]:
    localizer = basnet_rt.StreamingLocalizer(model)
    found = []
    for row in rows:
        found += localizer.push(row[None]).to_records()
    return found + localizer.finish().to_records()


def records(found: list[dict]) -> list[dict]:
    return [{key: one[key] for key in ("label", "score", "segment")} for one in found]


def npy(rows: np.ndarray) -> bytes:
    import io

    buffer = io.BytesIO()
    np.save(buffer, rows)
    return buffer.getvalue()


@pytest.mark.parametrize("data", [ROWS.tobytes(), npy(ROWS)], ids=["raw", "npy"])
def test_standard_input_gives_the_finals_of_a_streaming_localizer(run_cli, bundle, model, data):
    done = run_cli("-m", bundle, "--alarm", "0.5", "--pending", "--all", data=data)
    assert done.exit_code == 0, done.output
    finals = events(done.stdout, "final")
    assert len(finals) > 3
    assert records(finals) == want(model)
    numbered = [one["sequence"] for one in events(done.stdout) if "sequence" in one]
    assert numbered == list(range(len(numbered)))
    assert {one["event"] for one in events(done.stdout)} == {
        *("start", "onset", "final", "pending", "end")
    }


@pytest.mark.parametrize("rows", [1, 7])
def test_finals_are_the_events_of_the_whole_however_it_is_cut(run_cli, bundle, model, rows):
    """Catches events that are chosen by push, so that a cut changes them."""
    done = run_cli("-m", bundle, "--chunk", rows, data=ROWS.tobytes())
    assert done.exit_code == 0, done.output
    finals = records(events(done.stdout, "final"))
    whole = basnet_rt.Localizer(model)(ROWS)
    assert sorted(finals, key=str) == sorted(whole.events().to_records(), key=str)
    assert 0 < len(finals) < len(whole)


def test_files_are_streams_of_their_own(run_cli, bundle, model, tmp_path):
    paths = [tmp_path / "a.npy", tmp_path / "b.raw", tmp_path / "c.npz"]
    np.save(paths[0], ROWS[:30].astype(np.float64))
    paths[1].write_bytes(ROWS[30:60].tobytes())
    np.savez(paths[2], features=ROWS[60:])
    done = run_cli(*paths, "-m", bundle, "--all")
    assert done.exit_code == 0, done.output
    for i, name in enumerate("abc"):
        own = [one for one in events(done.stdout, "final") if one["video"] == name]
        assert records(own) == want(model, ROWS[[0, 30, 60][i] : [30, 60, 80][i]])
    assert [one["snippets"] for one in events(done.stdout, "end")] == [30, 30, 20]


def test_realtime_gives_each_snippet_when_it_ends(monkeypatch):
    from basnet_rt.cli.stream import sources as stream_sources

    clock = [50.0]
    monkeypatch.setattr(stream_sources.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(stream_sources.time, "sleep", lambda s: clock.__setitem__(0, clock[0] + s))

    class Memory:
        name, starts_over = "x", True

        def read(self, count):
            return ROWS[:count]

    source = stream_sources.Paced(Memory(), 0.64)
    source.read(1)
    assert clock[0] == pytest.approx(50.64)
    clock[0] += 0.5  # computing takes time; the next is due all the same
    source.read(2)
    assert clock[0] == pytest.approx(50.0 + 3 * 0.64)


def start(*arguments, **options) -> subprocess.Popen:
    command = [*COMMAND, *map(str, arguments)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, env=environment, **pipes, **options)


def test_killed_and_resumed_nothing_is_lost_and_nothing_twice(run_cli, bundle, model, tmp_path):
    """kill -9 between two saved states, with events already written after the first."""
    state, output = tmp_path / "s.json", tmp_path / "e.jsonl"
    options = ("-m", bundle, "--save-state", state, "--save-every", 20, "-o", output, "--all")
    first = start(*options)
    first.stdin.write(ROWS[:55].tobytes())
    first.stdin.flush()
    expected = want(model)
    before = sum(1 for one in want_before(model, 54))
    wait_for(lambda: output.exists() and len(events(output.read_text(), "final")) >= before)
    first.kill()
    first.communicate()
    done = run_cli(*options, "--resume", "--replay", data=ROWS.tobytes())
    assert done.exit_code == 0, done.output
    text = output.read_text()
    assert events(text, "resumed")[0]["snippet"] == 40
    finals = events(text, "final")
    assert records(finals) == expected
    assert [one["sequence"] for one in finals] == list(range(len(finals)))
    again = run_cli(*options, "--resume", data=b"")
    assert again.exit_code == 0
    assert output.read_text() == text


@pytest.fixture
def interrupted(bundle, tmp_path):
    """Options of a run of a.raw that was killed, with events and a state."""
    (tmp_path / "a.raw").write_bytes(ROWS[:50].tobytes())
    options = ["-m", bundle, "--save-state", tmp_path / "s.json", "--all"]
    process = start(tmp_path / "a.raw", *options, "-o", tmp_path / "e.jsonl", "--follow",
                    "--save-every", "1")  # fmt: skip
    state = tmp_path / "s.json"
    wait_for(lambda: state.exists() and json.loads(state.read_text())["snippet"] == 50)
    process.kill()
    process.communicate()
    return [*options, "--resume"]


@pytest.mark.parametrize("there", [True, False])
def test_another_file_of_events_is_not_cut(run_cli, interrupted, tmp_path, there):
    other = tmp_path / "other.jsonl"
    if there:
        other.write_text('{"event": "start", "video": "of another run"}\n' * 200)
    before = other.read_bytes() if there else None
    done = run_cli(tmp_path / "a.raw", *interrupted, "-o", other)
    assert done.exit_code == 1
    said = " ".join(done.output.split())
    assert ("begins otherwise than when the state was saved" if there else "is not there") in said
    assert "give the file of that run" in said
    assert (other.read_bytes() if other.exists() else None) == before


def test_the_state_of_another_input_is_refused(run_cli, interrupted, tmp_path):
    (tmp_path / "b.raw").write_bytes(ROWS.tobytes())
    before = (tmp_path / "e.jsonl").read_bytes()
    done = run_cli(tmp_path / "b.raw", *interrupted, "-o", tmp_path / "e.jsonl")
    assert done.exit_code == 1
    assert "saved in a run of a.raw; this run has b.raw: give those" in " ".join(
        done.output.split()
    )
    assert (tmp_path / "e.jsonl").read_bytes() == before


@pytest.mark.parametrize("option", ["-o", "--save-state"])
def test_an_input_is_never_replaced(run_cli, bundle, tmp_path, option):
    path = tmp_path / "a.npy"
    path.write_bytes(npy(ROWS))
    done = run_cli(path, "-m", bundle, option, path)
    assert done.exit_code == 1
    assert "a.npy: is an input, which would be lost" in " ".join(done.output.split())
    assert path.read_bytes() == npy(ROWS)


def test_one_of_several_inputs_is_named(run_cli, bundle, tmp_path):
    for name, rows in (("a", ROWS), ("b", np.where(np.arange(80)[:, None] == 3, np.nan, ROWS))):
        np.save(tmp_path / f"{name}.npy", rows.astype(np.float32))
    done = run_cli(tmp_path / "a.npy", tmp_path / "b.npy", "-m", bundle)
    assert done.exit_code == 1
    assert "b: features: snippet 3, channel 0 is nan" in " ".join(done.output.split())


def want_before(model, count: int) -> list[dict]:
    localizer = basnet_rt.StreamingLocalizer(model)
    return [r for row in ROWS[:count] for r in localizer.push(row[None]).to_records()]


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize("kind", ["finish", "save"])
def test_ctrl_c_ends_cleanly_while_a_file_is_followed(run_cli, bundle, model, tmp_path, kind):
    """The header of the growing .npy says fewer rows than there are."""
    path, state = tmp_path / "grows.npy", tmp_path / "s.json"
    path.write_bytes(npy(ROWS[:10]) + ROWS[10:50].tobytes() + b"abc")
    output = tmp_path / "e.jsonl"
    options = [path, "-m", bundle, "-o", output, "--save-state", state, "--on-interrupt", kind]
    options += ["--all"]
    process = start(*options, "--follow", "--save-every", 1)
    wait_for(lambda: state.exists() and json.loads(state.read_text())["snippet"] == 50)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=HANG)
    assert process.returncode == 0, errors
    if kind == "finish":
        assert records(events(output.read_text(), "final")) == want(model, ROWS[:50])
        return
    assert b"--resume" in errors
    path.write_bytes(npy(ROWS[:10]) + ROWS[10:].tobytes())
    done = run_cli(*options, "--follow", "--idle", "0.2", "--save-every", 1, "--resume")
    assert done.exit_code == 0, done.output
    assert records(events(output.read_text(), "final")) == want(model)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--feature-dim", "9"], "--feature-dim 9"),
        (["--resume"], "need --save-state"),
        (["--on-interrupt", "explode"], "expected finish or save"),
        (["--follow"], "--follow: give one file"),
        (["absent.npy"], "absent.npy: no such file"),
        (["--set", "nms_iou=7"], "nms_iou"),
        (["--chunk", "0"], "chunk"),
        (["--hold", "2"], "--hold does nothing without --alarm"),
        (["--replay"], "--replay does nothing without --resume"),
        (["--idle", "2"], "--idle does nothing without --follow"),
    ],
)
def test_wrong_usage_is_exit_code_2(run_cli, bundle, options, message):
    done = run_cli("-m", bundle, *options)
    assert done.exit_code == 2
    assert message in done.output


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (ROWS.tobytes()[:-3], "ends within a snippet: 29 of 32 bytes"),
        (np.full((1, 8), np.nan, np.float32).tobytes(), "snippet 0, channel 0 is nan"),
        (npy(ROWS[:, :5]), "expected floating point (N, 8)"),
        (npy(ROWS)[:20], "not a whole .npy header"),
    ],
)
def test_bad_input_is_exit_code_1(run_cli, bundle, data, message):
    done = run_cli("-m", bundle, data=data)
    assert done.exit_code == 1
    assert message in done.output


WAY_OUT = "remove the file to start anew, or give another to --save-state"


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"format": "basnet_rt.stream_state"}'])
def test_a_foreign_state_is_refused(run_cli, bundle, tmp_path, content):
    state = tmp_path / "s.json"
    state.write_text(content)
    done = run_cli("-m", bundle, "--save-state", state, "--resume")
    assert done.exit_code == 1
    assert "not a state" in done.output
    assert WAY_OUT in " ".join(done.output.split())
    assert state.read_text() == content


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"snippet": "x"}, "snippet is 'x'; it must be a whole number"),
        ({"sequence": -1}, "sequence is -1; it must be a whole number"),
        ({"source": True}, "source is True"),
        ({"written": int("9" * 400)}, "written is 999"),
        ({"done": 0}, "done is 0; it must be true or false"),
        ({"started": "yesterday"}, "started is 'yesterday'; it must be a time"),
        ({"version": 9}, "it has version 9; this program reads 1"),
        ({"localizer": "?"}, "not a state"),
        ({"localizer": "QUJD"}, "cannot be continued"),
        ({"extra": 1}, "extra"),
    ],
)
def test_a_damaged_state_is_refused_with_a_way_out(run_cli, bundle, tmp_path, change, part):
    state = tmp_path / "s.json"
    options = ("-m", bundle, "--save-state", state, "-o", tmp_path / "e.jsonl")
    assert run_cli(*options, data=ROWS[:9].tobytes()).exit_code == 0
    content = json.loads(state.read_text())
    state.write_text(json.dumps({**content, "done": False, **change}))
    done = run_cli(*options, "--resume", data=ROWS.tobytes())
    assert done.exit_code == 1
    said = " ".join(done.output.split())
    assert part in said
    assert WAY_OUT in said
    state.write_bytes(state.read_bytes()[:-50])
    done = run_cli(*options, "--resume", data=ROWS.tobytes())
    assert WAY_OUT in " ".join(done.output.split())


def test_the_live_view_draws_and_events_go_to_the_file(run_cli, bundle, tmp_path):
    output = tmp_path / "e.jsonl"
    done = run_cli("-m", bundle, "--live", "-o", output, data=ROWS.tobytes())
    assert done.exit_code == 0, done.output
    assert "final, newest first" in done.stdout
    assert len(events(output.read_text(), "final")) > 3


def test_a_consumer_that_leaves_is_no_crash(bundle):
    process = start("-m", bundle)
    process.stdout.close()
    process.stdin.write(ROWS.tobytes())
    process.stdin.close()
    with process.stderr as stream:
        errors = stream.read()
    assert process.wait(40) == 1
    assert b"Traceback" not in errors
