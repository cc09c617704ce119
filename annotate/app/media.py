"""The pictures of the review pages, a chunk of frames at a time.

A chunk holds CHUNK frames of a recording, from number * CHUNK on, in one view:

whole         the whole picture
crop          the face, by one similarity transform for the item
flow          the face held still, with arrows of its movement since the item's first frame
magnified-N   the face held still, its movement made larger by N of FACTORS

On the wire they are JPEG (`mexlab.web.chunk`), without any metadata. Reads through `Recording`;
keeps chunks in memory and writes nothing.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np

from annotate.app.recording import Recording, jpeg
from annotate.app.stacks import SIDE, Stack, held_still, magnified, with_flow
from mexlab.errors import InputError
from mexlab.session import Session
from mexlab.vision.crop import Points, face_crop
from mexlab.vision.video import Image
from mexlab.web import chunk
from mexlab.web.once import OnceCache

CHUNK = 16  # frames: few enough that the first is there at once, many enough to decode well
CROP_PX = 480
FACTORS = (5, 10, 20, 40)  # of magnification
VIEWS = ("whole", "crop", "flow", *(f"magnified-{factor}" for factor in FACTORS))
STACK_FRAMES = 400  # of an item are held still at most
CACHE_BYTES = 256_000_000
STACK_BYTES = 400_000_000
KEPT_BYTES = 48_000_000
OPEN_RECORDINGS = 4


@dataclass(frozen=True)
class Shot:
    """An item's stretch of a recording: frames [first, end)."""

    session: Session
    first: int
    end: int

    @property
    def key(self) -> tuple[str, int, int]:
        return (str(self.session.root), self.first, self.end)


class Media:
    """Pictures for all coders of a server; several threads may ask."""

    def __init__(self, analyzer: str) -> None:
        self.analyzer = analyzer
        self._open: OnceCache[Recording] = OnceCache(
            OPEN_RECORDINGS, lambda _: 1, lambda recording: recording.close()
        )
        self._chunks: OnceCache[bytes] = OnceCache(CACHE_BYTES, len)
        self._kept: OnceCache[bytes] = OnceCache(KEPT_BYTES, len)
        self._ahead = ThreadPoolExecutor(1, "ahead")
        self._stacks: OnceCache[Stack] = OnceCache(STACK_BYTES, lambda stack: stack.nbytes)

    def recording(self, session: Session) -> Recording:
        return self._open.get(session.root, lambda: Recording(session, self.analyzer))

    def chunk(self, shot: Shot, view: str, number: int) -> bytes:
        """Raises InputError for what is no view or lies outside the recording or the item."""
        first, end = self._range(shot, view, number)
        key = (str(shot.session.root), first) if view == "whole" else (*shot.key, view, first)
        return self._chunks.get(key, lambda: packed(first, self._pictures(shot, view, first, end)))

    def kept(self, recording: Recording, name: str, make: Callable[[], bytes]) -> bytes:
        """Other bytes about a recording, made once until its tables change."""
        return self._kept.get((str(recording.session.root), recording.stamp, name), make)

    def warm(self, shot: Shot) -> None:
        """Have the first pictures of a clip ready before somebody opens it."""
        for view in ("whole", "crop") if self.has_face(shot) else ("whole",):
            self._ahead.submit(self.chunk, shot, view, shot.first // CHUNK)

    @property
    def made(self) -> int:
        """Chunks made since the start, and not taken from memory."""
        return self._chunks.made

    def _range(self, shot: Shot, view: str, number: int) -> tuple[int, int]:
        low, high = 0, len(self.recording(shot.session))
        if view not in VIEWS:
            raise InputError("no such view", view, f"use one of: {', '.join(VIEWS)}")
        if view not in ("whole", "crop"):
            low, high = shot.first, min(shot.end, shot.first + STACK_FRAMES)
        first, end = max(low, number * CHUNK), min(high, (number + 1) * CHUNK)
        if first >= end:
            raise InputError("no such chunk", view, "ask for frames of the item")
        return first, end

    def _pictures(self, shot: Shot, view: str, first: int, end: int) -> Sequence[Image]:
        if view == "whole":
            return self.recording(shot.session).whole(first, end)
        if view == "crop":
            return self.cropped(shot, first, end, CROP_PX)
        stack = self._stack(shot, view)
        return list(stack[first - shot.first : end - shot.first])

    def cropped(self, shot: Shot, first: int, end: int, side_px: int) -> list[Image]:
        """The face in frames [first, end), by the item's one transform."""
        recording = self.recording(shot.session)
        crop = face_crop(self._landmarks(shot), side_px)
        return [crop.apply(frame.rgb()) for frame in recording.full(first, end)]

    def has_face(self, shot: Shot) -> bool:
        """Whether the views of the face can be had."""
        return self.recording(shot.session).landmarks(shot.first, shot.end) is not None

    def _landmarks(self, shot: Shot) -> Points:
        landmarks = self.recording(shot.session).landmarks(shot.first, shot.end)
        if landmarks is None:
            raise InputError("no face is known here", "crop", "run: annotate analyse")
        return landmarks

    def _stack(self, shot: Shot, view: str) -> Stack:
        return self._stacks.get((*shot.key, view), lambda: self._made(shot, view))

    def _made(self, shot: Shot, view: str) -> Stack:
        if view == "still":
            end = min(shot.end, shot.first + STACK_FRAMES)
            return held_still(np.stack(self.cropped(shot, shot.first, end, SIDE)))
        still = self._stack(shot, "still")
        if view == "flow":
            return with_flow(still)
        t_ns = self.recording(shot.session).t_ns[shot.first : shot.first + len(still)]
        return magnified(still, t_ns, float(view.partition("-")[2]))


def packed(first: int, pictures: Sequence[Image]) -> bytes:
    """A chunk as it goes over the wire."""
    return chunk.packed(first, [jpeg(picture) for picture in pictures])


def unpacked(received: bytes) -> dict[int, Image]:
    """Frame number -> RGB picture. Raises MexlabError for what is no chunk."""
    return {number: _decoded(encoded) for number, encoded in chunk.unpacked(received).items()}


def _decoded(encoded: bytes) -> Image:
    bgr = np.asarray(cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR))
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), dtype=np.uint8)
