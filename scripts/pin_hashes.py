"""Writes the hash of every file that pip's indexes offer for each version of constraints.txt.

    .venv/bin/python scripts/pin_hashes.py [constraints.txt]

Versions stay as they are; the head of the file says how they are chosen. All files of a version are
listed, of every platform and of every place that pip's configuration names, so the same list serves
on other machines. Looking up goes through pip, with its configuration.
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
    """All places that pip looks at, as it is configured here."""

    def __init__(self) -> None:
        command = create_command("download")
        options, _ = command.parse_args([])
        self._context = command.main_context()
        self._context.__enter__()
        session = command.get_default_session(options)
        self._finder = command._build_package_finder(options, session)

    def hashes(self, package: str, version: str) -> set[str]:
        """`sha256:...` of each file of that version, of local builds of it too (`+cpu`)."""
        of_it = (link for link in self._links(package) if _is_of(link.filename, version))
        return {f"sha256:{_sha256(link)}" for link in of_it if not link.is_yanked}

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


def _is_of(filename: str, version: str) -> bool:
    try:
        if filename.endswith(".whl"):
            found = parse_wheel_filename(filename)[1]
        elif filename.endswith(ENDINGS):
            found = parse_sdist_filename(filename)[1]
        else:
            return False
    except (InvalidWheelFilename, InvalidVersion, ValueError):
        return False
    return found == Version(version) or found.public == str(Version(version))


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
