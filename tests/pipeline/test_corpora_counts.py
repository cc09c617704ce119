"""Sheets as long as the published ones give exactly the published counts."""

from collections import Counter
from pathlib import Path

import pytest
from corpus_trees import EMOTIONS, PEOPLE, rows_of, write_sheet

from mexlab.emotions import EMOTIONS as SEVEN
from mexlab.errors import InputError
from pipeline.corpora.reading import Annotations, read_annotations, select
from pipeline.corpora.registry import NAMES, corpus_of
from pipeline.corpora.smic import SMIC_HS

# The table of MEGC2019: negative, positive, surprise, people.
MEGC2019 = {"casme2": (88, 32, 25, 24), "samm": (92, 26, 15, 28), "smic-hs": (70, 51, 43, 16)}


def published(corpus: str, root: Path) -> Annotations:
    """A full-size sheet with the oddities of the corpus in it, read."""
    rows = rows_of(corpus)
    if corpus == "casme2":
        disgusted = [row for row in rows if row["emotion"] == "disgust"]
        no_apex = next(row for row in disgusted if row["subject"] == 4)
        no_apex |= {"filename": "EP12_01f ", "apex": "/"}
        next(row for row in disgusted if row["subject"] == 5)["filename"] = "EP09_05f"
    if corpus == "smic-hs":  # 158 long recordings hold 164 movements
        for word in ("negative", "positive", "surprise"):
            for subject in (3, 8):
                own = [r for r in rows if (r["subject"], r["emotion"]) == (subject, word)]
                one, other = own[:2]
                one |= {"onset2": 40, "offset2": 55}
                rows.remove(other)
        assert len(rows) == 158
    write_sheet(root, corpus, rows)
    return read_annotations(corpus_of(corpus), root)


@pytest.mark.parametrize("corpus", EMOTIONS)
def test_every_row_of_the_published_sheet_becomes_a_clip(corpus: str, tmp_path: Path) -> None:
    found = published(corpus, tmp_path)
    assert not found.unused
    assert Counter(clip.emotion for clip in found.clips) == EMOTIONS[corpus]
    assert len({clip.subject for clip in found.clips}) == PEOPLE.get(corpus, (30, 0))[0]
    assert len({clip.clip_id for clip in found.clips}) == len(found.clips)
    assert select(found, "original").clips == found.clips


@pytest.mark.parametrize("corpus", MEGC2019)
def test_three_classes_are_those_of_megc2019(corpus: str, tmp_path: Path) -> None:
    found = published(corpus, tmp_path)
    chosen = select(found, "3")
    counts = Counter(clip.label3 for clip in chosen.clips)
    people = len({clip.subject for clip in chosen.clips})
    assert (*(counts[c] for c in ("negative", "positive", "surprise")), people) == MEGC2019[corpus]
    assert len(chosen.clips) == {"casme2": 145, "samm": 133, "smic-hs": 164}[corpus]
    assert len(chosen.clips) + len(chosen.unused) == len(found.clips)
    assert all(entry.reason for entry in chosen.unused)


def test_megc2019_leaves_out_two_clips_of_casme2_and_the_set_does_not(tmp_path: Path) -> None:
    found = published("casme2", tmp_path)
    chosen = select(found, "3")
    left_out = [e for e in chosen.unused if e.reason == "MEGC2019 leaves this clip out"]
    assert [entry.name for entry in left_out] == ["sub04 EP12_01f", "sub05 EP09_05f"]
    (clip,) = [clip for clip in found.clips if clip.filename == "EP12_01f"]
    assert clip.apex is None
    (note,) = [note for note in found.notes if note.row == clip.row]
    assert "apex '/' is no frame" in note.reason


def test_all_three_sets_are_442_clips_of_68_people(tmp_path: Path) -> None:
    chosen = {name: select(published(name, tmp_path / name), "3").clips for name in MEGC2019}
    assert sum(map(len, chosen.values())) == 442
    assert sum(len({clip.subject for clip in clips}) for clips in chosen.values()) == 68


def test_seven_emotions_keep_the_words_that_fit(tmp_path: Path) -> None:
    chosen = select(published("cas-me-3", tmp_path), "7")
    assert len(chosen.clips) == 860 - 161
    labels = Counter(clip.label for clip in chosen.clips)
    assert set(labels) <= set(SEVEN)
    assert (labels["sadness"], labels["happiness"]) == (57, 55)
    assert "'Others' has no place among the seven emotions" in {e.reason for e in chosen.unused}


@pytest.mark.parametrize("corpus", ["smic-hs", "4dme"])
def test_three_labels_have_no_part_in_seven(corpus: str, tmp_path: Path) -> None:
    found = published(corpus, tmp_path)
    assert all(clip.label is None for clip in found.clips)
    with pytest.raises(InputError, match="not coded in the seven emotions"):
        select(found, "7")


def test_sixteen_impossible_rows_of_mmew_are_named(tmp_path: Path) -> None:
    rows = rows_of("mmew")
    for number, row in enumerate(rows[33:49]):
        row |= {"apex": 60} if number % 2 else {"offset": 0}
    write_sheet(tmp_path, "mmew", rows)
    found = read_annotations(corpus_of("mmew"), tmp_path)
    assert (found.rows, len(found.clips)) == (300, 284)
    assert [entry.row for entry in found.unused] == list(range(35, 51))  # the header is row 1
    assert found.unused[0].reason == "offset 0 lies before onset 10"
    assert found.unused[1].reason == "apex 60 does not lie between onset 10 and offset 20"


def test_every_corpus_is_found_by_the_names_people_use() -> None:
    asked = ("CASME2", "CASME II", "SAMM", "SMIC", "smic_vis", "CAS(ME)2", "CAS(ME)^3", "4DME")
    titles = [corpus_of(name).title for name in asked]
    assert titles[:4] == ["CASME II", "CASME II", "SAMM", "SMIC-HS"]
    assert titles[4:] == ["SMIC-VIS", "CAS(ME)2", "CAS(ME)3 part A", "4DME"]
    assert [corpus_of(name).name for name in NAMES] == list(NAMES)
    assert corpus_of("smic") is SMIC_HS
    with pytest.raises(InputError, match="use one of: casme2, samm"):
        corpus_of("cohn-kanade")
