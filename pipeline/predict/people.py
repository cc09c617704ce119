"""Whose face is followed where a recording shows several: faces by time in, one person out.

A box is float64 (left, top, right, bottom) in px of the upright recording. Faces are joined to
persons by where they are and how large; the person whose face takes up most of the recording,
size times presence, is followed throughout, also where another comes closer for a while.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mexlab.vision.video import Image

Box = NDArray[np.float64]

NEAR_WIDTHS = 1.0  # a face moves no further from one look to the next, in its own widths
SAME_SIZE = 2.0  # nor does it change its width by more than this factor
SAME_FACE = 0.5  # overlap (intersection over union) at which two boxes are one face seen twice
COVER = 0.35  # of a box's width and height, added on each side where a face is hidden
SPARE = 0.1  # the same around the face that stays
GREY = 128


@dataclass
class Person:
    """One person's boxes by number of look."""

    boxes: dict[int, Box] = field(default_factory=dict)

    @property
    def area(self) -> float:
        """Size times presence, px^2 looks."""
        return float(sum(np.prod(box[2:] - box[:2]) for box in self.boxes.values()))

    @property
    def height_px(self) -> float:
        """Median height of the face."""
        return float(np.median([box[3] - box[1] for box in self.boxes.values()]))

    @property
    def last(self) -> Box:
        return self.boxes[max(self.boxes)]


@dataclass
class People:
    """Everybody seen, in order of appearance."""

    persons: list[Person] = field(default_factory=list)
    most: int = 0  # faces at a time

    def see(self, look: int, boxes: Sequence[Box]) -> None:
        """Add the faces of one look, each to the nearest person it can be, or to a new one."""
        boxes = _apart(boxes)
        self.most = max(self.most, len(boxes))
        pairs = [
            (_distance(person.last, box), number, place)
            for number, person in enumerate(self.persons)
            for place, box in enumerate(boxes)
        ]
        free = set(range(len(boxes)))
        for distance, number, place in sorted(pairs):
            person = self.persons[number]
            if distance <= NEAR_WIDTHS and place in free and look not in person.boxes:
                person.boxes[look] = boxes[place]
                free.remove(place)
        self.persons += [Person({look: boxes[place]}) for place in sorted(free)]

    @property
    def several(self) -> bool:
        """Were two or more faces seen at one time?"""
        return self.most > 1

    @property
    def followed(self) -> Person | None:
        """The person with the larger face throughout; None where no face was seen."""
        return max(self.persons, key=lambda person: person.area, default=None)

    @property
    def others(self) -> list[Person]:
        """Everybody else."""
        chosen = self.followed
        return [person for person in self.persons if person is not chosen]

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


def _at(person: Person, looks: Sequence[int]) -> list[Box]:
    return [person.boxes[look] for look in looks if look in person.boxes]


def _distance(a: Box, b: Box) -> float:
    """Between the middles, in widths of the wider; infinite where the sizes are no one face's."""
    widths = sorted((a[2] - a[0], b[2] - b[0]))
    if widths[1] > SAME_SIZE * widths[0]:
        return float("inf")
    return float(np.linalg.norm((a[:2] + a[2:] - b[:2] - b[2:]) / 2) / widths[1])


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
