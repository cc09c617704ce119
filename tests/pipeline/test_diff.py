"""What changed between two datasets is said, all of it and nothing else, numbers at their most."""

import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import pytest
from synthetic_dataset import table

from mexlab.atomic import write_json
from mexlab.consent import SCOPES
from mexlab.errors import TableError
from mexlab.study import Exclusion
from mexlab.tables import CLIP_FRAMES, CLIPS
from pipeline.cli import pipeline
from pipeline.diff.compare import compare
from pipeline.diff.report import LISTED, diff_lines
from pipeline.form.dataset import HEADER, Dataset, clips_path, finish, frames_path, write_subject
from tests.conftest import refused, run_command

Row = dict[str, Any]
ALIKE = "40 clips are cut alike in both"


@pytest.fixture
def changed(small_dataset: Path, tmp_path: Path) -> Path:
    """A copy of the small dataset, to be changed."""
    shutil.copytree(small_dataset, tmp_path / "changed")
    return tmp_path / "changed"


def edit(
    root: Path,
    subject: str,
    clips: Callable[[list[Row]], object] = lambda rows: None,
    frames: Callable[[list[Row]], object] = lambda rows: None,
) -> None:
    """Change a subject's rows, and close the dataset again with its new content hash."""
    clip_rows = CLIPS.read(clips_path(root, subject)).to_pylist()
    frame_rows = CLIP_FRAMES.read(frames_path(root, subject)).to_pylist()
    clips(clip_rows)
    frames(frame_rows)
    write_subject(root, subject, table(CLIPS, clip_rows), [table(CLIP_FRAMES, frame_rows)])
    close(root)


def close(root: Path, splits: pa.Table | None = None, **header: Any) -> None:
    dataset = Dataset.open(root)
    described = dataclasses.replace(dataset.header, counts={}, **header)
    finish(root, described, dataset.splits() if splits is None else splits)


def lines(a: Path, b: Path) -> list[str]:
    """What is printed, less the line of the content hashes, which must differ."""
    first, *rest = run_command(pipeline, "diff", a, b).splitlines()
    hashes = [Dataset.open(root).header.content_hash for root in (a, b)]
    assert first == f"content {hashes[0]} -> {hashes[1]}"
    assert hashes[0] != hashes[1]
    return rest


def test_the_same_content_is_said_at_once(small_dataset: Path, changed: Path) -> None:
    shutil.rmtree(changed / "frames")  # is not opened
    content = Dataset.open(small_dataset).header.content_hash
    assert run_command(pipeline, "diff", small_dataset, changed) == f"same content: {content}\n"


def test_labels_and_moments_with_old_and_new_values(small_dataset: Path, changed: Path) -> None:
    def recode(rows: list[Row]) -> None:
        rows[1] |= {"label": 4, "label3": None, "label_source": "coded", "coded": "disgust"}
        rows[2] |= {"apex": 3, "offset": 3}
        rows[3] |= {"end_ns": rows[3]["end_ns"] + 10**6}

    edit(changed, "P003", recode)
    assert lines(small_dataset, changed) == [
        "changed clip P003-2: label sadness -> disgust, label3 negative -> none, "
        "label_source target -> coded, coded none -> disgust",
        "changed clip P003-3: apex 2 -> 3, offset 2 -> 3",
        "changed clip P003-4: end_ns 4200000000 -> 4201000000",
        "39 clips are cut alike in both",
    ]


def test_subjects_and_clips_that_came_and_went(make_dataset: Callable[..., Path]) -> None:
    a = make_dataset(subjects={"P001": "P001", "P002": "P002"}, shown=["anger"])
    b = make_dataset(subjects={"P001": "P001", "P003": "P003"}, shown=["anger"])
    assert lines(a, b) == [
        "subject only in A: P002",
        "subject only in B: P003",
        "clip only in A: P002-1",
        "clip only in A: P002-2",
        "clip only in B: P003-1",
        "clip only in B: P003-2",
        "splits: 4 rows only in A, 4 only in B",
        "2 clips are cut alike in both",
    ]


def test_headers_are_compared_whether_the_tables_differ_or_not(
    small_dataset: Path, changed: Path
) -> None:
    header = Dataset.open(small_dataset).header
    subjects = {
        **header.subjects,
        "P001": dataclasses.replace(header.subjects["P001"], scopes=SCOPES[:-2]),
        "P002": dataclasses.replace(header.subjects["P002"], scopes=None, group="face-z"),
    }
    left_out = Exclusion("P005", "P005-20261123T101500", 2, "no face in the interval")
    software = {"numpy": "2.3"}
    settings = {"size": 128, "denoise": None, "labels": {"policy": "coded"}}
    told = {"subjects": subjects, "exclusions": [left_out]}
    close(changed, settings=settings, software=software, audience="research", **told)
    said = run_command(pipeline, "diff", small_dataset, changed).splitlines()
    assert said == [
        f"same content: {header.content_hash}",
        "audience: private -> research",
        "setting size: none -> 128",
        "setting labels.policy: none -> coded",
        "software numpy: none -> 2.3",
        "group of P002: face-a -> face-z",
        "consent of P001: -published -training",
        "consent of P002: -analysed -excerpts -published -recorded -shared -training licence in B",
        "left out only in B: P005-20261123T101500 scene 2: no face in the interval",
    ]
    back = run_command(pipeline, "diff", changed, small_dataset)
    assert "consent of P001: +published +training\n" in back


