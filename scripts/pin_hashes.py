"""Writes the hash of every file in pip's indexes for each version in constraints.txt.

    .venv/bin/python scripts/pin_hashes.py [constraints.txt]

Versions do not change; the head of the file says how they are chosen. All files of a version are
listed, for every platform and from every index in pip's configuration, so the same list can be used
on other machines. Files are looked up by pip, with its configuration.

One exception: if there is a local build, such as torch's `+cpu`, other files for its system are
left out. pip would prefer them, because the index has their hashes, and those of torch need
packages of CUDA that are not pinned.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from packaging.utils import InvalidWheelFilename, parse_sdist_filename, parse_wheel_filename
from packaging.version import InvalidVersion, Version
from pip._internal.commands import create_command
from pip._internal.index.collector import parse_links
from pip._internal.models.link import Link

REPOSITORY = Path(__file__).resolve().parents[1]
ENDINGS = (".whl", ".tar.gz", ".zip")


class Index:
    """All indexes in pip's configuration."""

    def __init__(self) -> None:
        command = create_command("download")
        options, _ = command.parse_args([])
        self._context = command.main_context()
        self._context.__enter__()
        session = command.get_default_session(options)
        self._finder = command._build_package_finder(options, session)

    def hashes(self, package: str, version: str) -> set[str]:
        """`sha256:...` of each file of that version, including local builds (`+cpu`)."""
        of_it = [one for one in self._links(package) if _is_of(one.filename, version)]
        systems = {_system(one.filename) for one in of_it if _is_local(one.filename)}
        wanted = [
            one
            for one in of_it
            if not one.is_yanked
            and (_is_local(one.filename) or _system(one.filename) not in systems)
        ]
        return {f"sha256:{_sha256(one)}" for one in wanted}

    def _links(self, package: str) -> Iterator[Link]:
        for url in self._finder.search_scope.get_index_urls_locations(package):
            page = self._finder._link_collector.fetch_response(Link(url))
            if page is not None:
                yield from parse_links(page)
        for folder in map(Path, self._finder.find_links):
            wanted = re.sub(r"[-_.]+", "_", package).lower()
            for file in folder.iterdir() if folder.is_dir() else ():
                if re.sub(r"[-.]+", "_", file.name).lower().startswith(f"{wanted}_"):
                    yield Link(file.resolve().as_uri())


def _version(filename: str) -> Version | None:
    """The version in a file name; None if it is not a distribution."""
    try:
        if filename.endswith(".whl"):
            return parse_wheel_filename(filename)[1]
        return parse_sdist_filename(filename)[1] if filename.endswith(ENDINGS) else None
    except (InvalidWheelFilename, InvalidVersion, ValueError):
        return None


def _is_of(filename: str, version: str) -> bool:
    found = _version(filename)
    return found is not None and found.public == Version(version).public


def _is_local(filename: str) -> bool:
    found = _version(filename)
    return found is not None and found.local is not None


def _system(filename: str) -> str:
    """Such as "linux"; a wheel's last tag begins with it."""
    tag = filename.removesuffix(".whl").rsplit("-", 1)[-1]
    return next((name for name in ("linux", "macosx", "win") if name in tag), tag)


def _sha256(link: Link) -> str:
    known = link.as_hashes()._allowed.get("sha256") if link.as_hashes() else None
    if known:
        return known[0]
    if not link.is_file:
        raise SystemExit(f"{link.filename}: the index names no sha256")
    return hashlib.sha256(Path(link.file_path).read_bytes()).hexdigest()


def main() -> None:
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else REPOSITORY / "constraints.txt"
    text = path.read_text(encoding="utf-8")
    head = [line for line in text.splitlines() if line.startswith("#")]
    pins = re.findall(r"^([\w.-]+)==([^\s\\]+)", text, re.MULTILINE)
    index, lines = Index(), []
    for package, version in pins:
        found = sorted(index.hashes(package, version))
        if not found:
            raise SystemExit(f"{package}=={version}: no file of it is offered")
        lines.append(" \\\n".join([f"{package}=={version}", *(f"    --hash={h}" for h in found)]))
        print(f"{package}=={version}: {len(found)} files", file=sys.stderr)
    path.write_text("\n".join([*head, *lines]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
