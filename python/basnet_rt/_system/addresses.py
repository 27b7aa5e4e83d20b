"""Addresses of media: distinguished from files, and shown without secrets."""

from __future__ import annotations

import os
import re
from urllib.parse import unquote

HIDDEN = "..."  # stands for what may be secret
_FILE = re.compile(r"file:(?://(?:localhost(?=/))?|(?=/))", re.IGNORECASE)
_SCHEME = r"(?<![\w+.-])(?!file:)[A-Za-z][\w+.-]+:/{1,2}"  # a path has lost one of the two
_MORE = rf"(?:(?![\s'\"(]{_SCHEME})[^\n])*"  # as far as the line or the next address
_ADDRESS = re.compile(
    rf"({_SCHEME})("
    rf"(?:[^\s/@:]*:{_MORE}@)?\S*"  # a password may hold blanks
    rf"(?:{_MORE}&\S*)?"  # and so may a query
    r"(?:(?<![:;,])[ \t]+[^\s=]+=\S*)*)"  # options of RTMP are words
)
_CLOSING = "]'\"`)>}:;,."  # of the sentence around an address
_QUERY = re.compile(r"[?#]")
# Other queries: `;token=...`, ` pubPasswd=...` of RTMP, `user=..._password=...` of cameras.
_OPTIONS = re.compile(
    r"[?#]|[;&,|\s][\w.-]+=|(?:user|pass|pwd|token|secret)\w{0,20}=", re.IGNORECASE
)


def is_address(source: object) -> bool:
    """Whether it is `scheme://...` rather than a file; `file://...` is a file."""
    return isinstance(source, str) and "://" in source and _FILE.match(source) is None


def local_path(source: str | os.PathLike[str]) -> str:
    """A file's path; for an address, `file:/...` or `file://...`, its path with escapes decoded.

    Escapes may stand for any bytes, as names of files do.
    """
    given = os.fspath(source)
    start = _FILE.match(given)
    return given if start is None else decoded(given[start.end() :], errors="surrogateescape")


def decoded(path: str, errors: str = "replace") -> str:
    """The path of an address without escapes; no file's name can have a zero, so `%00` stays."""
    return unquote(path, errors=errors).replace("\0", "%00")


def shown_source(source: object) -> str:
    """A source for messages and records: an address without user, password and query string.

    These parts may be secret, and messages are kept in logs. Whatever stands before the last `@`
    may be a password, whose characters may be any: it is left out, or `...` if it may also be the
    host and a part of the path. In a path, `%40` is an `@` that is shown.
    """
    text = str(source)
    if not is_address(text):
        return text
    scheme, _, rest = text.partition("://")
    return f"{scheme}://{_public(rest)}"


def without_secrets(text: str) -> str:
    """The text with `shown_source` applied to every address in it."""
    return _ADDRESS.sub(_replaced, text)


def is_address_as_path(path: os.PathLike[str]) -> bool:
    """Whether a path was given as an address, of which `Path` has taken one slash."""
    return re.match(r"[A-Za-z][\w+.-]+:/", os.fspath(path)) is not None


def names_user(address: str) -> bool:
    """Whether an address has an `@`, and so may name a user with a password."""
    return "@" in address.partition("://")[2]


def _replaced(found: re.Match[str]) -> str:
    scheme, rest = found.groups()
    alone = rest.rstrip(_CLOSING)
    return f"{scheme}{_public(alone)}{rest[len(alone) :]}"


def _public(rest: str) -> str:
    """What follows `scheme://`, without the parts that may be secret."""
    if rest.startswith("@"):  # a group of receivers: udp://@239.0.0.1:1234
        return "@" + _public(rest[1:])
    before, _, after = rest.rpartition("@")
    if "=" in "".join(_QUERY.split(before, maxsplit=1)[1:]):  # of a query, or of a password
        path = _QUERY.split(rest, maxsplit=1)[0]
        return HIDDEN if ":" in path else _public(path)
    unsure = f"{HIDDEN}@" if before == HIDDEN or re.search("[/?#]", before) else ""
    return unsure + _OPTIONS.split(after, maxsplit=1)[0]
