"""What is odd in an annotation sheet is read as it is meant, or named with its row and reason."""

from pathlib import Path
from typing import Any

import openpyxl
import pytest
from corpus_trees import HEADERS, Cells, cells_of, rows_of, write_sheet
from hypothesis import given
from hypothesis import strategies as st

from mexlab.errors import InputError
from pipeline.corpora.casme_sq import film_codes, subject_folders
from pipeline.corpora.labels import certain_aus
from pipeline.corpora.reading import Annotations, read_annotations
from pipeline.corpora.registry import corpus_of
from pipeline.corpora.sheet import cell_text, whole_number


def read(root: Path, corpus: str, *changes: Cells) -> Annotations:
    """As many rows as there are changes, each changed so; read."""
    rows = [{**row, **change} for row, change in zip(rows_of(corpus), changes, strict=False)]
    write_sheet(root, corpus, rows)
    return read_annotations(corpus_of(corpus), root)


def reasons(found: Annotations) -> dict[int, str]:
    return {entry.row: entry.reason for entry in found.unused}


def test_samm_loses_its_zeros_and_gets_them_back(tmp_path: Path) -> None:
    found = read(tmp_path, "samm", {"subject": 6, "filename": "006_1_2"}, {"subject": " 011 "})
    assert [clip.subject for clip in found.clips] == ["006", "011"]
    assert [clip.row for clip in found.clips] == [15, 16]  # the header is row 14
    assert found.clips[0].clip_id == "samm-006_1_2"


def test_stray_blanks_are_no_difference(tmp_path: Path) -> None:
    blanks = {"filename": " EP02_01f ", "emotion": "happiness  ", "onset": " 46 ", "apex": 59.0}
    (clip,) = read(tmp_path, "casme2", {**blanks, "offset": "86"}).clips
    assert (clip.filename, clip.emotion, clip.label) == ("EP02_01f", "happiness", "happiness")
    assert (clip.onset, clip.apex, clip.offset) == (46, 59, 86)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"onset": None}, "the cell OnsetFrame is empty"),
        ({"apex": None}, "the cell ApexFrame is empty"),
        ({"emotion": "  "}, "the cell Estimated Emotion is empty"),
        ({"filename": None}, "the cell Filename is empty"),
        ({"onset": 12.5}, "OnsetFrame '12.5' is not a number"),
        ({"offset": "?"}, "OffsetFrame '?' is not a number"),
        ({"offset": 5}, "offset 5 lies before onset 10"),
        ({"offset": 10, "apex": 10}, "onset and offset are one frame, 10"),
        ({"apex": 4}, "apex 4 does not lie between onset 10 and offset 20"),
        ({"onset": -3}, "onset -3 is below zero"),
        ({"subject": "somebody"}, "subject 'somebody' has no number"),
    ],
)
def test_a_row_that_cannot_be_used_is_named_and_the_rest_is_read(
    change: Cells, reason: str, tmp_path: Path
) -> None:
    found = read(tmp_path, "casme2", {}, change, {})
    assert reasons(found) == {3: reason}
    assert [clip.row for clip in found.clips] == [2, 4]


def test_a_row_twice_counts_once(tmp_path: Path) -> None:
    same = {"subject": 1, "filename": "EP02_01f"}
    found = read(tmp_path, "casme2", same, {}, same)
    assert reasons(found) == {4: "the movement of row 2 again"}


def test_apex_that_coders_did_not_find(tmp_path: Path) -> None:
    """-1 in SAMM and / in CASME II say so; the clip stays, without an apex."""
    found = read(tmp_path, "samm", {"apex": -1}, {})
    assert [clip.apex for clip in found.clips] == [None, 14]
    assert [note.row for note in found.notes] == [15]


def test_action_units_with_or_are_named_and_not_chosen(tmp_path: Path) -> None:
    found = read(tmp_path, "samm", {"aus": "R12 or R15"}, {"aus": "4+7B"}, {"aus": "4 or 5 + 10"})
    assert [clip.aus for clip in found.clips] == ["R12 or R15", "4+7B", "4 or 5 + 10"]
    told = {note.row: note.reason for note in found.notes}
    assert set(told) == {15, 17}
    assert told[15].endswith("beyond doubt: none")
    assert told[17].endswith("beyond doubt: AU10")


