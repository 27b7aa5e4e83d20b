"""Kinds of files, recognised by their bytes rather than by their names."""

from __future__ import annotations

import codecs
import re
from collections import Counter
from pathlib import Path

import numpy as np

FRONT_BYTES = 1 << 16  # enough to tell numbers from coded pictures, even after zeros
ENCRYPTED = "is encrypted; it can be read only once it is decrypted"
_SCANNED = 1 << 20  # bytes at each end that are searched for the reason of a failure
_TS_PACKET, _TS_SYNC, _TS_STUFFING = 188, 0x47, 0x1FFF
# Packets of pictures in a programme stream; two bits of the byte after the length tell CSS.
_PES_PICTURES = re.compile(rb"\x00\x00\x01[\xe0-\xef]..([\x80-\xbf])", re.DOTALL)
_HLS_KEY = re.compile(rb"#EXT-X-(?:SESSION-)?KEY:[^\r\n]*METHOD=(?!NONE)")
_PLAYLISTS = (b"#EXTM3U", b"ffconcat")

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
    (b"\x00\x00\x00\x00\x01\xbc", "GXF"),
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
_BOXES = {b"ftyp", b"styp", b"moov", b"moof", b"sidx", b"wide", b"free", b"skip", b"pnot"}
# Beginnings of files that hold neither pictures nor rows of numbers as they are.
_OTHERS = (
    (b"PK\x03\x04", "a zip archive, such as .npz"),
    (b"\x89HDF\r\n", "HDF5"),
    (b"\x1f\x8b\x08", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "Zstandard"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"%PDF-", "PDF"),
    (b"ID3", "MP3"),
    (b"fLaC", "FLAC"),
)
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f]")  # white space left out
_PICKLE = re.compile(rb"\x80[\x02-\x05]")  # rows of numbers may begin so too
_HUGE, _ENDLESS = 0x5F000000, (0x7F800000, 0x7FC00000)  # bits of 2^63; of infinity and NaN
_ODD_SHARE = 16  # rows have at most one in so many numbers that are huge; coded pictures one in 4
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
    # Another box than the pictures is not so long that its length begins as text does.
    if head[4:8] == b"mdat" or (head[4:8] in _BOXES and head[0] < 9):
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


def other_kind(head: bytes) -> str | None:
    """The kind of a file that is neither a video, a picture nor rows of numbers; None: unknown."""
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return "WAV"
    found = next((kind for begin, kind in _OTHERS if head.startswith(begin)), None)
    return found or ("text" if is_text(head) else None)


def content_kind(head: bytes) -> str | None:
    """The kind of a file that begins with these bytes, whatever it is; None: unknown."""
    found = video_kind(head) or picture_kind(head) or other_kind(head)
    return found or ("a Python pickle" if _PICKLE.match(head) else None)


def is_text(front: bytes) -> bool:
    """Whether bytes are UTF-8 text without control characters; the last one may be cut."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(front)
    except UnicodeDecodeError:
        return False
    return len(front) >= 16 and _CONTROL.search(front) is None


def holds_rows(front: bytes) -> bool:
    """Whether bytes can be rows of float32 features: hardly any number is huge, and no text.

    Bytes of coded pictures or of compressed files are huge numbers at every fourth place. At the
    start of a file, `other_kind` tells more.
    """
    if is_text(front) or 0 < len(front) < 4:
        return False
    sizes = np.frombuffer(front, "<u4", len(front) // 4) & 0x7FFFFFFF
    odd = (sizes > _HUGE) & ~np.isin(sizes, _ENDLESS)
    return bool(_ODD_SHARE * np.count_nonzero(odd) <= np.count_nonzero(sizes))


def front_of(path: str | Path) -> bytes:
    """The first bytes of a file; none if it cannot be read or is not an ordinary file."""
    path = Path(path)
    try:
        if not path.is_file():
            return b""
        with path.open("rb") as file:
            return file.read(FRONT_BYTES)
    except OSError:
        return b""


def file_kind(path: str | Path) -> str | None:
    """`video_kind` of a file; also None if it cannot be read or is not an ordinary file."""
    return video_kind(front_of(path))


def why_unreadable(name: str) -> str | None:
    """The reason why a file cannot be decoded, if its bytes show it: encrypted or no video."""
    path = Path(name.removeprefix("file:"))
    try:
        with path.open("rb") as file:
            front = file.read(_SCANNED)
            file.seek(max(len(front), path.stat().st_size - _SCANNED))
            end = file.read(_SCANNED)
    except OSError:
        return None
    if _is_animated_webp(front):
        return "is an animated WebP, which the decoder here cannot read; convert it to MP4 or GIF"
    if _has_encryption(front, end):
        return ENCRYPTED
    kind = None if front.startswith(_PLAYLISTS) else other_kind(front[:FRONT_BYTES])
    return f"is no video: its content is {kind}" if kind else None


def _is_clock(byte: bytes) -> bool:
    """Whether a pack's clock begins so, of MPEG-2 or MPEG-1: its fixed bits are set."""
    return byte != b"" and (byte[0] & 0xC4 == 0x44 or byte[0] & 0xF1 == 0x21)


def _is_animated_webp(head: bytes) -> bool:
    return head[:4] == b"RIFF" and head[8:16] == b"WEBPVP8X" and len(head) > 20 and head[20] & 2 > 0


def _has_encryption(front: bytes, end: bytes) -> bool:
    if front[:4] == b"\x1a\x45\xdf\xa3":
        header = front[: front.find(b"\x1f\x43\xb6\x75")]  # up to the first cluster
        return b"\x50\x35" in header and b"\x47\xe1" in header  # ContentEncryption, its algorithm
    if _is_transport(front):
        return _is_scrambled(front)
    if front.startswith(_PACK[0]):
        marked: list[bool] = [flags[0] & 0x30 > 0 for flags in _PES_PICTURES.findall(front)]
        return 2 * sum(marked) > len(marked)
    if front.startswith(_PLAYLISTS):
        return _HLS_KEY.search(front) is not None
    # The header of an MP4 is at either end.
    return any(b"sinf" in one and (b"encv" in one or b"drmi" in one) for one in (front, end))


def _is_scrambled(front: bytes) -> bool:
    """Whether most packets of the longest part of a transport stream say so; not of stuffing."""
    total: Counter[int] = Counter()
    scrambled: Counter[int] = Counter()
    for at in range(front.index(_TS_SYNC), len(front) - 4, _TS_PACKET):
        part = int.from_bytes(front[at + 1 : at + 3], "big") & _TS_STUFFING
        if front[at] == _TS_SYNC and part != _TS_STUFFING:
            total[part] += 1
            scrambled[part] += bool(front[at + 3] & 0xC0)
    return any(2 * scrambled[part] > count for part, count in total.most_common(1))


def _is_transport(head: bytes) -> bool:
    """Sync bytes at the distance of a packet, with or without four bytes before each."""
    for first, apart in ((0, _TS_PACKET), (4, _TS_PACKET + 4)):
        places = range(first, len(head), apart)
        if len(places) >= 3 and all(head[at] == _TS_SYNC for at in places[:5]):
            return True
    return False
