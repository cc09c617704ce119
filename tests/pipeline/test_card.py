"""The card, and what `datasets` makes of a dataset folder without any loading code."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from mexlab.study import Exclusion
from pipeline.form.card import write_card
from pipeline.form.dataset import Dataset, DatasetHeader, column


def test_datasets_loads_it_as_it_stands(small_dataset: Path, tmp_path: Path) -> None:
    import datasets  # late: tests/conftest.py tells it to stay offline

    frames, clips, splits = (
        datasets.load_dataset(str(small_dataset), *config, split="train", cache_dir=str(tmp_path))
        for config in ((), ("clips",), ("splits",))
    )
    row = frames[8]
    assert len(frames) == 160
    assert row["image"].size == (56, 56)
    assert row["image"].mode == "RGB"
    assert frames.features["label"].int2str(row["label"]) == "surprise"
    assert len(row["flow"]) == frames.features["flow"].length == 1568
    assert len(row["aus"]) == 20
    assert clips.features["label3"].names == ["positive", "negative", "surprise"]
    assert clips[0]["label3"] is None
    assert clips[4]["label3"] == 0
    assert len(clips[0]["apex_flow"]) == 1568
    assert set(splits["role"]) == {"train", "test"}


def test_datasets_decodes_images_without_the_card(small_dataset: Path, tmp_path: Path) -> None:
    import datasets

    files = str(small_dataset / "frames" / "P001.parquet")
    cache = str(tmp_path)
    row = datasets.load_dataset("parquet", data_files=files, cache_dir=cache, split="train")[0]
    assert row["image"].size == (56, 56)
    assert len(row["flow"]) == 1568


def _card(root: Path, clips: pa.Table, **header: object) -> str:
    described = DatasetHeader(**{"audience": "private", "subjects": {}, **header})  # type: ignore[arg-type]
    write_card(root, described, clips)
    return (root / "README.md").read_text()


def test_card_counts_clips(small_dataset: Path) -> None:
    text = (small_dataset / "README.md").read_text()
    assert "| P001 | 2 | 2 | 2 | 0 | 0 | 2 | 2 | 10 |" in text
    assert "| **all** | 8 | 8 | 8 | 0 | 0 | 8 | 8 | 40 |" in text
    assert "40 clips (32 micro, 8 none) of 4 subjects, 160 frames" in text
    assert "| P003 | recorded, analysed, shared, excerpts, published, training |" in text


def test_card_counts_clips_without_an_emotion(tmp_path: Path, small_clips: pa.Table) -> None:
    column = small_clips.schema.get_field_index("label")
    unlabelled = small_clips.set_column(
        column, small_clips.schema.field("label"), pa.nulls(len(small_clips), pa.int8())
    )
    text = _card(tmp_path, unlabelled)
    assert "| P001 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 10 | 10 |" in text


def test_card_says_when_action_units_are_proxies(tmp_path: Path, small_clips: pa.Table) -> None:
    proxy = {"analyzer": "landmarker", "analyzer_kind": "proxy"}
    assert "**proxies**: `landmarker`" in _card(tmp_path, small_clips, settings=proxy)
    measured = {"analyzer": "py-feat", "analyzer_kind": "measured"}
    assert "proxies" not in _card(tmp_path, small_clips, settings=measured)


def test_card_lists_what_was_left_out(tmp_path: Path, small_clips: pa.Table) -> None:
    left_out = (
        Exclusion("P009", "", None, "no consent | shared"),
        Exclusion("P001", "s1", 3, "no face"),
    )
    text = _card(tmp_path, small_clips, exclusions=left_out)
    assert "| P009 |  |  | no consent \\| shared |" in text
    assert "| P001 | s1 | 3 | no face |" in text


def test_card_shows_the_licence_of_a_corpus(tmp_path: Path, small_clips: pa.Table) -> None:
    text = _card(tmp_path, small_clips, licence="research only, by agreement")
    assert "Licence: research only, by agreement" in text
    assert "license: other" in text


def test_card_of_the_dataset_is_in_its_manifest(small_dataset: Path) -> None:
    assert "README.md" in (small_dataset / "manifest.sha256").read_text()
    assert Dataset.open(small_dataset).header.content_hash


def test_card_counts_people_without_pointing_at_one(tmp_path: Path, small_clips: pa.Table) -> None:
    text = _card(tmp_path, small_clips, demographics={"gender": {"man": 65, "withheld": 20}})
    assert "| gender | man | 65 |\n| gender | withheld | 20 |" in text
    assert "values of fewer than 5 people are withheld" in text
    assert "Nothing about the people" in _card(tmp_path, small_clips)


def test_card_says_how_to_cite(small_dataset: Path) -> None:
    stated = Dataset.open(small_dataset).header.content_hash
    text = (small_dataset / "README.md").read_text()
    assert f"content hash {stated}" in text.split("## How to cite")[1]
    assert "10.20944/preprints202510.2352.v1" in text


def test_the_card_of_one_group_has_no_splits(make_dataset: Callable[..., Path]) -> None:
    root = make_dataset(subjects={"P001": "face-a", "P002": "face-a"})
    text = (root / "README.md").read_text()
    assert "None: one group of people cannot be split." in text
    assert "config_name: splits" not in text
    assert column(pq.read_table(root / "splits.parquet"), "role") == []
