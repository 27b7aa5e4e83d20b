"""Addresses of media: distinguished from files, and shown without secrets."""

from __future__ import annotations

import os
import re
from urllib.parse import unquote

_FILE = "file://"
_USER = re.compile(r"([A-Za-z][\w+.-]*://)[^\s/@][^\s/]*@")
_QUERY = re.compile(r"([A-Za-z][\w+.-]*://[^\s?#'\"]*)[?#][^\s'\"]*")


def is_address(source: object) -> bool:
    """Whether it is `scheme://...` rather than a file; `file://...` is a file."""
    return isinstance(source, str) and "://" in source and not source.startswith(_FILE)


def local_path(source: str | os.PathLike[str]) -> str:
    """A file's path; for a `file://` address its path with escapes decoded."""
    given = os.fspath(source)
    if not given.startswith(_FILE):
        return given
    return unquote(given.removeprefix(_FILE).removeprefix("localhost"))


def shown_source(source: object) -> str:
    """A source for messages and records: an address without user, password and query string.

    These parts may be secret, and messages are kept in logs.
    """
    text = str(source)
    return without_secrets(re.split("[?#]", text)[0]) if is_address(text) else text


def without_secrets(text: str) -> str:
    """The text with `shown_source` applied to every address in it."""
    return _USER.sub(r"\1", _QUERY.sub(r"\1", text))
