"""What a row of an annotation sheet becomes: a clip to import, a note, or a row not used."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class CorpusClip:
    """A movement as the corpus codes it.

    Onset, apex and offset are the corpus's own frame numbers, all inclusive; `apex` is None where
    none was coded. `emotion` and `aus` are the sheet's words. `frames` are (number, file name) from
    onset to offset, in the order of their numbers; empty until `folders.with_frames` looked.
    `cropped` pictures show the face and nothing else.
    """

    clip_id: str
    subject: str
    row: int
    filename: str
    onset: int
    apex: int | None
    offset: int
    emotion: str
    fps: float
    label: str | None = None  # one of mexlab.emotions.EMOTIONS
    label3: str | None = None  # one of mexlab.emotions.LABELS3
    aus: str = ""
    reported: str | None = None
    kind: str = "micro"
    modality: str = "colour"
    movement: int = 1  # a recording may hold several
    cells: dict[str, str] = field(default_factory=dict)  # for the folder's name
    folder: Path | None = None
    frames: tuple[tuple[int, str], ...] = ()
    cropped: bool = False

    @property
    def name(self) -> str:
        """For people: who and which file."""
        return f"{self.subject} {self.filename}"


@dataclass(frozen=True)
class Remark:
    """Something about one row of the sheet; `row` counts from 1, as the spreadsheet does."""

    row: int
    name: str
    reason: str

    def __str__(self) -> str:
        name = f" ({self.name})" if self.name else ""
        return f"row {self.row}{name}: {self.reason}"


class Unused(Remark):
    """A row, or a movement of it, that is not in the dataset."""


class Note(Remark):
    """A row that is in the dataset, and what its user should know."""


class RowProblem(Exception):
    """Why the row in hand cannot be used; the reader makes an `Unused` of it."""
