"""ELAN (.eaf): a tier for each class, for correction by hand. One file for each video.

Times are whole milliseconds (each end at most 0.5 ms off; a shorter segment gets one). Annotations
of a tier must not overlap, so overlapping segments of a class go to further tiers, `Fight #2`. The
value of an annotation is its exact score; other text is ignored.
Reading needs the extra `timelines`.

Source: ELAN Annotation Format 3.0, https://www.mpi.nl/tools/elan/EAFv3.0.xsd
"""

from __future__ import annotations

import importlib
import math
import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

from basnet_rt._errors import Error, InvalidValue
from basnet_rt._system.shown import cut, shown
from basnet_rt.formats.heading import MARKER, heading_line, one_video, parse_heading_line
from basnet_rt.formats.marks import Mark, MarkedVideos, checked_mark
from basnet_rt.formats.source import Source, one_line
from basnet_rt.formats.timecode import MILLISECONDS, frame_range

_LANE = re.compile(r" #\d+$")
_SCHEMA = "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"
_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
# A fixed date: the same segments make the same file.
_DATE = "1970-01-01T00:00:00+00:00"
Lane = list[tuple[int, int, Mark]]


def write(marked: MarkedVideos, media: str) -> Iterator[str]:
    """The document; classes without a segment have an empty tier to annotate in.

    Raises:
        ValueError: a label has a control character, or ends like the name of a further tier.
    """
    (name, video), *_ = marked.videos.items()
    document = _document(media, heading_line(name, video, marked.provenance))
    order = ElementTree.SubElement(document, "TIME_ORDER")
    for label in marked.labels:
        if _LANE.search(one_line(f"video {name!r}", "label", label)):
            raise InvalidValue(f"video {name!r}: the label {shown(label)}; in ELAN it names a lane")
        spans = [
            (*frame_range(mark.start, mark.end, MILLISECONDS, video.duration), mark)
            for mark in video.marks
            if mark.label == label
        ]
        for i, lane in enumerate(_lanes(spans) or [[]], start=1):
            _add_tier(document, order, label if i == 1 else f"{label} #{i}", lane)
    attributes = {"LINGUISTIC_TYPE_ID": "segments", "TIME_ALIGNABLE": "true"}
    ElementTree.SubElement(document, "LINGUISTIC_TYPE", attributes, GRAPHIC_REFERENCES="false")
    ElementTree.indent(document)
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield ElementTree.tostring(document, encoding="unicode") + "\n"


def read(text: str, source: Source) -> MarkedVideos:
    """Every time-aligned tier; tiers that depend on others are ignored.

    Raises:
        ValueError: no XML, a document type or entities, no ELAN document, or an annotation without
            times; names the tier and the annotation.
        Error: defusedxml is not installed.
    """
    document = _parsed(text, source)
    if document.tag != "ANNOTATION_DOCUMENT":
        raise InvalidValue(f"{source.path}: <{cut(document.tag)}>; expected <ANNOTATION_DOCUMENT>")
    slots = {
        slot.get("TIME_SLOT_ID"): slot.get("TIME_VALUE")
        for slot in document.iterfind("TIME_ORDER/TIME_SLOT")
    }
    values: dict[str, Any] = {}
    for note in document.iterfind("HEADER/PROPERTY"):
        if note.get("NAME") == MARKER:
            values.update(parse_heading_line(str(source.path), note.text or "") or {})
    marks = [
        mark
        for tier in document.iterfind("TIER")
        if tier.get("PARENT_REF") is None
        for mark in _tier_marks(source, tier, slots)
    ]
    return one_video(values, source.path.stem, tuple(marks))


