"""The dataset on disk: written, read, hashed, refused."""

import dataclasses
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from synthetic_dataset import SUBJECTS, subject_tables

from mexlab.errors import InputError, TableError
from mexlab.fingerprint import content_hash, table_digest, write_manifest
from mexlab.study import Exclusion
from mexlab.tables import CLIP_FRAMES, CLIPS, SPLITS
from mexlab.verify import DATASET_FILES, verify_path
from pipeline.form.dataset import (
    Dataset,
    DatasetHeader,
    Subject,
    finish,
    frames_path,
    write_subject,
)


def test_what_is_written_is_read(small_dataset: Path) -> None:
    dataset = Dataset.open(small_dataset)
    assert dataset.subjects == sorted(SUBJECTS)
    clips, frames = subject_tables("P003", "face-b")
    read = dataset.clips().filter(pc.field("subject") == "P003")
    assert read.to_pylist() == clips.to_pylist()
    assert dataset.frames("P003").to_pylist() == frames.to_pylist()
    assert dataset.frames("P003", ["clip_id"]).column_names == ["clip_id"]
    assert set(dataset.splits()["subject"].to_pylist()) == set(SUBJECTS)


def test_header_round_trip(tmp_path: Path) -> None:
    header = DatasetHeader(
        audience="research",
        subjects={"P001": Subject(("recorded", "training"), "face-a")},
        settings={"fps": 20, "size": 224},
        software={"mexlab": "0.1.0"},
        counts={"repeated_frames": 3},
        exclusions=(
            Exclusion("P002", "", None, "no consent: shared"),
            Exclusion("P001", "s", 4, "no face"),
        ),
        licence="CC-BY-4.0",
        content_hash="ab",
    )
    header.write(tmp_path / "dataset.json")
    assert DatasetHeader.read(tmp_path / "dataset.json") == header


def test_header_counts_rows(small_dataset: Path) -> None:
    assert Dataset.open(small_dataset).header.counts == {"subjects": 4, "clips": 40, "frames": 160}


def test_pictures_and_flow_are_stored_as_they_are(small_dataset: Path) -> None:
    group = pq.read_metadata(frames_path(small_dataset, "P001")).row_group(0)
    codecs = {
        group.column(i).path_in_schema: group.column(i).compression
        for i in range(group.num_columns)
    }
    assert codecs["image.bytes"] == codecs["flow.list.element"] == "UNCOMPRESSED"
    assert codecs["t_ns"] == codecs["aus.list.element"] == "ZSTD"


def test_frames_come_in_modest_row_groups(tmp_path: Path) -> None:
    clips, frames = subject_tables("P001", "face-a", repeats=24)  # 480 frames
    write_subject(tmp_path, "P001", clips, (frames.slice(start, 60) for start in range(0, 480, 60)))
    file = pq.read_metadata(frames_path(tmp_path, "P001"))
    assert [file.row_group(i).num_rows for i in range(file.num_row_groups)] == [300, 180]


def test_record_batches_will_do(tmp_path: Path) -> None:
    clips, frames = subject_tables("P001", "face-a")
    write_subject(tmp_path, "P001", clips, frames.to_batches())
    assert CLIP_FRAMES.read(frames_path(tmp_path, "P001")).to_pylist() == frames.to_pylist()


def test_manifest_lists_every_file_but_itself(small_dataset: Path) -> None:
    lines = (small_dataset / "manifest.sha256").read_text().splitlines()
    listed = {name: digest for digest, name in (line.split("  ") for line in lines)}
    files = {p.relative_to(small_dataset).as_posix() for p in small_dataset.rglob("*.*")}
    assert set(listed) == files - {"manifest.sha256"}
    for name, digest in listed.items():
        assert hashlib.sha256((small_dataset / name).read_bytes()).hexdigest() == digest


def test_a_whole_dataset_has_no_problems(small_dataset: Path) -> None:
    problems, checks = verify_path(small_dataset)
    assert problems == []
    assert checks > 2 * len(SUBJECTS) + len(DATASET_FILES)