def test_the_largest_differences_of_numbers_and_where(small_dataset: Path, changed: Path) -> None:
    def clip_numbers(rows: list[Row]) -> None:
        rows[0]["apex_flow"][7] += 0.5

    def frame_numbers(rows: list[Row]) -> None:
        rows[1]["flow"][0] = np.float16(rows[1]["flow"][0]) + np.float16(0.25)
        rows[6]["flow"][3] = np.float16(rows[6]["flow"][3]) - np.float16(2)
        rows[7]["aus"][4] = None
        rows[8]["t_ns"] += 1_000
        face = cv2.imdecode(np.frombuffer(rows[9]["image"]["bytes"], np.uint8), -1)
        face[3, 3, 0] -= 40
        rows[9]["image"]["bytes"] = cv2.imencode(".png", face)[1].tobytes()
        rows[10]["image"]["bytes"] = rows[10]["image"]["bytes"] + b"\0"  # shows the same

    edit(changed, "P004", clip_numbers, frame_numbers)
    unit = "% of the inter-ocular distance"
    alike, apex_flow, *rest = lines(small_dataset, changed)
    assert alike == ALIKE
    assert apex_flow.startswith("apex_flow differs in 1 clip, by up to 0.5")
    assert apex_flow.endswith(f"{unit} (P004-1)")
    t_ns, image, flow, aus = rest
    assert t_ns == "t_ns differs in 1 clip, by up to 1000 ns (frame 0 of P004-3)"
    assert image == "image differs in 1 clip, by up to 40 grey levels (frame 1 of P004-3)"
    assert flow.startswith("flow differs in 2 clips, by up to 2")
    assert flow.endswith(f"{unit} (frame 2 of P004-2)")
    assert aus == "aus differs in 1 clip, beyond subtraction (frame 3 of P004-2)"


def test_flow_to_another_apex_is_no_difference_of_machines(
    small_dataset: Path, changed: Path
) -> None:
    def move_apex(rows: list[Row]) -> None:
        rows[1]["apex"] = 1
        rows[1]["apex_flow"] = rows[2]["apex_flow"]

    edit(changed, "P001", move_apex)
    assert lines(small_dataset, changed) == ["changed clip P001-2: apex 2 -> 1", ALIKE]


def test_pictures_of_two_sizes(small_dataset: Path, changed: Path) -> None:
    def enlarge(rows: list[Row]) -> None:
        large = np.zeros((80, 80, 3), np.uint8)
        rows[0]["image"]["bytes"] = cv2.imencode(".jpg", large)[1].tobytes()

    edit(changed, "P001", frames=enlarge)
    said = "image differs in 1 clip, beyond subtraction (frame 0 of P001-1)"
    assert lines(small_dataset, changed) == [ALIKE, said]


def test_splits_alone(small_dataset: Path, changed: Path) -> None:
    splits = Dataset.open(changed).splits()
    close(changed, splits.slice(3))
    assert lines(small_dataset, changed) == ["splits: 3 rows only in A, 0 only in B", ALIKE]


def test_long_lists_are_cut_and_json_has_all(make_dataset: Callable[..., Path]) -> None:
    one, two = ({name: name for name in names} for names in (("P001",), ("P002",)))
    a, b = (make_dataset(subjects=who, shown=["anger"] * 12) for who in (one, two))
    said = lines(a, b)
    assert sum(line.startswith("clip only in B: P002-") for line in said) == LISTED
    assert "clip only in B: and 4 more" in said
    values = json.loads(run_command(pipeline, "diff", a, b, "--json"))
    assert values["same_content"] is False
    assert values["subjects"] == [["P001"], ["P002"]]
    assert len(values["clips"][0]) == len(values["clips"][1]) == 24


def test_json_of_changes(small_dataset: Path, changed: Path) -> None:
    edit(changed, "P001", lambda rows: rows[1].update(label=5), lambda rows: rows[5].update(t_ns=7))
    values = json.loads(run_command(pipeline, "diff", small_dataset, changed, "--json"))
    (change,) = values["changed"]
    assert change == {
        "clip_id": "P001-2",
        "subject": "P001",
        "columns": {"label": ["sadness", "anger"]},
    }
    (gap,) = values["gaps"]
    assert (gap["column"], gap["clip_id"], gap["frame"]) == ("t_ns", "P001-2", 1)
    assert gap["largest"] == 2_050_000_000 - 7


def test_frames_that_do_not_fit_their_clips(small_dataset: Path, changed: Path) -> None:
    edit(changed, "P001", frames=lambda rows: rows.pop(2))
    with pytest.raises(TableError, match="frames of clip P001-1 do not agree"):
        compare(Dataset.open(small_dataset), Dataset.open(changed))


def test_the_order_of_rows_is_nothing(small_dataset: Path, changed: Path) -> None:
    edit(changed, "P001", lambda rows: rows.reverse(), lambda rows: rows.reverse())
    values = json.loads((changed / HEADER).read_text())
    assert values["content_hash"] == Dataset.open(small_dataset).header.content_hash
    write_json(changed / HEADER, {**values, "content_hash": "another"})
    difference = compare(Dataset.open(small_dataset), Dataset.open(changed))
    assert list(diff_lines(difference))[1:] == [ALIKE]


def test_mistakes(small_dataset: Path, tmp_path: Path) -> None:
    line = refused(pipeline, "diff", small_dataset, tmp_path / "nowhere")
    assert line.startswith("error: no such dataset; ")
    assert "not a dataset: it has no dataset.json" in refused(
        pipeline, "diff", tmp_path, small_dataset
    )
