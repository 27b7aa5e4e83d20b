"""Addresses of media: distinguished from files, and shown without secrets."""

from __future__ import annotations

import os
import re
from urllib.parse import unquote

_FILE = "file://"
_SCHEME = r"[A-Za-z][\w+.-]+:/{1,2}"  # a path has lost one of the two
_USER = re.compile(rf"({_SCHEME})(?:[^\s/@][^\s/]*|[^\s/@:]+:[^/@'\"\n]*)@")
_QUERY = re.compile(rf"({_SCHEME}[^\s?#'\"]*)[?#][^\s'\"]*?(?=[:;,]?(?:[\s'\"]|$))")


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
    if not is_address(text):
        return text
    scheme, _, rest = text.partition("://")
    return f"{scheme}://{_without_user(rest)}"


def without_secrets(text: str) -> str:
    """The text with `shown_source` applied to every address in it."""
    return _USER.sub(r"\1", _QUERY.sub(r"\1", text))


def names_user(address: str) -> bool:
    """Whether an address names a user."""
    rest = address.partition("://")[2]
    return re.split("[?#]", rest)[0] != _without_user(rest)


def _without_user(rest: str) -> str:
    """Host and path of an address, without the user; passwords may hold any character."""
    authority = re.split("[/?#]", rest, maxsplit=1)[0]
    before_query = re.split("[?#]", rest, maxsplit=1)[0]
    if rest.startswith("@"):  # a group of receivers: udp://@239.0.0.1:1234
        return before_query
    if "@" in authority:
        return before_query.rpartition("@")[2]
    _, colon, port = authority.rpartition(":")
    is_host = not colon or port.isdigit() or authority.startswith("[")
    if is_host or "@" not in rest:
        return before_query
    return re.split("[?#]", rest.rpartition("@")[2])[0]  # the password holds a / or ? or #
