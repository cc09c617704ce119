"""Pictures that are nearly the same: a 64-bit perceptual hash, and its close pairs among many.

Works on arrays alone. The hash is the sign, against their median, of the 8 x 8 lowest coefficients
of the discrete cosine transform of a 32 x 32 thumbnail (Zauner 2010): recompression, scaling and
brightness hardly touch it. It proposes pairs; the correlation of the thumbnails decides.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from mexlab.vision.video import Image

THUMBNAIL_PX = 32
HASH_BITS = 64
_LOW = 8  # coefficients a side
_ROWS = 256  # of a bucket compared at once, which bounds the memory

Hashes = NDArray[np.uint64]
Pairs = NDArray[np.int64]


def thumbnail(grey: Image) -> NDArray[np.uint8]:
    """uint8 (height, width) -> (32, 32), area-averaged."""
    side = (THUMBNAIL_PX, THUMBNAIL_PX)
    return np.asarray(cv2.resize(grey, side, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def phash(thumb: NDArray[np.uint8]) -> int:
    """The 64-bit hash of a thumbnail, the constant coefficient in its lowest bit."""
    low = np.asarray(cv2.dct(thumb.astype(np.float32)))[:_LOW, :_LOW].ravel()
    bits = np.packbits(low > np.median(low[1:]), bitorder="little")
    return int.from_bytes(bits.tobytes(), "little")


def close_pairs(hashes: Hashes, groups: NDArray[np.int64], max_bits: int) -> Pairs:
    """int64 (n, 2): rows i < j of other groups whose hashes differ in `max_bits` bits at most.

    The bits are cut into one band more than may differ, so that two such hashes agree in a whole
    band: only hashes that share a band are compared, and none is missed.
    """
    found = [np.empty(0, dtype=np.int64)]
    for band in np.array_split(np.arange(HASH_BITS), max_bits + 1):
        mask = np.uint64((1 << len(band)) - 1)
        keys = (hashes >> np.uint64(band[0])) & mask
        order = np.argsort(keys, kind="stable")
        starts = np.flatnonzero(np.diff(keys[order])) + 1
        for rows in np.split(order, starts):
            if len(rows) > 1 and groups[rows].min() != groups[rows].max():
                found += _in_bucket(rows, hashes, groups, max_bits)
    codes = np.unique(np.concatenate(found))
    return np.stack(np.divmod(codes, max(len(hashes), 1)), axis=-1)


def correlations(thumbs: NDArray[np.uint8], pairs: Pairs) -> NDArray[np.float64]:
    """Pearson's r between the thumbnails (n, 32, 32) of each pair; 0 where one is of one grey."""
    flat = thumbs.reshape(len(thumbs), -1).astype(np.float32)
    flat -= flat.mean(axis=1, keepdims=True)
    flat /= np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), np.finfo(np.float32).tiny)
    r = [float(flat[i] @ flat[j]) for i, j in pairs]
    return np.array(r, dtype=np.float64)


def _in_bucket(
    rows: NDArray[np.int64], hashes: Hashes, groups: NDArray[np.int64], max_bits: int
) -> list[NDArray[np.int64]]:
    """Pairs among rows that share a band, as i * number of hashes + j."""
    found = []
    for first in range(0, len(rows), _ROWS):
        some = rows[first : first + _ROWS]
        differing = np.bitwise_count(hashes[some, None] ^ hashes[None, rows])
        close = (differing <= max_bits) & (groups[some, None] != groups[None, rows])
        left, right = np.nonzero(close & (some[:, None] < rows[None, :]))
        found.append(some[left] * len(hashes) + rows[right])
    return found
