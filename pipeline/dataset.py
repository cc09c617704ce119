"""The dataset form on disk: what `build-dataset` and `import` write and what training reads.

    dataset.json      the header: settings, software, counts, exclusions, subjects' consent, hash
    clips/S.parquet   one row a clip of subject S       frames/S.parquet   one row a frame
    splits.parquet    which clip is on which side of which fold
    README.md         the card (pipeline.card)          manifest.sha256    every file's hash

One file a subject, so that erasing one is deleting two files. The Arrow schemas carry the
`huggingface` key, with which `datasets.load_dataset(FOLDER)` gives PIL images and named labels.
A writer calls `write_subject` for each subject, `pipeline.card.write_card`, and last `finish`;
the folder appears whole through `mexlab.atomic.atomic_folder`.
"""

import dataclasses
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from mexlab.atomic import write_json
from mexlab.emotions import class_names
from mexlab.errors import InputError, TableError
from mexlab.fingerprint import content_hash, write_manifest
from mexlab.study import Exclusion
from mexlab.tables import CLIP_FRAMES, CLIPS, IMAGE, SPLITS
from mexlab.tablespec import TableSpec

SCHEMA_VERSION = 1
HEADER = "dataset.json"
ROW_GROUP_ROWS = 256  # about 3 MB of 224 px JPEG and flow: cheap to read one clip

_LABEL_CLASSES = {"label": 7, "label3": 3}


@dataclass(frozen=True)
class Subject:
    """A subject at build time: consent scopes held, and the group splits keep together.

    `scopes` is None for an imported corpus, whose people agreed with others: its licence counts.
    """

    scopes: tuple[str, ...] | None
    group: str


@dataclass(frozen=True)
class DatasetHeader:
    """`dataset.json`. `finish` fills in `content_hash` and the counts of rows."""

    audience: str
    subjects: Mapping[str, Subject]
    settings: Mapping[str, Any] = field(default_factory=dict)
    software: Mapping[str, str] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    exclusions: Sequence[Exclusion] = ()
    licence: str | None = None
    content_hash: str = ""
    schema_version: int = SCHEMA_VERSION

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a header. Raises TableError where it is damaged or newer than this program."""
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            version = int(values["schema_version"])
        except (ValueError, KeyError, TypeError) as error:
            raise _damaged(path) from error
        if version > SCHEMA_VERSION:
            what = f"dataset schema version {version} is newer than {SCHEMA_VERSION}"
            raise TableError(what, path, "update mexlab to read it")
        try:
            subjects = {
                name: Subject(_scopes(entry["scopes"]), entry["group"])
                for name, entry in values.pop("subjects").items()
            }
            exclusions = tuple(Exclusion(**entry) for entry in values.pop("exclusions"))
            return cls(**values, subjects=subjects, exclusions=exclusions)
        except (KeyError, TypeError, AttributeError) as error:
            raise _damaged(path) from error

    def write(self, path: Path) -> None:
        """Write the header as indented JSON, atomically."""
        write_json(path, dataclasses.asdict(self))


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
        return SPLITS.read(self.root / "splits.parquet")


def _scopes(names: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if names is None else tuple(names)


def clips_path(root: Path, subject: str) -> Path:
    """Where a subject's clips are."""
    return root / "clips" / f"{subject}.parquet"


def frames_path(root: Path, subject: str) -> Path:
    """Where a subject's frames are."""
    return root / "frames" / f"{subject}.parquet"


def column(table: pa.Table, name: str) -> list[Any]:
    """A column as Python values, None where a cell is empty."""
    values: list[Any] = table[name].to_pylist()
    return values


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
    """Write splits, header and manifest, in that order; everything else must stand already.

    Returns the header as written, with `content_hash` and the counts of subjects, clips, frames.
    """
    SPLITS.write(root / "splits.parquet", splits, hub_metadata(SPLITS))
    counts = {
        "subjects": len(list((root / "clips").glob("*.parquet"))),
        "clips": _count_rows(root / "clips"),
        "frames": _count_rows(root / "frames"),
    }
    whole = dataclasses.replace(
        header, counts={**counts, **header.counts}, content_hash=content_hash(root)
    )
    whole.write(root / HEADER)
    write_manifest(root)
    return whole


def hub_features(schema: pa.Schema) -> dict[str, dict[str, Any]]:
    """Column -> feature as the `datasets` library spells it in JSON."""
    return {cell.name: _hub_feature(cell) for cell in schema}


def hub_metadata(spec: TableSpec) -> dict[str, str]:
    """The `huggingface` key of a table's Arrow schema."""
    return {"huggingface": json.dumps({"info": {"features": hub_features(spec.schema)}})}


def _hub_feature(cell: "pa.Field[Any]") -> dict[str, Any]:
    if cell.name in _LABEL_CLASSES:
        return {"names": list(class_names(_LABEL_CLASSES[cell.name])), "_type": "ClassLabel"}
    if cell.type == IMAGE:
        return {"_type": "Image"}
    if isinstance(cell.type, pa.FixedSizeListType):
        item = {"dtype": _hub_dtype(cell.type.value_type), "_type": "Value"}
        return {"feature": item, "length": cell.type.list_size, "_type": "List"}
    return {"dtype": _hub_dtype(cell.type), "_type": "Value"}


def _hub_dtype(kind: pa.DataType) -> str:
    return {"halffloat": "float16", "float": "float32"}.get(str(kind), str(kind))


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


def _damaged(path: Path) -> TableError:
    return TableError("damaged dataset header", path, "restore it from a copy or build again")
