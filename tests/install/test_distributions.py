"""What is in the wheel and the sdist: everything that is needed, and nothing else."""

from __future__ import annotations

import json
import platform
import re
import subprocess
import sys
import tarfile
import zipfile
from email import message_from_bytes
from pathlib import Path

from install.device_code import device_code
from install.environments import REPOSITORY, Distributions

SOURCE_FOLDERS = ("cmake", "csrc", "python", "training")


def source_files(folder: str) -> set[str]:
    """Files below a folder of the repository, by path from its root."""
    found = (p for p in (REPOSITORY / folder).rglob("*") if p.is_file())
    return {
        p.relative_to(REPOSITORY).as_posix()
        for p in found
        if "__pycache__" not in p.parts and p.suffix not in {".pyc", ".so"}
    }


def cpp_files() -> set[str]:
    """What of the C++ library a wheel brings: headers, core, engine, component torch as sources."""
    package = "basnet_rt/cpp/lib/cmake/basnet_rt"
    files = {f.removeprefix("csrc/") for f in source_files("csrc/include")}
    wanted = {f"basnet_rt/cpp/{f}" for f in files if "/c_" not in f}
    wanted |= {f"{package}/{f.removeprefix('csrc/')}" for f in source_files("csrc/src/torch")}
    names = ["config", "config-version", "torch"]
    libraries = []
    for name in ("core", "engine"):
        names += [f"{name}-targets", f"{name}-targets-release"]
        libraries += [f"libbasnet_rt_{name}.a", f"pkgconfig/basnet_rt_{name}.pc"]
    wanted |= {f"{package}/basnet_rt-{name}.cmake" for name in names}
    return wanted | {f"basnet_rt/cpp/lib/{name}" for name in libraries}


def wheel_files(distributions: Distributions) -> dict[str, int]:
    with zipfile.ZipFile(distributions.wheel) as wheel:
        return {info.filename: info.file_size for info in wheel.infolist()}


def extension(distributions: Distributions, folder: Path) -> Path:
    """The compiled module, taken out of the wheel."""
    (inside,) = (f for f in wheel_files(distributions) if f.endswith(".so"))
    with zipfile.ZipFile(distributions.wheel) as wheel:
        return Path(wheel.extract(inside, folder))


