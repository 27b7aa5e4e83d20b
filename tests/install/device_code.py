"""Which GPU architectures a compiled file has code for, read from its bytes."""

from __future__ import annotations

import struct

FAT_BINARY = struct.pack("<I", 0xBA55ED50)


def device_code(binary: bytes) -> set[tuple[str, int]]:
    """Kind and architecture of each image in the binary's CUDA containers: magic number, version,
    size of the header and of what follows; of each image kind, size of its header and its own."""
    found, at = set(), binary.find(FAT_BINARY)
    while at >= 0:
        header, size = struct.unpack_from("<6xHQ", binary, at)
        image, at = at + header, at + header + size
        while image < at:
            kind, header, size, architecture = struct.unpack_from("<H2xIQ12xI", binary, image)
            found.add(({1: "ptx", 2: "real"}[kind], architecture))
            image += header + size
        at = binary.find(FAT_BINARY, at)
    return found
