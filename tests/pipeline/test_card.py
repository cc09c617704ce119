"""The card, and what `datasets` makes of a dataset folder without any loading code."""

import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa

from mexlab.study import Exclusion
from pipeline.card import write_card
from pipeline.dataset import Dataset, DatasetHeader

LOAD = """
import sys
from datasets import ClassLabel, load_dataset
root, cache = sys.argv[1:]
frames = load_dataset(root, cache_dir=cache, split="train")
row = frames[8]
assert len(frames) == 160, len(frames)
assert row["image"].size == (56, 56) and row["image"].mode == "RGB", row["image"]
assert frames.features["label"].int2str(row["label"]) == "surprise", row["label"]
assert len(row["flow"]) == 1568 and len(row["aus"]) == 20
assert frames.features["flow"].length == 1568
clips = load_dataset(root, "clips", cache_dir=cache, split="train")
assert isinstance(clips.features["label3"], ClassLabel)
assert clips.features["label3"].names == ["positive", "negative", "surprise"]
assert clips[0]["label3"] is None and clips[4]["label3"] == 0
assert len(clips[0]["apex_flow"]) == 1568
splits = load_dataset(root, "splits", cache_dir=cache, split="train")
assert set(splits["role"]) == {"train", "test"}
print("loaded")
"""

LOAD_FILE = """
import sys
from datasets import load_dataset
path, cache = sys.argv[1:]
row = load_dataset("parquet", data_files=path, cache_dir=cache, split="train")[0]
assert row["image"].size == (56, 56), row["image"]
assert len(row["flow"]) == 1568
print("loaded")
"""


def _run_offline(script: str, *arguments: Path) -> None:
    home = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_HOME": str(arguments[-1])}
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        env={**os.environ, **home},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "loaded\n", done.stderr


def test_datasets_loads_it_as_it_stands(small_dataset: Path, tmp_path: Path) -> None:
    _run_offline(LOAD, small_dataset, tmp_path)


def test_datasets_decodes_images_without_the_card(small_dataset: Path, tmp_path: Path) -> None:
    _run_offline(LOAD_FILE, small_dataset / "frames" / "P001.parquet", tmp_path)


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