@pytest.mark.parametrize(
    ("text", "names", "doubt"),
    [
        ("4+L10+R15", ["AU04", "AU10", "AU15"], False),
        ("AU4(k)+AU7", ["AU07"], True),
        ("12?", [], True),
        ("R14A", ["AU14"], False),
        ("1, 2; 25", ["AU01", "AU02", "AU25"], False),
        ("", [], False),
        ("0", [], True),
    ],
)
def test_action_units(text: str, names: list[str], doubt: bool) -> None:
    assert certain_aus(text) == (names, doubt)


@given(st.sets(st.integers(1, 46), max_size=6), st.sampled_from(["{}", "AU{}", "L{}", "{}C"]))
def test_action_units_written_any_way_come_back(numbers: set[int], form: str) -> None:
    names, doubt = certain_aus("+".join(form.format(number) for number in numbers))
    assert names == [f"AU{number:02d}" for number in sorted(numbers)]
    assert not doubt


def test_one_person_in_two_spellings_is_one_subject_and_is_named(tmp_path: Path) -> None:
    spelled = [{"subject": text} for text in ("sub01", "sub01", "Sub 1")]
    found = read(tmp_path, "casme2", *spelled)
    assert {clip.subject for clip in found.clips} == {"sub01"}
    (note,) = found.notes
    assert str(note).startswith("row 4 (sub01 EP003_01f): subject 'Sub 1' is 'sub01' in row 2")


def test_case_of_subjects_and_words_varies_in_casme3(tmp_path: Path) -> None:
    rows = [
        {"subject": "spNO.1", "filename": "a", "emotion": "disgust"},
        {"subject": "spNo.1", "filename": "B ", "emotion": "Others"},
        {"subject": "spNO.1", "filename": "a", "onset": 30, "apex": 31, "offset": 39},
        {"subject": "spNO.1", "filename": "c", "onset": 30, "apex": 31, "offset": 29},
    ]
    found = read(tmp_path, "cas-me-3", *rows)
    assert {clip.subject for clip in found.clips} == {"spNO.1"}
    assert [clip.clip_id for clip in found.clips] == [
        "cas-me-3-spNO.1-a-10",
        "cas-me-3-spNO.1-B",
        "cas-me-3-spNO.1-a-30",
    ]
    assert [clip.emotion for clip in found.clips][1] == "Others"
    assert reasons(found) == {5: "offset 29 lies before onset 30"}


def test_a_word_nobody_knows_keeps_its_clip_and_is_named(tmp_path: Path) -> None:
    found = read(tmp_path, "casme2", {"emotion": "hapiness"})
    assert found.clips[0].label is None
    assert "'hapiness' is no emotion this corpus is known to have" in found.notes[0].reason


def test_a_second_movement_is_a_clip_unless_it_has_a_row_of_its_own(tmp_path: Path) -> None:
    second = {"subject": 1, "filename": "s01_ne_01", "onset2": 40, "offset2": 52}
    own = {"subject": 1, "filename": "s01_ne_02", "onset": 40, "offset": 52}
    found = read(tmp_path / "a", "smic-hs", second, {"onset2": 0, "offset2": "-"})
    ids = [clip.clip_id for clip in found.clips if clip.subject == "s01"]
    assert ids == ["smic-hs-s01_ne_01-10", "smic-hs-s01_ne_01-40"]
    assert len(found.clips) == 3
    found = read(tmp_path / "b", "smic-hs", second, own)
    assert [clip.row for clip in found.clips] == [2, 3]
    assert reasons(found) == {2: "movement 2 is that of row 3"}


def casme_sq(root: Path, *rows: list[Any]) -> Annotations:
    maps = {
        "naming rule1": [[15, "s15", 1], [16, "s16", 2]],
        "naming rule2": [[101, "disgusting1"]],
    }
    fields = ("subject", "filename", "onset", "apex", "offset", "aus", "emotion", "kind")
    cells = [dict(zip((*fields, "reported"), row, strict=False)) for row in rows]
    write_sheet(root, "cas-me-2", cells, maps)
    return read_annotations(corpus_of("cas-me-2"), root)


