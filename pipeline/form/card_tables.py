"""The tables of the dataset card, counted from the clips and splits, as rows of cells.

The first row is the head. Each number equals a query on the Parquet files; a test asks DuckDB.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mexlab.consent import SCOPES
from mexlab.emotions import EMOTIONS
from mexlab.study import Exclusion
from mexlab.tables import INTERVAL_KINDS, RATES
from pipeline.form.header import DatasetHeader, column

Rows = list[list[str]]

ALL = "**all**"


def markdown_table(rows: Sequence[Sequence[object]]) -> str:
    """GitHub's pipe table; None is an empty cell."""
    texts = [["" if cell is None else str(cell) for cell in row] for row in rows]
    cells = [[text.replace("|", "\\|").replace("\n", " ") for text in row] for row in texts]
    head, *body = [f"| {' | '.join(row)} |" for row in cells]
    return "\n".join([head, "|" + "---|" * len(rows[0]), *body]) + "\n"


def label_counts(clips: pa.Table) -> Rows:
    """Clips per subject and emotion; of sets that know three classes only, also without one."""
    labels, subjects = column(clips, "label"), column(clips, "subject")
    counts = Counter(zip(subjects, labels, strict=True))
    columns: list[int | None] = [*range(len(EMOTIONS))]
    columns += [None] if None in labels else []
    rows = [["subject", *[*EMOTIONS, "no label"][: len(columns)], "all"]]
    for subject in sorted(set(subjects)):
        row = [counts[subject, label] for label in columns]
        rows.append([subject, *map(str, row), str(sum(row))])
    totals = Counter(labels)
    return [*rows, [ALL, *(str(totals[label]) for label in columns), str(len(labels))]]


def evidence_counts(clips: pa.Table) -> Rows:
    """Clips per source of the label and kind of movement."""
    sources = [source or "none" for source in column(clips, "label_source")]
    kinds = column(clips, "kind")
    counts = Counter(zip(sources, kinds, strict=True))
    rows = [["label from", *(f"kind {kind}" for kind in INTERVAL_KINDS), "all"]]
    for source in sorted(set(sources)):
        row = [counts[source, kind] for kind in INTERVAL_KINDS]
        rows.append([source, *map(str, row), str(sources.count(source))])
    totals = Counter(kinds)
    return [*rows, [ALL, *(str(totals[kind]) for kind in INTERVAL_KINDS), str(len(kinds))]]


def quality_counts(clips: pa.Table) -> Rows:
    """Per subject: clips by what their rate is worth, frames repeated, gaps, clips with a blink."""
    head = ["subject", "clips", *(f"rate {rate}" for rate in RATES)]
    rows = [[*head, "frames", "repeated", "after a gap", "clips with a blink"]]
    names = sorted(set(column(clips, "subject")))
    parts = [(name, clips.filter(pc.field("subject") == name)) for name in names]
    for subject, part in [*parts, (ALL, clips)]:
        rates = Counter(column(part, "rate"))
        sums = [sum(column(part, name)) for name in ("n_frames", "repeated", "gaps")]
        blinks = sum(share is not None and share > 0 for share in column(part, "blink"))
        numbers = [len(part), *(rates[rate] for rate in RATES), *sums, blinks]
        rows.append([subject, *map(str, numbers)])
    return rows


def measures(clips: pa.Table) -> Rows:
    """Lowest, middle and highest value over the clips of what was measured on each."""
    rows = [["measure", "clips", "lowest", "median", "highest"]]
    for name in ("source_hz", "face_score", "sharpness", "exposure", "clipped", "head_turn_deg"):
        values = clips[name].drop_null().cast(pa.float64())
        if len(values):
            quantiles = np.quantile(values.to_numpy(), [0, 0.5, 1])
            rows.append([name, str(len(values)), *(f"{value:.3f}" for value in quantiles)])
    return rows


def split_counts(splits: pa.Table, clips: pa.Table) -> Rows:
    """Per protocol its folds, the groups in it, and how many clips a fold tests."""
    group_of = dict(zip(column(clips, "clip_id"), column(clips, "group"), strict=True))
    rows = [["protocol", "folds", "groups", "fewest clips tested", "most clips tested"]]
    entries = splits.select(["protocol", "fold", "clip_id", "role"]).to_pylist()
    for protocol in sorted({entry["protocol"] for entry in entries}):
        own = [entry for entry in entries if entry["protocol"] == protocol]
        tested = Counter(entry["fold"] for entry in own if entry["role"] == "test")
        groups = {group_of[entry["clip_id"]] for entry in own}
        numbers = (len(tested), len(groups), min(tested.values()), max(tested.values()))
        rows.append([protocol, *map(str, numbers)])
    return rows


def scope_counts(header: DatasetHeader) -> Rows:
    """How many subjects hold each scope of consent."""
    held = Counter(scope for who in header.subjects.values() for scope in who.scopes or ())
    return [["scope", "subjects"], *([scope, str(held[scope])] for scope in SCOPES)]


def demographic_counts(demographics: Mapping[str, Mapping[str, int]]) -> Rows:
    """Field, value, people, as `pipeline.form.demographics` has let them out."""
    rows = [["field", "value", "people"]]
    for field, counts in demographics.items():
        rows += [[field, value, str(count)] for value, count in counts.items()]
    return rows


def exclusion_rows(exclusions: Sequence[Exclusion]) -> list[list[object]]:
    """What was left out, a row each."""
    rows: list[list[object]] = [["subject", "session", "scene", "reason"]]
    return rows + [[out.subject, out.session, out.scene, out.reason] for out in exclusions]
