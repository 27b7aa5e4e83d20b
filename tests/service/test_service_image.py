"""The root file system of the image, run without any container program: not root, read-only.

`rootfs.sh` is the script that the container file's build stage runs. Not run: the container file
itself, for which there must be a daemon and a network.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest
from service_cases import basnet_rt_client, check_finals, features, run, streamed
from service_process import BUILD, FAKE, REPOSITORY

from patience import HANG

SCRIPT = REPOSITORY / "deploy/image/rootfs.sh"
# In a mount namespace of its own; as root by the host's, else by a user namespace.
NAMESPACE = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--user", "--map-root-user"])]
USER = ["--userspec=65532:65532"] if os.geteuid() == 0 else []
INSIDE = """
set -e
mount --bind "$1" "$1"
mount -o remount,bind,ro "$1"
shift
exec "$@"
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("image") / "root"
    subprocess.run([str(SCRIPT), str(BUILD / FAKE), str(folder)], check=True, timeout=HANG)
    folder.parent.chmod(0o755)
    for above in folder.parents[1:3]:
        above.chmod(0o755)  # the user of the image must get there
    return folder


def in_image(root: Path, *words: str) -> list[str]:
    """A command line that runs the program in the image."""
    change = ["chroot", *USER, str(root), "/usr/bin/basnet_rt_service", *words]
    return [*NAMESPACE, "bash", "-c", INSIDE, "bash", str(root), *change]


def needs_namespaces(root: Path) -> None:
    tried = subprocess.run(in_image(root, "--help"), capture_output=True, text=True, timeout=HANG)
    if tried.returncode != 0 and "Operation not permitted" in tried.stderr:
        pytest.skip(f"no namespaces here: {tried.stderr.strip()}")


def test_the_image_serves_as_nobody_on_a_read_only_root(root):
    needs_namespaces(root)
    rows = features(40, seed=1)
    command = in_image(root, "--listen=127.0.0.1:0")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as service:
        port = json.loads(service.stdout.readline())["port"]
        status = Path(f"/proc/{service.pid}/status").read_text()
        healthy = subprocess.run(in_image(root, "--check-health", f"127.0.0.1:{port}"))

        async def work():
            async with basnet_rt_client.Client(f"127.0.0.1:{port}") as client:
                return await streamed(client, rows)

        events = run(work())
        service.send_signal(signal.SIGTERM)
        assert service.wait(timeout=HANG) == 0
    check_finals(events, rows)
    assert healthy.returncode == 0
    if os.geteuid() == 0:
        assert "Uid:\t65532\t65532\t65532\t65532" in status
    gone = subprocess.run(
        in_image(root, "--check-health", f"127.0.0.1:{port}"), capture_output=True, text=True
    )
    assert (gone.returncode, f"127.0.0.1:{port}: " in gone.stderr) == (1, True)


def test_the_root_of_the_image_cannot_be_written(root):
    needs_namespaces(root)
    command = in_image(root, "--listen=127.0.0.1:0", "--state-folder=/models/states")
    done = subprocess.run(command, capture_output=True, text=True, timeout=HANG)
    assert done.returncode == 1
    assert "--state-folder /models/states cannot be used" in done.stderr


def test_the_image_holds_the_program_and_its_libraries_alone(root):
    names = {path.name for path in root.rglob("*") if path.is_file()}
    others = {name for name in names if ".so" not in name}
    assert others == {"basnet_rt_service", "passwd", "group", "nsswitch.conf"}
    assert not any(path.stat().st_mode & 0o6000 for path in root.rglob("*"))  # set-user-id


def test_an_image_is_not_made_over_another(root):
    again = subprocess.run(
        [str(SCRIPT), str(BUILD / FAKE), str(root)], capture_output=True, text=True
    )
    assert (again.returncode, "is not empty" in again.stderr) == (1, True)