def test_three_sheets_of_casme_sq_are_put_together(tmp_path: Path) -> None:
    found = casme_sq(
        tmp_path,
        [1, "disgusting1_1", 10, 14, 20, "4", "negative", "micro-expression", "disgust"],
        [2, "disgusting1_2", 30, 44, 0, "12", "positive", "macro-expression", "happiness"],
        [2, "disgusting1_3", 30, 44, 41, "12", "positive", "macro-expression", "happiness"],
    )
    one, two = found.clips
    assert (one.subject, one.kind, one.cells["film"]) == ("s15", "micro", "15_0101")
    assert (two.subject, two.kind, two.offset) == ("s16", "macro", 44)  # 0 means: the apex
    assert (one.label, one.label3, one.reported) == (None, "negative", "disgust")
    assert set(reasons(found)) == {3}


def test_maps_of_casme_sq_are_read_in_either_order() -> None:
    assert subject_folders([["1", "s15"], ["16", "S16", "2"]]) == {"1": "s15", "2": "s16"}
    assert film_codes([["anger1", "0401"], ["502", "Happy2"]]) == {
        "anger1": "0401",
        "happy2": "0502",
    }


def test_a_sheet_of_another_version_is_named_with_its_missing_columns(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.append([title for title in HEADERS["casme2"] if "Apex" not in title])
    book.save(tmp_path / "CASME2-coding-20140508.xlsx")
    with pytest.raises(InputError, match="no column ApexFrame") as caught:
        read_annotations(corpus_of("casme2"), tmp_path)
    assert caught.value.where.endswith("CASME2-coding-20140508.xlsx sheet Sheet")


def test_a_sheet_of_another_name_or_place_is_found_by_its_header(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.create_sheet("read me").append(["Subject", "see the other sheet"])
    page = book.create_sheet("data")
    page.append([title.upper() for title in HEADERS["casme2"]])
    page.append(cells_of("casme2", rows_of("casme2")[0]))
    (tmp_path / "annotation").mkdir()
    book.save(tmp_path / "annotation" / "CASME2-coding-20190701.xlsx")
    assert len(read_annotations(corpus_of("casme2"), tmp_path).clips) == 1


def test_the_other_part_of_smic_is_not_taken_for_the_one_asked_for(tmp_path: Path) -> None:
    write_sheet(tmp_path, "smic-hs", rows_of("smic-hs"))
    with pytest.raises(InputError, match="no sheet VIS"):
        read_annotations(corpus_of("smic-vis"), tmp_path)
    vis = [cells_of("smic-hs", row) for row in rows_of("smic-hs")[:71]]
    write_sheet(tmp_path, "smic-hs", rows_of("smic-hs"), {"VIS": [HEADERS["smic-hs"], *vis]})
    found = read_annotations(corpus_of("smic-vis"), tmp_path)
    assert len(found.clips) == 71
    assert {clip.fps for clip in found.clips} == {25}


def test_no_sheet_two_sheets_and_no_workbook(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        read_annotations(corpus_of("samm"), tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"copy SAMM_Micro_FACS_Codes_v2\.xlsx"):
        read_annotations(corpus_of("samm"), tmp_path)
    sheet = write_sheet(tmp_path, "samm", rows_of("samm"))
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / sheet.name).write_bytes(sheet.read_bytes())
    with pytest.raises(InputError, match="two annotation sheets"):
        read_annotations(corpus_of("samm"), tmp_path)
    (tmp_path / "copy" / sheet.name).unlink()
    sheet.write_bytes(b"not a workbook")
    with pytest.raises(InputError, match=r"not an \.xlsx workbook"):
        read_annotations(corpus_of("samm"), tmp_path)


@given(st.integers(-(10**8), 10**8))
def test_a_number_is_itself_however_the_cell_holds_it(number: int) -> None:
    for cell in (number, float(number), str(number), f"  {number} ", f"{number}.0"):
        assert whole_number(cell_text(cell)) == number


@given(st.text())
def test_no_text_breaks_a_cell(text: str) -> None:
    assert cell_text(text) == " ".join(cell_text(text).split())
    assert whole_number(cell_text(text)) is None or any(sign.isdigit() for sign in text)
