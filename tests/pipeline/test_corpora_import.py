"""Importing pictures of a real face: right to the frame, labelled, licensed, the rest named."""

import csv
import io
import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from corpus_trees import FACES, face_picture, moved_mouth, rows_of, write_frames, write_sheet
from PIL import Image

from mexlab.emotions import EMOTIONS, LABELS3
from mexlab.verify import verify_path
from mexlab.vision.flow import farneback, grey
from pipeline.cli import pipeline
from pipeline.corpora.pictures import whole_picture
from pipeline.form.dataset import Dataset
from pipeline.training.data import choose_clips
from tests.conftest import refused, run_command

SIZE = ("--size", 96)
ONSET, APEX, OFFSET = 95, 120, 161  # at 200 fps; from two digits to three

CASME2: list[dict[str, Any]] = [
    {"subject": 1, "filename": "EP01", "emotion": "happiness"},
    {"subject": 1, "filename": "EP02", "emotion": "repression"},
    {"subject": 2, "filename": "EP03 ", "emotion": "others"},
    {"subject": 2, "filename": "EP04", "emotion": "surprise", "apex": "/"},
    {"subject": 3, "filename": "EP05", "emotion": "fear"},
    {"subject": 3, "filename": "EP06", "emotion": "disgust"},  # frame 99 is missing
    {"subject": 3, "filename": "EP07", "emotion": "disgust"},  # frame 97 is smaller
    {"subject": 4, "filename": "EP08", "emotion": "disgust"},  # frame 110 is damaged
    {"subject": 4, "filename": "EP09", "emotion": "disgust"},  # shows no face
    {"subject": 1, "filename": "EP10", "emotion": None},
]


