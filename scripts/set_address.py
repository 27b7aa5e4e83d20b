"""Writes the address of publication into this checkout, for a release.

    python scripts/set_address.py ADDRESS [TAG]

ADDRESS is that of the repository, without a slash at its end; TAG is the target of links (main).
The project's addresses go into pyproject.toml, the site's into mkdocs.yml, and links of README.md
to files become absolute, because PyPI shows only that page.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
PICTURES = (".png", ".jpg", ".svg", ".gif")


def absolute_links(text: str, address: str, tag: str) -> str:
    """The page with absolute links to files of the repository at `tag`."""

    def whole(match: re.Match[str]) -> str:
        target = match[1]
        if "://" in target or target.startswith(("#", "mailto:")):
            return match[0]
        kind = "raw" if target.lower().endswith(PICTURES) else "blob"
        return f"]({address}/{kind}/{tag}/{target})"

    return re.sub(r"\]\(([^)\s]+)\)", whole, text)


def project_urls(address: str, tag: str) -> str:
    owner, name = address.rsplit("/", 2)[1:]
    site = f"https://{owner}.github.io/{name}/"
    return (
        "[project.urls]\n"
        f'Repository = "{address}"\n'
        f'Documentation = "{site}"\n'
        f'Changelog = "{address}/blob/{tag}/CHANGELOG.md"\n'
        f'Issues = "{address}/issues"\n\n'
    )


def main(address: str, tag: str = "main", root: Path = REPOSITORY) -> None:
    if not re.fullmatch(r"https://[\w.-]+/[\w.-]+/[\w.-]+", address):
        raise SystemExit(f"{address!r} is no address of a repository: https://HOST/OWNER/NAME")
    project, readme, site = (root / f for f in ("pyproject.toml", "README.md", "mkdocs.yml"))
    text = project.read_text(encoding="utf-8")
    if "[project.urls]" in text:
        raise SystemExit(f"{project} has its addresses already")
    before, heading, after = text.partition("[project.scripts]\n")
    project.write_text(before + project_urls(address, tag) + heading + after, encoding="utf-8")
    page = readme.read_text(encoding="utf-8")
    readme.write_text(absolute_links(page, address, tag), encoding="utf-8")
    owner, name = address.rsplit("/", 2)[1:]
    lines = f"site_url: https://{owner}.github.io/{name}/\nrepo_url: {address}\n"
    text = site.read_text(encoding="utf-8")
    site.write_text(text.replace("docs_dir:", f"{lines}docs_dir:", 1), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