def _document(media: str, note: str) -> ElementTree.Element:
    schema = {"xmlns:xsi": _INSTANCE, "xsi:noNamespaceSchemaLocation": _SCHEMA}
    attributes = {"AUTHOR": MARKER, "DATE": _DATE, "FORMAT": "3.0", "VERSION": "3.0", **schema}
    document = ElementTree.Element("ANNOTATION_DOCUMENT", attributes)
    header = ElementTree.SubElement(
        document, "HEADER", {"MEDIA_FILE": "", "TIME_UNITS": "milliseconds"}
    )
    ElementTree.SubElement(
        header,
        "MEDIA_DESCRIPTOR",
        {"MEDIA_URL": media, "MIME_TYPE": "video/mp4", "RELATIVE_MEDIA_URL": media},
    )
    ElementTree.SubElement(header, "PROPERTY", {"NAME": MARKER}).text = note
    return document


def _lanes(spans: Lane) -> list[Lane]:
    """As few lanes as possible without overlaps: each span goes into the first free lane."""
    lanes: list[Lane] = []
    for span in sorted(spans, key=lambda one: one[:2]):
        free = next((lane for lane in lanes if lane[-1][1] <= span[0]), None)
        if free is None:
            lanes.append([span])
        else:
            free.append(span)
    return lanes


def _add_tier(
    document: ElementTree.Element, order: ElementTree.Element, name: str, lane: Lane
) -> None:
    attributes = {"LINGUISTIC_TYPE_REF": "segments", "TIER_ID": name}
    tier = ElementTree.SubElement(document, "TIER", attributes)
    for first, last, mark in lane:
        slots = [_add_slot(order, milliseconds) for milliseconds in (first, last)]
        holder = ElementTree.SubElement(tier, "ANNOTATION")
        annotation = ElementTree.SubElement(
            holder,
            "ALIGNABLE_ANNOTATION",
            {
                "ANNOTATION_ID": f"a{len(order) // 2}",
                "TIME_SLOT_REF1": slots[0],
                "TIME_SLOT_REF2": slots[1],
            },
        )
        value = "" if mark.score is None else repr(mark.score)
        ElementTree.SubElement(annotation, "ANNOTATION_VALUE").text = value


def _add_slot(order: ElementTree.Element, milliseconds: int) -> str:
    name = f"ts{len(order) + 1}"
    attributes = {"TIME_SLOT_ID": name, "TIME_VALUE": str(milliseconds)}
    ElementTree.SubElement(order, "TIME_SLOT", attributes)
    return name


def _parsed(text: str, source: Source) -> ElementTree.Element:
    try:
        defused = importlib.import_module("defusedxml.ElementTree")
        common = importlib.import_module("defusedxml.common")
    except ModuleNotFoundError as error:
        raise Error("reading ELAN needs defusedxml: pip install 'basnet-rt[timelines]'") from error
    try:
        # As bytes, because a text must not name an encoding. Document types are refused, because
        # they can contain bombs or refer to other files.
        root: ElementTree.Element = defused.fromstring(text.encode(), forbid_dtd=True)
    except common.DefusedXmlException as error:
        raise InvalidValue(f"{source.path}: a document type is not allowed in ELAN") from error
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise InvalidValue(f"{source.path}: not XML: {cut(str(error))}") from error
    return root


def _tier_marks(
    source: Source, tier: ElementTree.Element, slots: dict[str | None, str | None]
) -> Iterator[Mark]:
    name = tier.get("TIER_ID", "")
    for annotation in tier.iterfind("ANNOTATION/ALIGNABLE_ANNOTATION"):
        identity = shown(annotation.get("ANNOTATION_ID"))
        where = f"{source.path}: tier {shown(name)}, annotation {identity}"
        times: list[float] = []
        for end in ("TIME_SLOT_REF1", "TIME_SLOT_REF2"):
            value = slots.get(annotation.get(end))
            if value is None or not value.isdecimal() or len(value) > 15:
                raise InvalidValue(
                    f"{where}: {end} has the time {shown(value)}; expected milliseconds"
                )
            times.append(int(value) / 1000)
        score = _score(annotation.findtext("ANNOTATION_VALUE") or "")
        yield checked_mark(where, _LANE.sub("", name), times[0], times[1], score)


def _score(text: str) -> float | None:
    try:
        score = float(text)
    except ValueError:
        return None
    return score if math.isfinite(score) else None