def readelf(*arguments: str | Path) -> str:
    command = ["readelf", "--wide", *(str(argument) for argument in arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_sdist_holds_the_sources_and_nothing_else(distributions: Distributions):
    with tarfile.open(distributions.sdist) as sdist:
        root = distributions.sdist.name.removesuffix(".tar.gz") + "/"
        there = {m.name.removeprefix(root) for m in sdist.getmembers() if m.isfile()}
    wanted = {"PKG-INFO", "CHANGELOG.md", "CMakeLists.txt", "LICENSE", "README.md"}
    wanted |= {"THIRD_PARTY.txt", "pyproject.toml"}.union(
        *(source_files(folder) for folder in SOURCE_FOLDERS)
    )
    assert there == wanted


def test_wheel_holds_the_packages_and_nothing_else(distributions: Distributions):
    files = wheel_files(distributions)
    packages = {f for f in files if ".dist-info/" not in f}
    wanted = {f.removeprefix("python/") for f in source_files("python")}
    wanted |= {
        f.removeprefix("training/").replace("configs/", "basnet_training/configs/", 1)
        for f in source_files("training")
    }
    wanted |= cpp_files()
    (compiled,) = packages - wanted
    assert compiled.startswith("basnet_rt/_core.")
    assert compiled.endswith(".so")
    assert wanted - packages == set()
    assert {"basnet_rt/py.typed", "basnet_rt/_core.pyi"} <= packages
    assert any(f.endswith("thumos14.yaml") for f in packages)
    licences = {f.rsplit("/", 1)[1] for f in files if ".dist-info/licenses/" in f}
    assert licences == {"LICENSE", "THIRD_PARTY.txt"}


def test_wheel_asks_for_numpy_alone(distributions: Distributions):
    with zipfile.ZipFile(distributions.wheel) as wheel:
        (inside,) = (f for f in wheel.namelist() if f.endswith(".dist-info/METADATA"))
        metadata = message_from_bytes(wheel.read(inside))
    needed = [r for r in metadata.get_all("Requires-Dist", []) if "extra ==" not in r]
    assert [r.split(">")[0] for r in needed] == ["numpy"]


def test_extension_links_the_system_only(distributions: Distributions, tmp_path: Path):
    """Catches a wheel that is bound to one torch, one Python library or a build folder."""
    dynamic = readelf("--dynamic", extension(distributions, tmp_path)).splitlines()
    needed = {line.split("[")[1].split(".so")[0] for line in dynamic if "(NEEDED)" in line}
    allowed = {"libstdc++", "libm", "libgcc_s", "libc", "libpthread", "ld-linux-x86-64"}
    assert needed - allowed - {"ld-linux-aarch64"} == set()
    assert not [line for line in dynamic if "RPATH" in line or "RUNPATH" in line]


def newest(needed: str, library: str) -> tuple[int, ...]:
    """The newest version of that library's symbols that `readelf --version-info` shows."""
    found = re.findall(rf"Name: {library}_([0-9.]+)", needed)
    return max((tuple(map(int, version.split("."))) for version in found), default=())


def test_extension_runs_on_glibc_2_28(distributions: Distributions, tmp_path: Path):
    """Catches a call that takes a newer symbol from this machine: csrc/bindings/old_glibc.cpp has
    no such name yet. The wheel of test machines with an older glibc passes by itself."""
    needed = readelf("--version-info", extension(distributions, tmp_path))
    assert newest(needed, "GLIBC") <= (2, 28)
    assert newest(needed, "GCC") <= (7, 0, 0)
    assert newest(needed, "GLIBCXX") == newest(needed, "CXXABI") == ()


def test_auditwheel_names_it_for_many_machines(distributions: Distributions, tmp_path: Path):
    """Catches a wheel that an index would not take. It is not changed but for its name."""
    wanted = f"manylinux_2_28_{platform.machine()}"
    command = [sys.executable, "-m", "auditwheel", "repair", "--plat", wanted, "-w", tmp_path]
    done = subprocess.run(
        [str(part) for part in [*command, distributions.wheel]], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    (repaired,) = tmp_path.glob("*.whl")
    assert wanted in repaired.name
    with zipfile.ZipFile(repaired) as wheel:
        files = [f for f in wheel.namelist() if not f.endswith("/")]
    inside = {f for f in files if ".dist-info/" not in f}
    assert inside == {f for f in wheel_files(distributions) if ".dist-info/" not in f}


def test_the_wheel_lists_what_it_was_compiled_of(distributions: Distributions):
    with zipfile.ZipFile(distributions.wheel) as wheel:
        (inside,) = (f for f in wheel.namelist() if "/sboms/" in f)
        listed = json.loads(wheel.read(inside))
    assert listed["bomFormat"] == "CycloneDX"
    assert listed["metadata"]["component"]["version"] in inside
    assert all(part["version"] for part in listed["components"])
    assert {part["name"] for part in listed["components"]} == {"pybind11", "libstdc++"}


def test_extension_shows_one_name_and_carries_no_symbol_table(
    distributions: Distributions, tmp_path: Path
):
    module = extension(distributions, tmp_path)
    symbols = readelf("--dyn-syms", module).splitlines()
    shown = [s.split()[-1] for s in symbols if " GLOBAL " in s or " WEAK " in s if " UND " not in s]
    assert shown == ["PyInit__core"]
    assert ".symtab" not in readelf("--sections", module)


def test_the_wheel_has_no_device_code_unless_asked(distributions: Distributions, tmp_path: Path):
    """Catches a build that finds nvcc by itself: minutes and megabytes that few can use."""
    assert device_code(extension(distributions, tmp_path).read_bytes()) == set()


def test_extension_and_wheel_are_small(distributions: Distributions, tmp_path: Path):
    """A jump in size means that something was linked in or packed that should not be; 0.6 MB of the
    extension are the C++ library."""
    assert extension(distributions, tmp_path).stat().st_size < 2_400_000
    assert distributions.wheel.stat().st_size < 2_500_000
