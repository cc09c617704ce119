"""Frames are found where corpora keep them, in the order of their numbers, or named as missing."""

import time
from pathlib import Path

import pytest
from corpus_trees import Cells, rows_of, touch_frames, write_sheet

from mexlab.errors import InputError
from pipeline.cli import pipeline
from pipeline.corpora.importing import Survey, survey_corpus
from pipeline.corpora.registry import corpus_of
from tests.conftest import refused, run_command

SPAN = range(8, 23)  # the frames around 10-20, with some to spare

# corpus -> folder of the frames, name of a frame, cells of the row
LAYOUTS: dict[str, tuple[str, str, str, Cells]] = {
    "CASME II": (
        "casme2",
        "CASME2_RAW_selected/sub01/EP02_01f",
        "img{}.jpg",
        {"subject": 1, "filename": "EP02_01f"},
    ),
    "CASME II cropped": (
        "casme2",
        "Cropped/sub01/EP02_01f",
        "reg_img{}.jpg",
        {"subject": 1, "filename": "EP02_01f"},
    ),
    "SAMM": ("samm", "006/006_1_2", "006_{:05d}.jpg", {"subject": 6, "filename": "006_1_2"}),
    "SMIC": (
        "smic-hs",
        "HS/s01/micro/negative/s01_ne_01",
        "image{:06d}.bmp",
        {"subject": 1, "filename": "s01_ne_01", "emotion": "Negative"},
    ),
    "SMIC long": (
        "smic-hs",
        "SMIC_HS_E/s20/s20_ne_01",
        "image{:06d}.jpg",
        {"subject": 20, "filename": "s20_ne_01"},
    ),
    "CAS(ME)3": (
        "cas-me-3",
        "spNO.1/b/color",
        "{}.jpg",
        {"subject": "spNo.1", "filename": "B"},
    ),
    "CAS(ME)3 clips": (
        "cas-me-3",
        "Part_A_ME_clip/frame/spNO.1_b_10",
        "{}.jpg",
        {"subject": "spNO.1", "filename": "b"},
    ),
    "MMEW": (
        "mmew",
        "Micro_Expression/anger/S01-07-001",
        "{}.jpg",
        {"subject": 1, "filename": "S01-07-001", "emotion": "Anger"},
    ),
    "4DME": ("4dme", "gray_micro/07/07_1", "{:03d}.jpg", {"subject": "07", "filename": "07_1"}),
}


def survey(root: Path, corpus: str, *changes: Cells) -> Survey:
    rows = [{**row, **change} for row, change in zip(rows_of(corpus), changes, strict=False)]
    write_sheet(root, corpus, rows)
    return survey_corpus(corpus_of(corpus), root)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_published_layout_is_found(layout: str, tmp_path: Path) -> None:
    corpus, folder, form, cells = LAYOUTS[layout]
    touch_frames(tmp_path / folder, SPAN, form)
    touch_frames(tmp_path / "elsewhere", SPAN)
    (tmp_path / folder / "Thumbs.db").touch()
    (tmp_path / folder / f"._{form.format(12)}").touch()
    looked = survey(tmp_path, corpus, cells)
    assert not looked.missing
    (clip,) = looked.clips
    assert clip.folder == tmp_path / folder
    assert clip.frames == tuple((n, form.format(n)) for n in range(10, 21))  # 9 before 10
    assert clip.cropped == (layout == "CASME II cropped")


def test_the_root_may_be_the_folder_inside_the_corpus(tmp_path: Path) -> None:
    corpus, folder, form, cells = LAYOUTS["SMIC"]
    touch_frames(tmp_path / folder, SPAN, form)
    assert len(survey(tmp_path / "HS", corpus, cells).clips) == 1


def test_films_of_casme_sq_are_found_by_their_numbers(tmp_path: Path) -> None:
    touch_frames(tmp_path / "rawpic/s15/15_0101disgustingteeth", SPAN, "img{:03d}.jpg")
    touch_frames(tmp_path / "rawpic/s15/15_01012other", SPAN, "img{:03d}.jpg")
    maps = {"rule1": [[15, "s15", 1]], "rule2": [["0101", "disgusting1"]]}
    row = {**rows_of("smic-hs")[0], "filename": "disgusting1_1", "kind": "micro-expression"}
    write_sheet(tmp_path, "cas-me-2", [row, {**row, "filename": "anger1_1"}], maps)
    looked = survey_corpus(corpus_of("cas-me-2"), tmp_path)
    assert [clip.folder.name for clip in looked.clips if clip.folder] == ["15_0101disgustingteeth"]
    assert [entry.row for entry in looked.missing] == [2]


