"""The header of a dataset, `dataset.json`; where the files beside it are, and a column of them."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import pyarrow as pa

from mexlab.atomic import write_json
from mexlab.errors import TableError
from mexlab.study import Exclusion

SCHEMA_VERSION = 2  # 2: demographics
HEADER = "dataset.json"


def clips_path(root: Path, subject: str) -> Path:
    """Where a subject's clips are."""
    return root / "clips" / f"{subject}.parquet"


def frames_path(root: Path, subject: str) -> Path:
    """Where a subject's frames are."""
    return root / "frames" / f"{subject}.parquet"


def splits_path(root: Path) -> Path:
    """Where the splits are."""
    return root / "splits.parquet"


def column(table: pa.Table, name: str) -> list[Any]:
    """A column as Python values, None where a cell is empty."""
    values: list[Any] = table[name].to_pylist()
    return values


@dataclass(frozen=True)
class Subject:
    """A subject at build time: consent scopes held, and the group splits keep together.

    `scopes` is None for an imported corpus, whose people agreed with others: its licence counts.
    """

    scopes: tuple[str, ...] | None
    group: str


@dataclass(frozen=True)
class DatasetHeader:
    """`dataset.json`. `finish` fills in `content_hash` and the counts of rows.

    `demographics` is what `pipeline.form.demographics.summary` lets out: field -> value -> people.
    """

    audience: str
    subjects: Mapping[str, Subject]
    settings: Mapping[str, Any] = field(default_factory=dict)
    software: Mapping[str, str] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    exclusions: Sequence[Exclusion] = ()
    licence: str | None = None
    demographics: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
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


def _scopes(names: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if names is None else tuple(names)


def _damaged(path: Path) -> TableError:
    return TableError("damaged dataset header", path, "restore it from a copy or build again")