OF_EVERY_DATASET = [name for name in DATASET_FILES if name != "dataset.json"]  # which makes it one


@pytest.mark.parametrize("name", [*OF_EVERY_DATASET, "contact-sheet.jpg", "clips/P002.parquet"])
def test_a_file_changed_taken_away_or_never_listed_is_named(
    make_dataset: Callable[..., Path], name: str
) -> None:
    root = make_dataset()
    path, manifest = root / name, root / "manifest.sha256"
    whole, listed = path.read_bytes(), manifest.read_text()
    path.write_bytes(whole + b" ")
    assert any(f"changed since it was built; {path}" in p for p in verify_path(root)[0])
    path.unlink()
    assert any(f"missing file; {path}" in problem for problem in verify_path(root)[0])
    manifest.write_text("".join(line + "\n" for line in listed.splitlines() if name not in line))
    if name in DATASET_FILES:
        assert any(f"not in the manifest; {path}" in problem for problem in verify_path(root)[0])
    path.write_bytes(whole)
    assert any(f"does not know; {path}" in problem for problem in verify_path(root)[0])


def test_finishing_again_changes_nothing(make_dataset: Callable[..., Path]) -> None:
    root = make_dataset()
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    dataset = Dataset.open(root)
    finish(root, dataset.header, dataset.splits())
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before
    assert len(before) == 2 * len(SUBJECTS) + len(DATASET_FILES) + 2


def test_a_subject_that_goes_is_gone_from_everything(make_dataset: Callable[..., Path]) -> None:
    """Two files deleted and `finish` called: no count, card, sheet or manifest knows the person."""
    root = make_dataset()
    dataset = Dataset.open(root)
    for folder in ("clips", "frames"):
        (root / folder / "P003.parquet").unlink()
    people = {name: who for name, who in dataset.header.subjects.items() if name != "P003"}
    splits = dataset.splits().filter(pc.field("subject") != "P003")
    left = finish(root, dataclasses.replace(dataset.header, subjects=people), splits)
    assert left.counts == {"subjects": 3, "clips": 30, "frames": 120}
    assert left.content_hash != dataset.header.content_hash
    texts = [path for path in root.iterdir() if path.suffix in (".json", ".md", ".tsv", ".sha256")]
    assert len(texts) == 5
    assert not [path for path in texts if "P003" in path.read_text()]
    assert verify_path(root)[0] == []


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        ("{", "damaged dataset header"),
        ("[]", "damaged dataset header"),
        ('{"schema_version": 1}', "damaged dataset header"),
        ('{"schema_version": 3}', "dataset schema version 3 is newer than 2"),
    ],
)
def test_bad_header_is_refused(tmp_path: Path, damage: str, says: str) -> None:
    (tmp_path / "dataset.json").write_text(damage)
    with pytest.raises(TableError, match=says) as caught:
        Dataset.open(tmp_path)
    assert "dataset.json" in str(caught.value)


def test_a_header_without_demographics_is_still_read(small_dataset: Path, tmp_path: Path) -> None:
    header = json.loads((small_dataset / "dataset.json").read_text())
    del header["demographics"]
    (tmp_path / "dataset.json").write_text(json.dumps({**header, "schema_version": 1}))
    assert Dataset.open(tmp_path).header.demographics == {}


def test_no_dataset_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such dataset"):
        Dataset.open(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"has no dataset\.json"):
        Dataset.open(tmp_path)


def test_damaged_table_is_named(make_dataset: Callable[..., Path]) -> None:
    root = make_dataset()
    path = root / "clips" / "P002.parquet"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(TableError, match=r"damaged clips table.*P002"):
        Dataset.open(root).clips()


def test_dataset_without_clips_is_refused(tmp_path: Path) -> None:
    finish(tmp_path, DatasetHeader("private", {}), SPLITS.empty())
    with pytest.raises(TableError, match="no clips"):
        Dataset.open(tmp_path).clips()


