"""Whose face is followed where a recording shows several: faces by time in, one person out.

A box is float64 (left, top, right, bottom) in px of the upright recording. Faces are joined to
tracks by where they are and how large. A track ends where its face is lost from sight; tracks of
one size that were never seen at one time are taken for one person. The person whose face takes up
most of the recording, size times presence, is followed throughout, also where another comes closer
for a while.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from mexlab.vision.video import Image

Box = NDArray[np.float64]
Boxes = dict[int, Box]  # of one face, by number of look

NEAR_WIDTHS = 1.0  # a face moves no further from one look to the next, in its own widths
SAME_SIZE = 2.0  # nor does it change its height by more than this factor
UNLIKE_WIDTHS = 2.0  # a height e times as large makes a face as unlikely as being so far away
SAME_PERSON = 1.5  # heights of two tracks of one person differ by no more than this factor
SAME_FACE = 0.5  # overlap (intersection over union) at which two boxes are one face seen twice
COVER = 0.35  # of a box's width and height, added on each side where a face is hidden
SPARE = 0.1  # the same around the face that stays
GREY = 128


@dataclass(frozen=True)
class Person:
    """One person's boxes by number of look, and of how many tracks they are."""

    boxes: Boxes
    tracks: int = 1

    @property
    def area(self) -> float:
        """Size times presence, px^2 looks."""
        return float(sum(np.prod(box[2:] - box[:2]) for box in self.boxes.values()))

    @cached_property
    def height_px(self) -> float:
        """Median height of the face."""
        return float(np.median([_height(box) for box in self.boxes.values()]))

    def may_be(self, other: "Person") -> bool:
        """Are the two nowhere seen at one time, and of one size?"""
        low, high = sorted((self.height_px, other.height_px))
        return high <= SAME_PERSON * low and not self.boxes.keys() & other.boxes.keys()

    def joined(self, other: "Person") -> "Person":
        return Person(self.boxes | other.boxes, self.tracks + other.tracks)


@dataclass(frozen=True)
class People:
    """Everybody seen, the largest face throughout first; `most` faces at a time."""

    persons: Sequence[Person] = ()
    most: int = 0

    @classmethod
    def of(cls, looks: Iterable[Sequence[Box]]) -> Self:
        """From the faces of each look, in order of time."""
        tracks: list[Boxes] = []
        most = 0
        for look, seen in enumerate(looks):
            boxes = _apart(seen)
            most = max(most, len(boxes))
            _extend(tracks, look, boxes)
        return cls(_persons([Person(boxes) for boxes in tracks]), most)

    @property
    def several(self) -> bool:
        """Were two or more faces seen at one time?"""
        return self.most > 1

    @property
    def followed(self) -> Person | None:
        """The person with the larger face throughout; None where no face was seen."""
        return self.persons[0] if self.persons else None

    @property
    def others(self) -> Sequence[Person]:
        """Everybody else."""
        return self.persons[1:]

    def hide_others(self, image: Image, looks: Sequence[int]) -> None:
        """Grey over the others' faces as they were at any of these looks, in place.

        The followed face is never covered.
        """
        hidden = np.zeros(image.shape[:2], bool)
        for person in self.others:
            for box in _at(person, looks):
                hidden[_slices(box, COVER, image)] = True
        if self.followed:
            for box in _at(self.followed, looks):
                hidden[_slices(box, SPARE, image)] = False
        image[hidden] = GREY


def face_box(points: NDArray[np.floating]) -> Box:
    """The box around points (n, 2)."""
    return np.concatenate([points.min(axis=0), points.max(axis=0)]).astype(np.float64)


def _extend(tracks: list[Boxes], look: int, boxes: Sequence[Box]) -> None:
    """Each box goes to the likeliest track that it can belong to, or begins a new one."""
    pairs = [
        (_unlikeness(track[max(track)], box), number, place)
        for number, track in enumerate(tracks)
        for place, box in enumerate(boxes)
    ]
    free = set(range(len(boxes)))
    for unlikeness, number, place in sorted(pairs):
        if np.isfinite(unlikeness) and place in free and look not in tracks[number]:
            tracks[number][look] = boxes[place]
            free.remove(place)
    tracks += [{look: boxes[place]} for place in sorted(free)]


def _persons(tracks: Sequence[Person]) -> list[Person]:
    """Tracks joined to persons, the longest and largest track first; persons in the same order."""
    found: list[Person] = []
    for track in sorted(tracks, key=_largest_first):
        for place, person in enumerate(found):
            if person.may_be(track):
                found[place] = person.joined(track)
                break
        else:
            found.append(track)
    return sorted(found, key=_largest_first)


def _largest_first(person: Person) -> float:
    return -person.area


def _at(person: Person, looks: Sequence[int]) -> list[Box]:
    return [person.boxes[look] for look in looks if look in person.boxes]


def _height(box: Box) -> float:
    return float(box[3] - box[1])


def _unlikeness(a: Box, b: Box) -> float:
    """Of two boxes being one face, a look apart: the way between the middles, in widths of the
    wider, and the difference of heights; infinite where one face does not move or change so."""
    way = np.linalg.norm((a[:2] + a[2:] - b[:2] - b[2:]) / 2) / max(a[2] - a[0], b[2] - b[0])
    growth = abs(np.log(_height(b) / _height(a)))
    if way > NEAR_WIDTHS or growth > np.log(SAME_SIZE):
        return float("inf")
    return float(way + UNLIKE_WIDTHS * growth)


def _apart(boxes: Sequence[Box]) -> list[Box]:
    """Without those that lie on a larger one: one face seen twice."""
    kept: list[Box] = []
    for box in sorted(boxes, key=lambda box: -float(np.prod(box[2:] - box[:2]))):
        if all(_overlap(box, other) < SAME_FACE for other in kept):
            kept.append(box)
    return kept


def _overlap(a: Box, b: Box) -> float:
    low, high = np.maximum(a[:2], b[:2]), np.minimum(a[2:], b[2:])
    common = float(np.prod(np.maximum(high - low, 0)))
    both = float(np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2])) - common
    return common / both if both else 1.0


def _slices(box: Box, share: float, image: Image) -> tuple[slice, slice]:
    height, width = image.shape[:2]
    grow = share * (box[2:] - box[:2])
    (left, top), (right, bottom) = box[:2] - grow, box[2:] + grow
    rows = slice(int(np.clip(top, 0, height)), int(np.clip(np.ceil(bottom), 0, height)))
    return rows, slice(int(np.clip(left, 0, width)), int(np.clip(np.ceil(right), 0, width)))
