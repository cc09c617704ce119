"""The formats in which pictures are stored, each a file suffix and what OpenCV is told.

All give the same bytes for the same picture. PNG takes about four times the bytes of JPEG;
lossless WebP a little less than PNG, and four times its time.
"""

from dataclasses import dataclass

import cv2

from mexlab.vision.video import Image


@dataclass(frozen=True)
class ImageFormat:
    """`suffix` of the stored path, and OpenCV's flags."""

    suffix: str
    flags: tuple[int, ...]

    def encode(self, bgr: Image) -> bytes:
        """The file's bytes of uint8 (height, width, 3), in OpenCV's order of colours."""
        _, encoded = cv2.imencode(self.suffix, bgr, self.flags)
        return encoded.tobytes()


IMAGE_FORMATS = {
    "jpeg": ImageFormat(".jpg", (cv2.IMWRITE_JPEG_QUALITY, 95)),
    "png": ImageFormat(".png", (cv2.IMWRITE_PNG_COMPRESSION, 3)),
    "webp": ImageFormat(".webp", (cv2.IMWRITE_WEBP_QUALITY, 101)),  # above 100 is lossless
}
