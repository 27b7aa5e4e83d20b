"""Size, start time and memory of the service's image, without a container program.

    python -m bench.service.image [--service PROGRAM] [--markdown]

`deploy/image/rootfs.sh` makes the root file system; the program runs in it by `chroot` in a mount
namespace, so this needs root. The network is a default-size one (F = 2560, 20 classes, float32).
--markdown writes the table into deploy/README.md.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
from pathlib import Path

from bench.service.load_inputs import made_bundle
from bench.tables import REPOSITORY, machine, markdown_table, publish, spread

ROUNDS = 7
INSIDE = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && shift && exec "$@"'


def started(root: Path, words: list[str]) -> tuple[float, float]:
    """Milliseconds until it listens, and MiB resident then."""
    change = ["chroot", "--userspec=65532:65532", str(root), "/usr/bin/basnet_rt_service", *words]
    command = ["unshare", "--mount", "bash", "-c", INSIDE, "bash", str(root), *change]
    begin = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as service:
        assert service.stdout is not None
        json.loads(service.stdout.readline())
        milliseconds = (time.perf_counter() - begin) * 1000
        status = Path(f"/proc/{service.pid}/status").read_text()
        service.terminate()
    resident = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return milliseconds, int(resident.split()[1]) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--service", type=Path, default=REPOSITORY / "build/service/basnet_rt_service"
    )
    parser.add_argument("--markdown", action="store_true", help="write the table into the README")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        root = folder / "root"
        script = REPOSITORY / "deploy/image/rootfs.sh"
        subprocess.run([str(script), str(options.service), str(root)], check=True)
        files = [path for path in root.rglob("*") if path.is_file()]
        sizes = sum(path.stat().st_size for path in files) / 2**20
        program = (root / "usr/bin/basnet_rt_service").stat().st_size / 2**20
        bundle = made_bundle(root / "models/model.pt")
        bundle.chmod(0o644)
        megabytes = bundle.stat().st_size / 2**20
        words = ["--bundle=/models/model.pt", "--listen=127.0.0.1:0", "--grace=0"]
        runs = [started(root, words) for _ in range(ROUNDS)]
    rows = [
        ("files", str(len(files))),
        ("size of the image, uncompressed", f"{sizes:.1f} MiB"),
        ("of that the program", f"{program:.1f} MiB"),
        (
            f"until it listens, with a bundle of {megabytes:.0f} MiB",
            f"{spread([milliseconds for milliseconds, _ in runs], 0)} ms",
        ),
        ("resident memory then", f"{spread([resident for _, resident in runs], 0)} MiB"),
    ]
    note = f"{machine()}; the machine was shared. Median of {ROUNDS} starts."
    text = f"{note}\n\n{markdown_table(('what', 'measured'), rows)}"
    publish(REPOSITORY / "deploy/README.md", "image", text, write=options.markdown)


if __name__ == "__main__":
    main()
