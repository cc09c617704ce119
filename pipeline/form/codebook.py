"""The codebook: what every column of a dataset means, in which unit; written as `codebook.tsv`.

Times are int64 nanoseconds on the session's clock (an imported corpus: frame number / rate).
`start_ns` to `end_ns` is half-open; `onset`, `apex`, `offset` are inclusive numbers of the clip's
exported frames. croissant.json says the same words about the same columns.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from mexlab.atomic import write_text
from mexlab.emotions import AUS, EMOTIONS, LABELS3
from mexlab.spreadsheet_safe import tsv_text
from mexlab.tables import CLIP_FRAMES, CLIPS, FLOW_SIDE, IMAGE, INTERVAL_KINDS, RATES, ROLES, SPLITS
from mexlab.tablespec import TableSpec

CODEBOOK = "codebook.tsv"
TITLES = ("table", "column", "type", "nullable", "unit", "meaning")
TABLES = {"clips": CLIPS, "frames": CLIP_FRAMES, "splits": SPLITS}

_FLOW = (
    f"{FLOW_SIDE} x {FLOW_SIDE} cells by rows, u (+right) then v (+down); a mirrored picture has u "
    "negated"
)
_MOMENT = "number of the exported frame of the clip, inclusive; empty where none was found or coded"


def _numbered(names: tuple[str, ...]) -> str:
    return ", ".join(f"{number} {name}" for number, name in enumerate(names))


# Column -> (unit, meaning). A column that several tables share has one meaning.
_KEYS = {
    "clip_id": ("", "the clip; unique in clips, the key of frames and splits"),
    "subject": ("", "pseudonym of the person; also the name of the clips and frames files"),
}
_LABEL = {
    "label": (
        "class",
        f"{_numbered(EMOTIONS)}; chosen by the study's label policy, see label_source",
    ),
}
_CLIPS = {
    "group": (
        "",
        "what splits keep together: the subject, or the base face of a simulated participant",
    ),
    "source": ("", "the study or corpus that the clip comes from"),
    "session": ("", "the recording session; empty for an imported corpus"),
    "scene": ("", "number of the film scene, from 1; empty for an imported corpus"),
    "label3": ("class", f"{_numbered(LABELS3)}; empty for neutral"),
    "label_source": ("", "which of the columns below, or which agreement, the label comes from"),
    "target": ("", "the emotion that the film scene was meant to elicit"),
    "reported": ("", "the emotion that the participant reported"),
    "expressed": ("", "the emotion that the analyzer saw in the face"),
    "coded": ("", "the emotion that people coded; of an imported corpus, the corpus's own word"),
    "start_ns": ("ns", "start of the clip, included"),
    "end_ns": ("ns", "end of the clip, not included"),
    "onset": ("frame", f"first frame of the movement: {_MOMENT}"),
    "apex": ("frame", f"frame of the strongest movement: {_MOMENT}"),
    "offset": ("frame", f"last frame of the movement: {_MOMENT}"),
    "n_frames": ("frames", "exported frames of the clip"),
    "duration_ms": ("ms", "offset minus onset, in recorded time; empty where there is no movement"),
    "kind": ("", f"{', '.join(INTERVAL_KINDS)}; micro is half a second or less"),
    "source_hz": ("Hz", "median frame rate of the recording"),
    "modality": ("", "colour, grey or infrared"),
    "coders": ("people", "coders who judged the clip; 0 where nobody has"),
    "apex_flow": (
        "% of inter-ocular distance",
        f"optical flow from onset to apex, not divided by time; {_FLOW}; where there is no "
        "movement, from the first frame to the middle one",
    ),
    "face_score": ("0-1", "median score of the face detector; empty where the pictures had none"),
    "sharpness": (
        "squared grey levels",
        "variance of the Laplacian of the crop's luma, median over the frames; compare one size "
        "and person only",
    ),
    "exposure": ("0-1", "mean luma of the crop over the frames, 0 black, 1 white"),
    "clipped": ("share", "pixels of the crop clipped to black or white, in its worst frame"),
    "head_turn_deg": ("degrees", "largest turn of the head from the clip's median pose"),
    "blink": ("share", "exported frames within a blink; empty where blinks are not known"),
    "repeated": ("frames", "rows of the clip that show the recorded frame before once more"),
    "gaps": ("frames", "rows of the clip that follow a gap in the recording"),
    "rate": (
        "",
        f"{', '.join(RATES)}: slow where recorded frames lie further apart than the clip's own, "
        "jittery where too many lie off the grid",
    ),
}
_FRAMES = {
    "frame": ("frame", "number of the frame within its clip, from 0"),
    "t_ns": ("ns", "capture time of the recorded frame"),
    "step_ms": ("ms", "true time since the frame before; 0 for the first and for a repeated one"),
    "source_frame": ("frame", "number of the recorded frame; an imported corpus's own number"),
    "source_error_ms": ("ms", "capture time less the time asked for"),
    "image": ("px", "the face crop as JPEG, PNG or WebP; one similarity transform a clip"),
    "flow": (
        "% of inter-ocular distance per 50 ms",
        f"optical flow from the frame before, zeros for the first; {_FLOW}",
    ),
    "aus": ("0-1", f"Action Unit intensities, in this order: {' '.join(AUS)}; empty where unknown"),
    "repeated": ("", "whether the row shows the recorded frame of the row before once more"),
    "gap": ("", "whether the true step from the row before is a gap: over 1.5 asked steps"),
}
_SPLITS = {
    "protocol": ("", "loso: one group a fold is tested; kfold: whole groups, folds alike in size"),
    "fold": ("", "number of the fold within its protocol, from 0"),
    "role": ("", f"side of the clip in this fold: {', '.join(ROLES)}"),
}
MEANINGS = {
    "clips": _KEYS | _LABEL | _CLIPS,
    "frames": _KEYS | _LABEL | _FRAMES,
    "splits": _KEYS | _SPLITS,
}


@dataclass(frozen=True)
class Line:
    """One line of the codebook, about one column."""

    table: str
    column: str
    type: str
    nullable: bool
    unit: str
    meaning: str

    def cells(self) -> tuple[str | None, ...]:
        """The line's cells, as TITLES names them."""
        nullable = "yes" if self.nullable else "no"
        return (self.table, self.column, self.type, nullable, self.unit or None, self.meaning)


def lines() -> Iterator[Line]:
    """A line for every column of every table, in the tables' order."""
    for table, spec in TABLES.items():
        yield from _table_lines(table, spec)


def write_codebook(root: Path) -> None:
    """Write `codebook.tsv`: UTF-8, a header, n/a for what does not apply."""
    write_text(root / CODEBOOK, tsv_text(TITLES, (line.cells() for line in lines())))


def _table_lines(table: str, spec: TableSpec) -> Iterator[Line]:
    for cell in spec.schema:
        unit, meaning = MEANINGS[table][cell.name]
        # The scores inside `aus` may be empty; the list itself is always there.
        nullable = cell.nullable or cell.name == "aus"
        yield Line(table, cell.name, type_name(cell.type), nullable, unit, meaning)


def type_name(kind: pa.DataType) -> str:
    """A column's type as people write it: `int64`, `float16[1568]`."""
    if kind == IMAGE:
        return "struct<bytes: binary, path: string>"
    if isinstance(kind, pa.FixedSizeListType):
        fixed: Any = kind
        return f"{type_name(fixed.value_type)}[{fixed.list_size}]"
    return {"halffloat": "float16", "float": "float32", "double": "float64"}.get(
        str(kind), str(kind)
    )
