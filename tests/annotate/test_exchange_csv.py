"""Codes as CSV: made by hand, safe for spreadsheets, and the way back."""

import csv
from io import StringIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotate.cli import annotate
from annotate.exchange import csv_codes
from annotate.exchange.exporting import says_anything
from annotate.exchange.importing import acts_for
from annotate.exchange.incoming import Stretch
from mexlab.codes import MOMENTS, Code
from tests.annotate.coded import code, frame_times, ids, new_study
from tests.annotate.test_exchange_eaf import CODES, FRAMES, FULL, INTERVALS_NS, consistent
from tests.annotate.test_exchange_import import anna, bring_in, take_out
from tests.conftest import refused


@pytest.fixture
def study(tmp_path):
    return new_study(tmp_path / "study")


@pytest.fixture
def session(study):
    return study.sessions()[0]


def spreadsheet(tmp_path, *lines, encoding="utf-8"):
    path = tmp_path / "codes.csv"
    path.write_text("\n".join(lines), encoding=encoding)
    return path


def test_a_spreadsheet_made_by_hand(tmp_path, study, session):
    path = spreadsheet(
        tmp_path,
        "emotion;onset_ms;apex_ms;AU12;confidence",
        "fear;1000,4;1234,5;c;4",
        "anger;5500;;;",
        "anger;;;;",
        encoding="utf-8-sig",
    )
    _, reported = bring_in(study, path, "--session", session.id)
    made = anna(session)[ids(session)[0]]
    assert (made.onset, made.apex, made.emotion, made.confidence) == (30, 37, "fear", 4)
    assert (made.aus, made.unblinded) == ({"AU12": "C"}, True)
    assert len(reported.splitlines()) == 2
    assert "codes.csv line 3 (interval_id ''): not imported: overlaps no interval" in reported


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ("400,", "the recording has no frame 400 (onset)"),
        ("-1,", "the recording has no frame -1 (onset)"),
        ("3.5,", "the recording has no frame 3.5 (onset)"),
        ("30,1500", "onset_frame 30 and onset_ms are different frames"),
        ("soon,", "onset_frame 'soon' is no number"),
        ("nan,", "onset_frame 'nan' is no number"),
        (",1e999", "onset_ms '1e999' is no number"),
    ],
)
def test_a_wrong_frame_is_reported_and_the_rest_taken(tmp_path, study, session, cells, said):
    name = ids(session)[0]
    path = spreadsheet(tmp_path, "interval_id,emotion,onset_frame,onset_ms", f"{name},fear,{cells}")
    _, reported = bring_in(study, path, "--session", session.id)
    assert reported == f"codes.csv line 2: not imported: {said}\n"
    assert (anna(session)[name].emotion, anna(session)[name].onset) == ("fear", None)


def test_csv_cells_are_safe_for_spreadsheets(study, session):
    code(session, "anna", 0, {**FULL, "comment": "=HYPERLINK(1)"})
    path = take_out(study, "all.csv")
    (row,) = csv.DictReader(StringIO(path.read_text(encoding="utf-8")))
    assert row["comment"] == "'=HYPERLINK(1)"
    assert (row["onset_frame"], row["onset_ms"], row["AU12"]) == ("10", "333.333", "C")
    assert list(row) == list(csv_codes.COLUMNS)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        CODES.map(consistent).filter(says_anything),
        min_size=1,
        max_size=3,
        unique_by=lambda c: c.interval_id,
    )
)
def test_csv_out_and_in_gives_the_same_codes(tmp_path, codes):
    clock = frame_times(FRAMES, 1000, 0.4)
    path = tmp_path / "round.csv"
    text = csv_codes.codes_csv([("S", c) for c in codes], {"S": clock})
    path.write_text(text, encoding="utf-8", newline="\n")
    stretches = [Stretch(name, *span) for name, span in INTERVALS_NS.items()]
    gathered = csv_codes.gather(*csv_codes.read_csv(path), stretches, clock)
    assert gathered.problems == []
    found = [Code.of("anna", acts_for(None, coming)) for coming in gathered.codes()]
    assert found == codes


def test_what_stands_under_no_heading_of_ours_is_said(tmp_path, study, session):
    name = ids(session)[0]
    lines = ("interval_id,emotion,au12,comment", f"{name},fear,C,well, perhaps")
    _, reported = bring_in(study, spreadsheet(tmp_path, *lines), "--session", session.id)
    assert reported.splitlines() == [
        "header: not imported: column au12, no column of codes",
        "codes.csv line 2: not imported: ' perhaps', under no heading",
    ]
    assert anna(session)[name].comment == "well"


def test_moments_in_no_possible_order_are_said_and_left_out(tmp_path, study, session):
    name = ids(session)[0]
    path = spreadsheet(
        tmp_path, "interval_id,emotion,onset_frame,apex_frame,offset_frame", f"{name},fear,30,10,50"
    )
    _, reported = bring_in(study, path, "--session", session.id)
    assert "not imported: onset 30, apex 10, offset 50: the order is onset, apex" in reported
    assert (anna(session)[name].emotion, anna(session)[name].moments) == ("fear", ())
    code(session, "anna", 1, FULL)
    path = spreadsheet(tmp_path, "interval_id,apex_frame", f"{ids(session)[1]},2")
    _, reported = bring_in(study, path, "--session", session.id, "--merge")
    assert f"onset {FULL['onset']}, apex 2" in reported
    assert anna(session)[ids(session)[1]].moments == tuple(FULL[m] for m in MOMENTS)


def test_two_columns_of_one_name_are_refused(tmp_path, study):
    path = spreadsheet(tmp_path, "interval_id,emotion,emotion", "x,fear,anger")
    said = refused(annotate, "import-codes", study.root, path, "--coder", "anna")
    assert "two columns emotion" in said