@pytest.mark.parametrize("subject", ["../P001", "a/b", "", ".hidden", "P 1"])
def test_subject_must_be_able_to_name_a_file(tmp_path: Path, subject: str) -> None:
    clips, frames = subject_tables("P001", "face-a")
    with pytest.raises(InputError, match="cannot name a file"):
        write_subject(tmp_path, subject, clips, [frames])
    assert not list(tmp_path.iterdir())


def test_one_subject_does_not_get_another_s_rows(tmp_path: Path) -> None:
    clips, frames = subject_tables("P001", "face-a")
    with pytest.raises(TableError, match="rows of 'P001' among those of 'P002'"):
        write_subject(tmp_path, "P002", clips, [frames])
    assert not list(tmp_path.rglob("*.parquet"))


# Content hash


def test_hash_is_of_the_contents_only(
    small_dataset: Path, make_dataset: Callable[..., Path]
) -> None:
    again = make_dataset(
        subjects=dict(reversed(SUBJECTS.items())), settings={"workers": 2}, audience="public"
    )
    expected = Dataset.open(small_dataset).header.content_hash
    assert Dataset.open(again).header.content_hash == expected

    path = frames_path(again, "P001")
    frames = pq.read_table(path)
    backwards = frames.take(np.arange(len(frames))[::-1])
    pq.write_table(backwards, path, compression="gzip", row_group_size=7)
    assert content_hash(again) == expected
    pq.write_table(backwards.slice(0, 5), frames_path(again, "more"))
    pq.write_table(backwards.slice(5), path)
    assert content_hash(again) == expected


def _digest(table: pa.Table) -> bytes:
    return table_digest("frames", table.to_batches())


@pytest.mark.parametrize("name", [*CLIPS.schema.names, *CLIP_FRAMES.schema.names])
def test_hash_sees_every_cell(name: str) -> None:
    for table in subject_tables("P001", "face-a"):
        if name not in table.column_names:
            continue
        rows = table.to_pylist()
        rows[3][name] = _different(rows[3][name], table.schema.field(name))
        assert _digest(pa.Table.from_pylist(rows, table.schema)) != _digest(table)


def _different(value: object, field: pa.Field) -> object:
    if isinstance(value, dict):
        return {**value, "bytes": value["bytes"] + b"\x00"}
    if isinstance(value, list):
        return [*value[:-1], value[-1] + 1]
    if isinstance(value, str):
        return value + "x"
    if value is None:
        return "x" if field.type == pa.string() else 1
    if isinstance(value, bool):
        return not value
    assert isinstance(value, int | float)
    return value + 1


def test_hash_tells_nothing_from_zero_and_moved_letters() -> None:
    schema = pa.schema([("a", pa.string()), ("b", pa.string()), ("n", pa.int8())])

    def digest(*rows: tuple[str | None, str | None, int | None]) -> bytes:
        dicts = [dict(zip("abn", row, strict=True)) for row in rows]
        return _digest(pa.Table.from_pylist(dicts, schema))

    distinct = [
        digest(("ab", "c", 0)),
        digest(("a", "bc", 0)),
        digest(("ab", "c", None)),
        digest(("ab", None, 0)),
        digest(("ab", "", 0)),
        digest(("ab", "c", 0), ("ab", "c", 0)),
        digest(),
    ]
    assert len(set(distinct)) == len(distinct)


def test_manifest_can_be_made_again(make_dataset: Callable[..., Path]) -> None:
    root = make_dataset()
    before = (root / "manifest.sha256").read_text()
    write_manifest(root)
    assert (root / "manifest.sha256").read_text() == before


def test_header_is_plain_json(small_dataset: Path) -> None:
    header = json.loads((small_dataset / "dataset.json").read_text())
    assert set(header) == {field.name for field in dataclasses.fields(DatasetHeader)}
    assert header["subjects"]["P001"]["group"] == "face-a"
