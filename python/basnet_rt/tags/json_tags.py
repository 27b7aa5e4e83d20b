"""Tags in the JSON forms that people use, as rows of a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from basnet_rt._errors import InvalidValue
from basnet_rt.annotations import TAG_HEADINGS, VIDEO_HEADINGS, plain
from basnet_rt.tags.table import Row, TextTable

_FORMS = (
    'expected ActivityNet\'s {"database": {...}}, {"video": ["tag", ...], ...}, or '
    '[{"video": ..., "tags": [...]}, ...]'
)


def is_activitynet(content: Any) -> bool:
    return isinstance(content, dict) and "database" in content


def unwrapped(content: Any) -> dict[str, Any] | None:
    """ActivityNet's form from a file with videos at the top level; None: another form."""
    if not isinstance(content, dict) or not content:
        return None
    videos = [one for one in content.values() if isinstance(one, dict) and "annotations" in one]
    return {"database": content} if len(videos) == len(content) else None


def table_of(content: Any, path: Path) -> TextTable:
    """One row for each tag; keys of records are the heading.

    Raises:
        ValueError: the content has another form; the message shows the known forms.
    """
    if isinstance(content, Mapping):
        records = [_record(name, value, path) for name, value in content.items()]
    elif isinstance(content, list) and all(isinstance(one, dict) for one in content):
        records = content
    else:
        raise InvalidValue(f"{path}: {_FORMS}")
    heading = list(dict.fromkeys(key for record in records for key in record))
    if not any(plain(key) in VIDEO_HEADINGS for key in heading):
        raise InvalidValue(f"{path}: no key such as video or name; {_FORMS}")
    rows, numbers = [], []
    for number, record in enumerate(records, start=1):
        for row in _rows(record, heading, f"{path}: entry {number}"):
            rows.append(row)
            numbers.append(number)
    # A delimiter that cannot occur in a tag, so no cell is split.
    return TextTable(path, "\0", heading, rows, numbers, cut_cells=False)


def _record(name: str, value: Any, path: Path) -> dict[str, Any]:
    if isinstance(value, dict):
        return {"video": name, **value}
    if isinstance(value, str | list) or value is None:
        return {"video": name, "tags": value}
    raise InvalidValue(f"{path}: video {name!r} has {value!r}; {_FORMS}")


def _rows(record: Mapping[str, Any], heading: list[str], where: str) -> Iterator[Row]:
    """A record's rows: one for each tag of a list; an empty list means no action."""
    lists = [key for key in heading if isinstance(record.get(key), list)]
    tags = [key for key in lists if plain(key) in TAG_HEADINGS]
    if len(tags) > 1:
        raise InvalidValue(f"{where}: {tags[0]} and {tags[1]} are both lists of tags; keep one")
    words = record[tags[0]] if tags else [None]
    for word in words or [""]:
        if isinstance(word, dict):
            named = [key for key in word if plain(key) in TAG_HEADINGS]
            word = word[named[0]] if named else word
        if tags and not isinstance(word, str | int):
            raise InvalidValue(f"{where}: {tags[0]} has {word!r}; a tag is a text")
        values = {**record, **({tags[0]: word} if tags else {})}
        yield [_text(values.get(key)) for key in heading]


def _text(value: Any) -> str:
    return "" if value is None or isinstance(value, list | dict) else str(value).strip()
