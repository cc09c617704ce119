"""croissant.json: valid for mlcroissant, which reads the very rows through it."""

import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import mlcroissant
import numpy as np
import pytest
from PIL import Image
from synthetic_dataset import SUBJECTS, subject_tables

from pipeline.form.codebook import TABLES
from pipeline.form.croissant import croissant
from pipeline.form.dataset import Dataset, DatasetHeader, Subject

RESPONSIBLE = (
    *("data_collection", "data_collection_type", "data_collection_missing_data"),
    *("data_collection_raw_data", "data_preprocessing_protocol", "data_annotation_protocol"),
    *("data_imputation_protocol", "annotations_per_item", "machine_annotation_tools"),
    *("data_use_cases", "data_limitations", "data_biases", "data_social_impact"),
    *("personal_sensitive_information", "data_release_maintenance_plan"),
)


@pytest.fixture(scope="module")
def described(small_dataset: Path) -> Any:
    return mlcroissant.Dataset(jsonld=str(small_dataset / "croissant.json"))


def test_it_is_valid(described: Any) -> None:
    """The one warning: it carries no date, so that the same dataset gives the same file."""
    issues = described.metadata.ctx.issues
    assert not issues.errors
    assert [text.split('"')[1] for text, _ in issues._warnings] == [
        "https://schema.org/datePublished"
    ]


def test_it_has_a_field_for_every_column(described: Any) -> None:
    found = {
        record_set.name: [field.name for field in record_set.fields]
        for record_set in described.metadata.record_sets
    }
    assert found == {table: spec.schema.names for table, spec in TABLES.items()}


@pytest.mark.parametrize("name", RESPONSIBLE)
def test_it_says_what_responsible_use_wants_to_know(described: Any, name: str) -> None:
    said = getattr(described.metadata, name)
    assert said
    assert all(len(text) > 7 for text in ([said] if isinstance(said, str) else said))


def test_its_rows_are_those_written(described: Any) -> None:
    written = {
        (row["clip_id"], row["frame"]): row
        for subject, group in SUBJECTS.items()
        for row in subject_tables(subject, group)[1].to_pylist()
    }
    rows = list(described.records("frames"))
    assert len(rows) == len(written) == 160
    for row in rows:
        given = written[row["frames/clip_id"].decode(), row["frames/frame"]]
        assert row["frames/label"] == given["label"]
        assert np.array_equal(np.array(row["frames/flow"]), np.array(given["flow"], np.float16))
        with Image.open(BytesIO(given["image"]["bytes"])) as picture:
            assert np.array_equal(np.asarray(row["frames/image"]), np.asarray(picture))
    assert len(list(described.records("clips"))) == 40
    assert {row["splits/role"] for row in described.records("splits")} == {b"train", b"test"}


def test_the_same_dataset_gives_the_same_file(
    small_dataset: Path, make_dataset: Callable[..., Path]
) -> None:
    again = make_dataset(subjects=dict(reversed(SUBJECTS.items())))
    name = "croissant.json"
    assert (again / name).read_bytes() == (small_dataset / name).read_bytes()


def test_it_names_nobody_and_carries_the_contents_hash(small_dataset: Path) -> None:
    text = (small_dataset / "croissant.json").read_text()
    assert not [subject for subject in SUBJECTS if subject in text]
    stated = Dataset.open(small_dataset).header.content_hash
    assert json.loads(text)["version"].endswith(f".0.0+{stated[:16]}")
    assert stated in json.loads(text)["citeAs"]


def test_a_corpus_is_bound_by_its_licence() -> None:
    header = DatasetHeader(
        "private", {"s1": Subject(None, "smic-s1")}, licence="by agreement", settings={}
    )
    found = croissant(header)
    assert found["license"] == "by agreement"
    assert "by agreement" in found["rai:personalSensitiveInformation"][-1]
    assert "corpus's coders" in found["rai:dataAnnotationProtocol"][0]
    assert "*" not in found["description"]