@pytest.fixture(scope="module")
def casme2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten clips, five of them spoilt in five ways."""
    root = tmp_path_factory.mktemp("casme2")
    moments = {"onset": ONSET, "apex": APEX, "offset": OFFSET, "aus": "12"}
    write_sheet(root, "casme2", [{**moments, **row} for row in CASME2])
    base = root / "CASME2_RAW_selected"
    for row in CASME2:
        folder = base / f"sub{row['subject']:02d}" / row["filename"].strip()
        person = (row["subject"] - 1) % len(FACES)
        write_frames(folder, range(ONSET, OFFSET + 1), APEX, person=person)
    (base / "sub03/EP06/img99.jpg").unlink()
    cv2.imwrite(str(base / "sub03/EP07/img97.jpg"), np.zeros((50, 60, 3), np.uint8))
    (base / "sub04/EP08/img110.jpg").write_bytes(b"")
    for path in (base / "sub04/EP09").iterdir():
        cv2.imwrite(str(path), np.full((96, 96, 3), 128, np.uint8))
    return root


@pytest.fixture(scope="module")
def imported(casme2: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Dataset, str]:
    """The dataset of it at 20 fps, and what the command printed."""
    out = tmp_path_factory.mktemp("imported") / "dataset"
    told = run_command(pipeline, "import", "casme2", casme2, out, *SIZE, "--workers", 1)
    return Dataset.open(out), told


def rows(dataset: Dataset) -> dict[str, dict[str, Any]]:
    return {row["clip_id"].rpartition("-")[2]: row for row in dataset.clips().to_pylist()}


def test_what_can_be_used_is_used_and_the_rest_is_named(imported: tuple[Dataset, str]) -> None:
    dataset, told = imported
    assert sorted(rows(dataset)) == ["EP01", "EP02", "EP03", "EP04", "EP05"]
    lines = [line for line in told.splitlines() if line.startswith("not used: ")]
    spoilt = {7: "frames 99 of 95-161", 8: "img97.jpg is 60 x 50 px, others are 96 x 96"}
    spoilt |= {
        9: "img110.jpg cannot be read",
        10: "no face found",
        11: "Estimated Emotion is empty",
    }
    assert len(lines) == len(spoilt)
    for line, (row, reason) in zip(lines, spoilt.items(), strict=True):
        assert line.startswith(f"not used: row {row} (")
        assert reason in line
    excluded = {entry.session: entry.reason for entry in dataset.header.exclusions}
    assert set(excluded) == {f"row {row}" for row in spoilt}
    assert dataset.subjects == ["sub01", "sub02", "sub03"]


def test_frames_are_picked_by_time_and_keep_the_corpus_numbers(
    imported: tuple[Dataset, str],
) -> None:
    dataset, _ = imported
    frames = dataset.frames("sub01").to_pylist()
    first = [row for row in frames if row["clip_id"] == "casme2-sub01-EP01"]
    assert [row["source_frame"] for row in first] == [95, 105, 115, 125, 135, 145, 155]
    assert [row["t_ns"] for row in first] == [n * 5_000_000 for n in range(95, 156, 10)]
    assert {row["source_error_ms"] for row in first} == {0}
    assert [row["step_ms"] for row in first] == [0, *[50] * 6]
    assert all(au is None for row in first for au in row["aus"])
    clip = rows(dataset)["EP01"]
    # Between two frames' times a tie goes to the earlier one; the offset is past the last tick.
    assert (clip["onset"], clip["apex"], clip["offset"], clip["n_frames"]) == (0, 2, 6, 7)
    assert clip["duration_ms"] == (OFFSET - ONSET) * 5
    assert (clip["source_hz"], clip["modality"], clip["coders"]) == (200, "colour", 2)


def test_words_stay_and_labels_are_those_that_fit(imported: tuple[Dataset, str]) -> None:
    found = {
        name: (
            row["coded"],
            None if row["label"] is None else EMOTIONS[row["label"]],
            None if row["label3"] is None else LABELS3[row["label3"]],
            row["label_source"],
        )
        for name, row in rows(imported[0]).items()
    }
    assert found == {
        "EP01": ("happiness", "happiness", "positive", "coded"),
        "EP02": ("repression", None, "negative", "coded"),
        "EP03": ("others", None, None, None),
        "EP04": ("surprise", "surprise", "surprise", "coded"),
        "EP05": ("fear", "fear", None, "coded"),
    }


def test_apex_flow_is_from_the_onset_to_the_very_apex(imported: tuple[Dataset, str]) -> None:
    """The mouth goes up: v < 0, where it is, by as much as was moved."""
    for name in ("EP01", "EP04"):  # the second has no coded apex, and gets none
        clip = rows(imported[0])[name]
        v = np.array(clip["apex_flow"], np.float32).reshape(2, 28, 28)[1]
        row, column = np.unravel_index(np.argmin(v), v.shape)
        assert v.min() < -3
        assert row > 14
        assert 8 < column < 20
    assert rows(imported[0])["EP04"]["apex"] is None


def test_pictures_are_crops_of_those_frames(imported: tuple[Dataset, str], casme2: Path) -> None:
    dataset, _ = imported
    frames = dataset.frames("sub01").to_pylist()
    stored = [cv2.imdecode(np.frombuffer(r["image"]["bytes"], np.uint8), 0) for r in frames[:3]]
    assert {image.shape for image in stored} == {(96, 96)}
    folder = casme2 / "CASME2_RAW_selected/sub01/EP01"
    source = [cv2.imread(str(folder / f"img{n}.jpg"), 0) for n in (95, 105, 115)]
    moved = [np.abs(farneback(source[0], image)).max() for image in source[1:]]
    again = [np.abs(farneback(stored[0], image)).max() for image in stored[1:]]
    assert moved[0] < moved[1]
    assert again[0] < again[1]


def test_licence_stands_where_consent_would(imported: tuple[Dataset, str]) -> None:
    dataset, _ = imported
    assert dataset.header.licence is not None
    assert "Institute of Psychology" in dataset.header.licence
    assert {entry.scopes for entry in dataset.header.subjects.values()} == {None}
    assert {entry.group for entry in dataset.header.subjects.values()} == {
        "casme2-sub01",
        "casme2-sub02",
        "casme2-sub03",
    }
    card = (dataset.root / "README.md").read_text(encoding="utf-8")
    assert "bound by the licence below" in card
    assert "annotations.csv" in card
    assert len(choose_clips([dataset], 3).table) == 3  # training accepts it


def test_splits_put_nobody_on_two_sides(imported: tuple[Dataset, str]) -> None:
    dataset, _ = imported
    splits = dataset.splits().to_pylist()
    assert {row["protocol"] for row in splits} == {"loso", "kfold"}
    problems, checks = verify_path(dataset.root)
    assert not problems
    assert checks > 5


def test_the_row_of_the_table_is_printed(imported: tuple[Dataset, str]) -> None:
    _, told = imported
    assert "CASME II:\n  samples       5\n  participants  3\n" in told
    assert ", picture 96 x 96 px\n" in told
    assert "three classes positive 1, negative 1, surprise 1: 3 clips of 2 people" in told


def test_every_row_of_the_sheet_is_in_the_dataset_in_its_own_words(
    imported: tuple[Dataset, str],
) -> None:
    text = (imported[0].root / "annotations.csv").read_text(encoding="utf-8")
    told = list(csv.DictReader(io.StringIO(text)))
    assert [int(row["row"]) for row in told] == list(range(2, 12))
    assert [row["outcome"] for row in told] == ["used"] * 5 + ["not used"] * 5
    assert told[0]["aus_beyond_doubt"] == "AU12"
    assert told[3]["apex_frame"] == ""
    assert "no face found" in told[8]["reason"]


def test_two_workers_give_the_same_content(
    imported: tuple[Dataset, str], casme2: Path, tmp_path: Path
) -> None:
    two = ("--workers", 2)
    run_command(pipeline, "import", "casme2", casme2, tmp_path / "two", *SIZE, *two)
    again = Dataset.open(tmp_path / "two").header
    assert again.content_hash == imported[0].header.content_hash


def test_native_frames_of_the_three_classes(
    imported: tuple[Dataset, str], casme2: Path, tmp_path: Path
) -> None:
    native = ("--fps", "native", "--labels", "3", "--workers", 1)
    run_command(pipeline, "import", "casme2", casme2, tmp_path / "native", *SIZE, *native)
    found = rows(Dataset.open(tmp_path / "native"))
    assert sorted(found) == ["EP01", "EP02", "EP04"]
    clip = found["EP01"]
    assert (clip["onset"], clip["apex"], clip["offset"]) == (0, APEX - ONSET, OFFSET - ONSET)
    assert clip["apex_flow"] == rows(imported[0])["EP01"]["apex_flow"]


def test_smic_takes_the_frame_of_largest_motion_for_the_apex(tmp_path: Path) -> None:
    cells = {"subject": 1, "filename": "s01_ne_01", "onset": 1010, "offset": 1040}
    write_sheet(tmp_path, "smic-hs", [{**rows_of("smic-hs")[0], **cells}])
    folder = tmp_path / "HS/s01/micro/negative/s01_ne_01"
    write_frames(folder, range(1010, 1041), 1022, "image{:06d}.bmp")
    out = tmp_path.parent / f"{tmp_path.name}-out"
    options = ("--fps", "native", "--workers", 1)
    told = run_command(pipeline, "import", "smic", tmp_path, out, *SIZE, *options)
    (clip,) = Dataset.open(out).clips().to_pylist()
    assert abs(clip["apex"] - 12) <= 1
    assert (clip["coded"], clip["label"], LABELS3[clip["label3"]]) == ("negative", None, "negative")
    assert clip["group"] == "smic-s01"  # the same person in SMIC-VIS
    assert "1 clips, 31 frames" in told


def test_a_cropped_set_is_taken_whole(tmp_path: Path) -> None:
    cells = {"subject": 1, "filename": "EP01", "onset": 5, "apex": 9, "offset": 14}
    write_sheet(tmp_path, "casme2", [{**rows_of("casme2")[0], **cells}])
    folder = write_frames(tmp_path / "Cropped/sub01/EP01", range(5, 15), 9, "reg_img{}.jpg")
    for path in folder.iterdir():  # higher than wide, as the corpus's own are
        with Image.open(path) as picture:
            picture.crop((8, 0, 88, 96)).save(path, quality=98)
    out = tmp_path.parent / f"{tmp_path.name}-out"
    told = run_command(pipeline, "import", "casme2", tmp_path, out, *SIZE, "--workers", 1)
    assert "face 80 x 96 px, picture 80 x 96 px" in told
    stored = Dataset.open(out).frames("sub01")["image"][0].as_py()["bytes"]
    image = cv2.imdecode(np.frombuffer(stored, np.uint8), cv2.IMREAD_COLOR_RGB)
    whole = face_picture()[:, 8:88]
    assert np.abs(image[:, 8:88].astype(int) - whole).mean() < 6
    assert np.abs(image[:, :8].astype(int) - image[:, 8:9]).mean() < 6  # edges repeated


def test_a_whole_picture_keeps_its_proportions_and_its_middle() -> None:
    crop = whole_picture(280, 340, 224, iod_px=100)
    corners = crop.points(np.array([[-0.5, -0.5], [279.5, 339.5], [139.5, 169.5]]))
    scale = 224 / 340
    assert corners[0] == pytest.approx([(224 - 280 * scale) / 2 - 0.5, -0.5])
    assert corners[1] == pytest.approx([224 - (224 - 280 * scale) / 2 - 0.5, 223.5])
    assert corners[2] == pytest.approx([111.5, 111.5])
    assert crop.iod_px == pytest.approx(100 * scale)


def test_the_warp_of_these_tests_moves_the_mouth() -> None:
    face = face_picture()
    field = farneback(grey(face), grey(moved_mouth(face, 3.0)))
    assert field[1].min() < -1.5


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("ck+", "{root}", "{out}"), "no corpus 'ck+'; CORPUS; use one of: casme2, samm"),
        (("samm", "{root}", "{out}"), "no annotation sheet (found: CASME2-coding-20140508.xlsx)"),
        (("casme2", "{root}", "{root}/out"), "the dataset and the corpus would mix"),
        (("casme2", "{root}", "{full}"), "something other than a dataset is there (letter.txt)"),
        (("casme2", "{root}", "{out}", "--flow", "none"), "no flow method 'none'"),
        (("casme2", "{root}", "{out}", "--fps", "fast"), "'fast' is not a frame rate"),
    ],
)
def test_a_mistake_is_one_line(
    arguments: tuple[str, ...], says: str, casme2: Path, tmp_path: Path
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full/letter.txt").touch()
    names = {"root": casme2, "out": tmp_path / "out", "full": tmp_path / "full"}
    line = refused(pipeline, "import", *(text.format_map(names) for text in arguments))
    assert line.startswith(f"error: {says}")
    assert not (tmp_path / "out").exists()


def test_nothing_left_is_an_error_and_leaves_nothing(casme2: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    shutil.copytree(casme2, root)
    for path in root.rglob("img95.jpg"):
        path.write_bytes(b"")
    line = refused(pipeline, "import", "casme2", root, tmp_path / "out", *SIZE, "--workers", 1)
    assert "no row can be used (row 2 (sub01 EP01): picture img95.jpg cannot be read)" in line
    assert [path.name for path in tmp_path.iterdir()] == ["root"]
