"""Kinds of files, recognised by their bytes rather than by their names."""

from __future__ import annotations

import re
from pathlib import Path

HEAD_BYTES = 1024
ENCRYPTED = "is encrypted; it can be read only once it is decrypted"
_SCANNED = 1 << 20  # bytes at the front that are searched for the reason of a failure
_TS_PACKET, _TS_SYNC = 188, 0x47

# First bytes, and the kind; sources: the formats' own specifications.
_HEADS = (
    (b"\x1a\x45\xdf\xa3", "Matroska or WebM"),
    (b"OggS", "Ogg"),
    (b"FLV\x01", "FLV"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "ASF"),
    (b".RMF", "RealMedia"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"YUV4MPEG2", "YUV4MPEG"),
    (b"\x06\x0e\x2b\x34\x02\x05\x01\x01", "MXF"),
    (b"DKIF", "IVF"),
    (b"nut/multimedia container", "NUT"),
    (b"\xb7\xd8\x00\x20\x37\x49\xda\x11", "WTV"),
    (b"\x00\x00\x01\xb3", "MPEG video"),
    (b"\x00\x00\x01\xb0", "MPEG-4 video"),
    (b"\x00\x00\x01\x00\x00\x00\x01\x20", "MPEG-4 video"),
    (b"\x00\x00\x00\x01", "H.264 or H.265"),
    (b"\x00\x00\x01\x40\x01\x0c\x01", "H.265"),
    (b"\x00\x0aSMJPEG", "SMJPEG"),
    (b"\x84\x10\xff\xff\xff\xff", "RoQ"),
    (b"\x12\x00\x0a", "AV1"),
)
# Beginnings with parts that vary: a version and a length, a name, a profile.
_PATTERNS = (
    (re.compile(rb"[FCZ]WS[\x01-\x32].{3}[\x00-\x0f]", re.DOTALL), "SWF"),
    (re.compile(rb"--[^\s\0]{1,70}\r?\ncontent-type: *image/", re.IGNORECASE), "MPJPEG"),
    # H.264's three-byte start code before a delimiter, a message, or a sequence of a real profile.
    (re.compile(rb"\x00\x00\x01(\x09[\x10-\xf0]\x00\x00|\x06[\x00-\x06])", re.DOTALL), "H.264"),
    (re.compile(rb"\x00\x00\x01[\x27\x47\x67][BMXdnz\xf4,][\x00-\xfc][\x09-\x3e]"), "H.264"),
)
_PNG = b"\x89PNG\r\n\x1a\n"
_PICTURES = (
    (b"\xff\xd8\xff", "JPEG or Motion JPEG"),
    (_PNG, "PNG"),
    (b"SIMPLE  =", "FITS"),
)
_PACK = (b"\x00\x00\x01\xba", "MPEG programme stream")
_BOXES = {b"ftyp", b"moov", b"mdat", b"wide", b"pnot"}
_ANIMATED_BRAND = b"avis"
_STILL_BRANDS = {b"avif", b"heic", b"heix", b"mif1"}


def video_kind(head: bytes) -> str | None:
    """The kind of video of a file that begins with these bytes; None: not a known one.

    Still pictures (JPEG, PNG, WebP, AVIF) are not videos, but animated ones are. Rows of numbers
    are never mistaken: each known beginning would be a number that features do not have.
    """
    if head[4:8] == b"ftyp" and head[8:12] in (*_STILL_BRANDS, _ANIMATED_BRAND):
        brands = head[8 : min(len(head), int.from_bytes(head[:4], "big"))]
        return "animated AVIF" if _ANIMATED_BRAND in brands else None
    if head[4:8] in _BOXES:
        return "MP4 or MOV"
    if _is_animated_webp(head):
        return "animated WebP"
    if head.startswith(_PNG):
        return "animated PNG" if b"acTL" in head else None
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "AVI"
    if head.startswith(_PACK[0]) and _is_clock(head[4:5]):
        return _PACK[1]
    if _is_transport(head):
        return "MPEG transport stream"
    begun = (kind for begin, kind in _HEADS if head.startswith(begin))
    return next(begun, None) or next((kind for one, kind in _PATTERNS if one.match(head)), None)


def picture_kind(head: bytes) -> str | None:
    """The kind of a file that begins as a still picture does, and may hold many; None: another."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WebP"
    if head[4:8] == b"ftyp" and head[8:12] in _STILL_BRANDS:
        return "AVIF or HEIF"
    return next((kind for begin, kind in _PICTURES if head.startswith(begin)), None)


def file_kind(path: str | Path, *, pictures: bool = False) -> str | None:
    """`video_kind` of a file; also None if it cannot be read or is not an ordinary file.

    Args:
        pictures: also give the `picture_kind`.
    """
    path = Path(path)
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError:
        return None
    return video_kind(head) or (picture_kind(head) if pictures else None)


def why_unreadable(name: str) -> str | None:
    """The reason why a file cannot be decoded, if its bytes show it: encrypted or animated WebP."""
    path = Path(name.removeprefix("file:"))
    try:
        with path.open("rb") as file:
            front = file.read(_SCANNED)
    except OSError:
        return None
    if _is_animated_webp(front):
        return "is an animated WebP, which the decoder here cannot read; convert it to MP4 or GIF"
    if _has_encryption(front):
        return ENCRYPTED
    return None


def _is_clock(byte: bytes) -> bool:
    """Whether a pack's clock begins so, of MPEG-2 or MPEG-1: its fixed bits are set."""
    return byte != b"" and (byte[0] & 0xC4 == 0x44 or byte[0] & 0xF1 == 0x21)


def _is_animated_webp(head: bytes) -> bool:
    return head[:4] == b"RIFF" and head[8:16] == b"WEBPVP8X" and len(head) > 20 and head[20] & 2 > 0


def _has_encryption(front: bytes) -> bool:
    if front[:4] == b"\x1a\x45\xdf\xa3":
        header = front[: front.find(b"\x1f\x43\xb6\x75")]  # up to the first cluster
        return b"\x50\x35" in header and b"\x47\xe1" in header  # ContentEncryption, its algorithm
    if _is_transport(front):
        packets = range(front.index(_TS_SYNC), len(front) - 4, _TS_PACKET)
        scrambled = sum(bool(front[at + 3] & 0xC0) for at in packets if front[at] == _TS_SYNC)
        return 2 * scrambled > len(packets)
    return b"encv" in front and b"sinf" in front


def _is_transport(head: bytes) -> bool:
    """Sync bytes at the distance of a packet, with or without four bytes before each."""
    for first, apart in ((0, _TS_PACKET), (4, _TS_PACKET + 4)):
        places = range(first, len(head), apart)
        if len(places) >= 3 and all(head[at] == _TS_SYNC for at in places[:5]):
            return True
    return False
