"""Pictures on the wire, some frames at a time, as `chunks.js` reads them.

Little-endian: uint32 first frame, uint32 count, uint32 length of each picture, the pictures as
JPEG, PNG or WebP. Nothing else goes along: no name, no time.
"""

import struct
from collections.abc import Sequence

from mexlab.errors import MexlabError


def packed(first: int, encoded: Sequence[bytes]) -> bytes:
    """A chunk of encoded pictures, the first of which is frame `first`."""
    head = struct.pack(f"<{2 + len(encoded)}I", first, len(encoded), *map(len, encoded))
    return head + b"".join(encoded)


def unpacked(chunk: bytes) -> dict[int, bytes]:
    """Frame number -> encoded picture. Raises MexlabError for what is no chunk."""
    first, count = struct.unpack_from("<2I", chunk)
    lengths = struct.unpack_from(f"<{count}I", chunk, 8)
    place = 8 + 4 * count
    if place + sum(lengths) != len(chunk):
        raise MexlabError("not a chunk of frames", "chunk", "ask for it again")
    pictures: dict[int, bytes] = {}
    for number, length in enumerate(lengths, first):
        pictures[number] = chunk[place : place + length]
        place += length
    return pictures
