"""Parts of the C++ build that Python tests load, built where they are not."""

from __future__ import annotations

import fcntl
import subprocess
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
FOLDER = REPOSITORY / "build/cpp"


def built(target: str) -> Path:
    """lib<target>.so, from the build folder of the C++ tests: after `make test-cpp` nothing
    compiles here."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    settings = ["-DCMAKE_BUILD_TYPE=Release", "-DBASNET_RT_TESTS=ON", "-DBASNET_RT_WERROR=ON"]
    if not (FOLDER / "CMakeCache.txt").exists():
        settings.append("-DBASNET_RT_CUDA=OFF")  # needed by neither library
    configure = ["cmake", "-S", str(REPOSITORY), "-B", str(FOLDER), "-G", "Ninja", *settings]
    with (FOLDER / ".build_lock").open("w") as lock:  # test processes run side by side
        fcntl.flock(lock, fcntl.LOCK_EX)
        for command in (configure, ["cmake", "--build", str(FOLDER), "--target", target]):
            done = subprocess.run(command, capture_output=True, text=True)
            assert done.returncode == 0, done.stdout + done.stderr
    return FOLDER / f"lib{target}.so"
