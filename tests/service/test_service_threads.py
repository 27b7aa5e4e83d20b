"""Sessions, engine and kept states under many threads; ThreadSanitizer sees all of it."""

from __future__ import annotations

import os
import subprocess

from service_process import BUILD

from patience import HANG


def test_streams_from_many_threads_are_each_whole():
    """Under sanitizers also: no race, no leak; without suppressions."""
    program = BUILD / "session_threads"
    bare = {**os.environ, "TSAN_OPTIONS": ""}
    done = subprocess.run([str(program)], capture_output=True, text=True, timeout=HANG, env=bare)
    assert done.returncode == 0, done.stderr[-5000:]
    assert "Sanitizer" not in done.stderr
