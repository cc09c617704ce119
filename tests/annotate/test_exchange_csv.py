"""Codes as CSV: made by hand, safe for spreadsheets, and the way back."""

import csv
from io import StringIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotate.exchange import csv_codes
from annotate.exchange.exporting import says_anything
from annotate.exchange.importing import acts_for
from annotate.exchange.incoming import Stretch
from mexlab.codes import Code
from tests.annotate.coded import code, frame_times, ids, new_study
from tests.annotate.test_exchange_eaf import CODES, FRAMES, FULL, INTERVALS_NS, consistent
from tests.annotate.test_exchange_import import anna, bring_in, take_out


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
