"""A system that gives no more threads costs time and nothing else; it must not end the process."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

# A thread's stack is address space: with no more than a few of them left, most cannot start.
PROGRAM = """
import resource, sys
from ctypes import byref, c_void_p
import numpy as np
from c_library import CApi, Video, config_of, video_of
from basnet_rt import PostprocessConfig

api = CApi(sys.argv[1])
config = config_of(api, PostprocessConfig.continuous(gate="none"))
cas = np.random.default_rng(1).random((20, 2)).astype(np.float32)
videos = (Video * 600)(*(video_of(cas, None, snippet_seconds=1.0) for _ in range(600)))
found = (c_void_p * 600)()
with open("/proc/self/statm") as file:
    used = int(file.read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 100 * 2**20, resource.RLIM_INFINITY))
api.checked("postprocess_batch", videos, 600, config, 500, found)
print({api.detections_size(handle) for handle in found})
"""


def test_a_batch_on_more_threads_than_the_system_gives(library: Path):
    command = [sys.executable, "-c", PROGRAM, str(library)]
    # One arena: each of glibc's would take address space, by chance all that threads have left.
    environment = {**os.environ, "MALLOC_ARENA_MAX": "1"}
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=Path(__file__).parent, env=environment
    )
    assert done.returncode == 0, done.stderr
    (size,) = ast.literal_eval(done.stdout)
    assert size > 5
