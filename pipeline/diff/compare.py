"""`pipeline diff`: who and what changed between two datasets, and by how much numbers differ.

Reads two dataset folders; writes nothing. Clips are matched by clip_id and frames by clip_id and
frame number. Equal content hashes say at once that no table differs; the headers are compared all
the same, since settings, software and consent stand outside the hash.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from mexlab.emotions import class_names
from mexlab.tables import CLIPS
from pipeline.diff.frames import Gap, largest_gaps
from pipeline.form.dataset import Dataset, DatasetHeader

Change = tuple[Any, Any]  # old, new

_LABEL_CLASSES = {"label": 7, "label3": 3}
# Clips cut alike have the same frames, so that numbers can be laid side by side.
_CUT = ("subject", "start_ns", "end_ns", "n_frames")
_MOMENTS = ("onset", "apex", "offset", "kind")


@dataclass(frozen=True)
class ClipChange:
    """A clip of both datasets with other values in them: column -> (old, new)."""

    clip_id: str
    subject: str
    columns: Mapping[str, Change]


@dataclass
class Difference:
    """What B has otherwise than A.

    `header`, `settings`, `software` map a key to (old, new), None where it is absent; `consent`
    and `groups` map a subject of both. `gaps` are the numbers and pictures that differ in clips
    cut alike, `cut_alike` how many such clips there are. `exclusions` and `splits` are rows that
    only one of the two has.
    """

    hashes: Change
    header: dict[str, Change] = field(default_factory=dict)
    settings: dict[str, Change] = field(default_factory=dict)
    software: dict[str, Change] = field(default_factory=dict)
    consent: dict[str, Change] = field(default_factory=dict)
    groups: dict[str, Change] = field(default_factory=dict)
    subjects: tuple[list[str], list[str]] = ([], [])  # only in A, only in B
    clips: tuple[list[str], list[str]] = ([], [])
    exclusions: tuple[list[str], list[str]] = ([], [])
    splits: tuple[int, int] = (0, 0)
    changed: list[ClipChange] = field(default_factory=list)
    cut_alike: int = 0
    gaps: list[Gap] = field(default_factory=list)

    @property
    def same_content(self) -> bool:
        """Both tell of one content hash: no table differs."""
        return bool(self.hashes[0] == self.hashes[1])


def compare(a: Dataset, b: Dataset) -> Difference:
    """What changed from `a` to `b`. Raises TableError where a table is damaged."""
    difference = Difference((a.header.content_hash, b.header.content_hash))
    _compare_headers(difference, a.header, b.header)
    if difference.same_content:
        return difference
    clips_a, clips_b = a.clips(), b.clips()
    rows_a, rows_b = _rows(clips_a), _rows(clips_b)
    difference.subjects = _only(a.subjects, b.subjects)
    difference.clips = _only(rows_a, rows_b)
    both = [clip_id for clip_id in rows_a if clip_id in rows_b]
    for clip_id in both:
        columns = _changes(rows_a[clip_id], rows_b[clip_id])
        if columns:
            subject = rows_a[clip_id]["subject"]
            difference.changed.append(ClipChange(clip_id, subject, columns))
    cut_alike = {
        clip_id: str(rows_a[clip_id]["subject"])
        for clip_id in both
        if _agree(rows_a[clip_id], rows_b[clip_id], _CUT)
    }
    same_moments = [c for c in cut_alike if _agree(rows_a[c], rows_b[c], _MOMENTS)]
    difference.cut_alike = len(cut_alike)
    difference.gaps = largest_gaps((a, clips_a), (b, clips_b), cut_alike, same_moments)
    difference.splits = _only_splits(a, b)
    return difference


def _compare_headers(difference: Difference, a: DatasetHeader, b: DatasetHeader) -> None:
    told = ("audience", "licence", "schema_version")
    difference.header = _changes(*({name: getattr(h, name) for name in told} for h in (a, b)))
    difference.settings = _changes(_flat(a.settings), _flat(b.settings))
    difference.software = _changes(a.software, b.software)
    both = sorted(a.subjects.keys() & b.subjects.keys())
    difference.consent = _changes(
        *({name: _scopes(header, name) for name in both} for header in (a, b))
    )
    difference.groups = _changes(
        *({name: header.subjects[name].group for name in both} for header in (a, b))
    )
    difference.exclusions = _only(map(str, a.exclusions), map(str, b.exclusions))


def _agree(old: Mapping[str, Any], new: Mapping[str, Any], names: Iterable[str]) -> bool:
    return all(old[name] == new[name] for name in names)


def _scopes(header: DatasetHeader, subject: str) -> list[str] | None:
    scopes = header.subjects[subject].scopes
    return None if scopes is None else sorted(scopes)


def _changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Change]:
    """Key -> (old, new) where they differ, None for absent, in the order of their appearance."""
    keys = dict.fromkeys((*old, *new))
    return {key: (old.get(key), new.get(key)) for key in keys if old.get(key) != new.get(key)}


def _flat(settings: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Settings within settings under one name: labels.policy."""
    flat: dict[str, Any] = {}
    for key, value in settings.items():
        inner = _flat(value, f"{above}{key}.") if isinstance(value, Mapping) else None
        flat |= {f"{above}{key}": value} if inner is None else inner
    return flat


def _only(old: Iterable[str], new: Iterable[str]) -> tuple[list[str], list[str]]:
    """What only the first has, and what only the second has, sorted."""
    one, two = set(old), set(new)
    return sorted(one - two), sorted(two - one)


def _rows(clips: pa.Table) -> dict[str, dict[str, Any]]:
    """Clip -> its cells, labels by name, without what is numbers by the hundred."""
    names = [cell.name for cell in CLIPS.schema if not pa.types.is_nested(cell.type)]
    rows = {str(row["clip_id"]): row for row in clips.select(names).to_pylist()}
    for row in rows.values():
        for name, classes in _LABEL_CLASSES.items():
            if row[name] is not None:
                row[name] = class_names(classes)[row[name]]
    return rows


def _only_splits(a: Dataset, b: Dataset) -> tuple[int, int]:
    """How many rows of the splits only the first has, and only the second."""
    one, two = (Counter(tuple(row.values()) for row in d.splits().to_pylist()) for d in (a, b))
    return (one - two).total(), (two - one).total()