def test_whole_heads_are_preferred_to_the_cropped_set(tmp_path: Path) -> None:
    _, folder, form, cells = LAYOUTS["CASME II"]
    touch_frames(tmp_path / LAYOUTS["CASME II cropped"][1], SPAN, "reg_img{}.jpg")
    touch_frames(tmp_path / folder, SPAN, form)
    (clip,) = survey(tmp_path, "casme2", cells).clips
    assert not clip.cropped


def test_a_second_movement_lies_in_the_folder_beside(tmp_path: Path) -> None:
    base = tmp_path / "HS/s01/micro/negative"
    touch_frames(base / "s01_ne_01", range(10, 21), "image{:06d}.bmp")
    second = touch_frames(base / "s01_ne_02", range(40, 53), "image{:06d}.bmp")
    cells = {"subject": 1, "filename": "s01_ne_01", "onset2": 40, "offset2": 52}
    looked = survey(tmp_path, "smic-hs", cells)
    assert [clip.folder for clip in looked.clips][1] == second
    assert not looked.missing


def test_missing_frames_are_named_by_row(tmp_path: Path) -> None:
    base = tmp_path / "CASME2_RAW_selected"
    wanted = [{"subject": 1, "filename": f"EP0{n}"} for n in range(1, 7)]
    touch_frames(base / "sub01/EP01", SPAN)
    touch_frames(base / "sub01/EP02", [n for n in SPAN if n not in (13, 15, 16)])
    touch_frames(base / "sub01/EP03", range(10, 18))
    touch_frames(base / "sub01/EP04", [])
    touch_frames(base / "sub01/EP05", SPAN)
    (base / "sub01/EP05/img012.jpg").touch()
    looked = survey(tmp_path, "casme2", *wanted)
    assert [clip.row for clip in looked.clips] == [2]
    told = {entry.row: entry.reason for entry in looked.missing}
    assert told[3].startswith("frames 13, 15-16 of 10-20 are missing in ")
    assert told[4].startswith("frames 18-20 of 10-20 are missing in ")
    assert told[5].startswith("no picture with a number in ")
    assert told[6].startswith("two pictures of one number, img012.jpg and img12.jpg")
    assert told[7].startswith("no folder sub01/EP06 in ")


def test_two_folders_that_differ_in_case_only_are_not_chosen_between(tmp_path: Path) -> None:
    touch_frames(tmp_path / "sub01/ep02", SPAN)
    touch_frames(tmp_path / "sub01/Ep02", SPAN)
    looked = survey(tmp_path, "casme2", {"subject": 1, "filename": "EP02"})
    assert "two folders may be meant, Ep02 and ep02" in looked.missing[0].reason


def test_no_frames_at_all_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="copy folders such as sub01/EP001_01f"):
        survey(tmp_path, "casme2", {})


def test_check_of_a_whole_corpus_takes_seconds_and_writes_nothing(tmp_path: Path) -> None:
    rows = rows_of("casme2")
    write_sheet(tmp_path, "casme2", rows)
    for row in rows:
        folder = tmp_path / f"CASME2_RAW_selected/sub{row['subject']:02d}/{row['filename']}"
        touch_frames(folder, range(10, 21))
    before = sorted(tmp_path.rglob("*"))
    started = time.monotonic()
    told = run_command(pipeline, "import", "CASME II", tmp_path, "--check")
    assert time.monotonic() - started < 10
    assert told.splitlines()[-1] == "complete: 255 of 255 clips have all their frames"
    assert "  samples       255" in told
    assert "  participants  26" in told
    assert "others 99, disgust 63, happiness 32, repression 27" in told
    assert sorted(tmp_path.rglob("*")) == before


def test_check_says_what_is_missing_and_fails(tmp_path: Path) -> None:
    wanted = [{"subject": 6, "filename": f"006_1_{n}"} for n in (1, 2, 3)]
    touch_frames(tmp_path / "006/006_1_1", SPAN, "006_{:05d}.jpg")
    touch_frames(tmp_path / "006/006_1_3", SPAN, "006_{:05d}.jpg")
    write_sheet(
        tmp_path,
        "samm",
        [{**row, **change} for row, change in zip(rows_of("samm"), wanted, strict=False)],
    )
    (tmp_path / "006/006_1_3/006_00011.jpg").unlink()
    line = refused(pipeline, "import", "samm", tmp_path, "--check")
    assert line.startswith("error: 2 clips lack frames; ")
