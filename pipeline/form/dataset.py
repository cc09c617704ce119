"""The dataset form on disk: what `build-dataset` and `import` write and what training reads.

    dataset.json      the header: settings, software, counts, exclusions, subjects' consent, hash
    clips/S.parquet   one row a clip of subject S       frames/S.parquet   one row a frame
    splits.parquet    which clip is on which side of which fold
    README.md         the card, with contact-sheet.jpg where people agreed to be shown
    codebook.tsv      every column in words             croissant.json     the same for programs
    manifest.sha256   every file's hash

One file a subject, so that erasing one is deleting two files and calling `finish` again. The Arrow
schemas carry the `huggingface` key, with which `datasets.load_dataset(FOLDER)` gives PIL images and
named labels. A writer calls `write_subject` for each subject, and last `finish`, which writes all
the rest; the folder appears whole through `mexlab.atomic.atomic_folder`.
"""

import dataclasses
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from mexlab.errors import InputError, TableError
from mexlab.fingerprint import content_hash, write_manifest
from mexlab.tables import CLIP_FRAMES, CLIPS, SPLITS
from mexlab.tablespec import TableSpec
from pipeline.form.card import write_card
from pipeline.form.codebook import write_codebook
from pipeline.form.croissant import write_croissant
from pipeline.form.header import (
    HEADER,
    SCHEMA_VERSION,
    DatasetHeader,
    Subject,
    clips_path,
    column,
    frames_path,
    splits_path,
)
from pipeline.form.hub import hub_features, hub_metadata
from pipeline.form.pictures import Pictures

__all__ = [
    "HEADER",
    "Dataset",
    "DatasetHeader",
    "Subject",
    "clips_path",
    "column",
    "finish",
    "frames_path",
    "hub_features",
    "write_subject",
]

ROW_GROUP_ROWS = 256  # about 3 MB of 224 px JPEG and flow: cheap to read one clip


@dataclass(frozen=True)
class Dataset:
    """A dataset folder opened for reading; tables are read, and validated, when asked for."""

    root: Path
    header: DatasetHeader

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a dataset folder. Raises InputError if it is none, TableError if it is damaged."""
        if not path.is_dir():
            raise InputError("no such dataset", path, "give the folder build-dataset wrote")
        if not (path / HEADER).is_file():
            what = f"not a dataset: it has no {HEADER}"
            raise InputError(what, path, "make one with pipeline build-dataset")
        return cls(path, DatasetHeader.read(path / HEADER))

    @property
    def subjects(self) -> list[str]:
        """Subjects with clips, sorted."""
        return sorted(path.stem for path in (self.root / "clips").glob("*.parquet"))

    def clips(self) -> pa.Table:
        """All clips of all subjects, CLIPS schema."""
        if not self.subjects:
            raise TableError("no clips in this dataset", self.root, "build it again")
        tables = [CLIPS.read(clips_path(self.root, name)) for name in self.subjects]
        return pa.concat_tables(tables)

    def frames(self, subject: str, columns: Sequence[str] | None = None) -> pa.Table:
        """The frames of one subject, CLIP_FRAMES schema; with `columns`, only those are read."""
        return CLIP_FRAMES.read(frames_path(self.root, subject), columns)

    def splits(self) -> pa.Table:
        """The splits made at build time, SPLITS schema."""
        return SPLITS.read(splits_path(self.root))

    def pictures(self, subject: str) -> Pictures:
        """The pictures of one subject by row of `frames(subject)`, decoded when asked for."""
        CLIP_FRAMES.rows(frames_path(self.root, subject))  # a damaged or foreign file ends here
        return Pictures(frames_path(self.root, subject))


def write_subject(
    root: Path, subject: str, clips: pa.Table, frames: Iterable[pa.Table | pa.RecordBatch]
) -> None:
    """Write one subject's clips and frames; `frames` may be a generator, and is held in part only.

    Raises InputError for a name that cannot be a file's, TableError for rows that do not fit.
    """
    if not re.fullmatch(r"\w[\w.-]*", subject):
        what = f"subject {subject!r} cannot name a file"
        raise InputError(what, root, "use letters, digits, - and _")
    with _open_table(CLIPS, clips_path(root, subject)) as writer:
        _check_rows(CLIPS, clips, subject, clips_path(root, subject))
        writer.write_table(clips.select(CLIPS.schema.names).cast(writer.schema))
    with _open_table(CLIP_FRAMES, frames_path(root, subject)) as writer:
        for rows in _row_groups(frames):
            _check_rows(CLIP_FRAMES, rows, subject, frames_path(root, subject))
            writer.write_table(rows.select(CLIP_FRAMES.schema.names).cast(writer.schema))


def finish(root: Path, header: DatasetHeader, splits: pa.Table) -> DatasetHeader:
    """Write splits, header, card, codebook, croissant and manifest; clips and frames must stand.

    Whatever of them stands already is written anew. Returns the header as written, with
    `content_hash` and the counts of subjects, clips, frames.
    """
    SPLITS.write(splits_path(root), splits, hub_metadata(SPLITS))
    counts = {
        "subjects": len(list((root / "clips").glob("*.parquet"))),
        "clips": _count_rows(root / "clips"),
        "frames": _count_rows(root / "frames"),
    }
    whole = dataclasses.replace(
        header,
        counts={**header.counts, **counts},
        content_hash=content_hash(root),
        schema_version=SCHEMA_VERSION,
    )
    whole.write(root / HEADER)
    described = Dataset(root, whole)
    write_card(root, whole, described.clips() if described.subjects else CLIPS.empty())
    write_codebook(root)
    write_croissant(root, whole)
    write_manifest(root)
    return whole


def _open_table(spec: TableSpec, path: Path) -> Any:
    # JPEG, PNG and float16 flow do not compress: they are stored as they are, and without the
    # statistics and dictionaries that would only copy them. Leaves not named are uncompressed.
    small = [cell.name for cell in spec.schema if not pa.types.is_nested(cell.type)]
    leaves = [*small, "aus.list.element"] if "aus" in spec.schema.names else small
    # `datasets` believes the huggingface key only for columns declared nullable, as its own are;
    # without this, images read with no card beside them would be bytes. `validate` keeps nulls out.
    nullable = pa.schema([cell.with_nullable(True) for cell in spec.schema])
    return dataclasses.replace(spec, schema=nullable).writer(
        path,
        hub_metadata(spec),
        compression=dict.fromkeys(leaves, "zstd"),
        use_dictionary=small,
        write_statistics=small,
    )


def _row_groups(parts: Iterable[pa.Table | pa.RecordBatch]) -> Iterator[pa.Table]:
    """The same rows in tables of about ROW_GROUP_ROWS; each becomes one row group."""
    waiting: list[pa.Table] = []
    for part in parts:
        waiting.append(part if isinstance(part, pa.Table) else pa.Table.from_batches([part]))
        if sum(map(len, waiting)) >= ROW_GROUP_ROWS:
            yield pa.concat_tables(waiting)
            waiting = []
    if waiting:
        yield pa.concat_tables(waiting)


def _check_rows(spec: TableSpec, rows: pa.Table, subject: str, path: Path) -> None:
    spec.validate(rows, path)
    others = set(column(rows, "subject")) - {subject}
    if others:
        what = f"rows of {sorted(others)[0]!r} among those of {subject!r}"
        raise TableError(what, path, "write each subject to its own file")


def _count_rows(folder: Path) -> int:
    return sum(pq.read_metadata(path).num_rows for path in folder.glob("*.parquet"))
