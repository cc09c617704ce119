"""`annotate agreement` on codes on disk: which count, what is said of those that do not."""

import csv
import json
from io import StringIO

import numpy as np
import pytest

from annotate.agreement.ratings import ratings
from annotate.agreement.report import agreement
from annotate.cli import annotate
from mexlab.errors import StudyError
from tests.annotate.coded import code, new_study
from tests.conftest import refused, run_command

SMILE = {"verdict": "accept", "emotion": "happiness", "onset": 10, "apex": 16, "offset": 25}


@pytest.fixture
def study(tmp_path):
    return new_study(tmp_path / "study")


@pytest.fixture
def coded(study):
    """Anna and Ben on three intervals: alike in two, apart in the third."""
    session = study.sessions()[0]
    for coder, apex, emotion, aus in (
        ("anna", 16, "happiness", {"AU12": "C"}),
        ("ben", 19, "fear", {"AU12": "D", "AU04": "A"}),
    ):
        marks = {**SMILE, "apex": apex}
        code(session, coder, 0, {**marks, "AU12": "B", "AU06": "A"})
        code(session, coder, 1, {**marks, "emotion": "surprise", "AU01": "C"})
        code(session, coder, 2, {**marks, "emotion": emotion, **aus})
    return study


def figures(found, **wanted):
    return [
        figure
        for figure in found.figures
        if all(getattr(figure, name) == value for name, value in wanted.items())
    ]


def only(found, **wanted):
    (figure,) = figures(found, **wanted)
    return figure


def test_figures_of_two_coders_by_hand(coded):
    found = agreement(coded, resamples=0)
    assert (found.coders, found.intervals, found.participants) == (("anna", "ben"), 3, 1)
    # Anna scored 2 + 1 + 1 AUs, Ben 2 + 1 + 2; they share 2 + 1 + 1.
    assert only(found, of="all", measure="facs_index").value == pytest.approx(8 / 9)
    # happiness-happiness, surprise-surprise, happiness-fear: p_o 2/3, p_e (2*1 + 1*1)/9.
    emotion = only(found, of="all", respect="emotion", measure="cohen_kappa")
    assert emotion.value == pytest.approx((2 / 3 - 1 / 3) / (1 - 1 / 3))
    assert (emotion.coders, emotion.n) == (("anna", "ben"), 3)
    apex = only(found, of="all", respect="apex", measure="bias")
    assert (apex.value, apex.unit, apex.n) == (pytest.approx(-100), "ms", 3)
    assert only(found, of="all", measure="iou").value == 1
    assert only(found, of="AU12", respect="aus", measure="facs_index").value == 1
    assert only(found, of="AU12", respect="presence", measure="alpha_nominal").value == 1
    assert only(found, of="AU04", measure="facs_index").value == 0
    assert only(found, of="fear", respect="emotion", measure="agreement").value == pytest.approx(
        2 / 3
    )


def test_what_has_no_value_is_null_and_says_why(coded):
    verdict = only(agreement(coded), of="all", respect="verdict", measure="cohen_kappa")
    assert (verdict.value, verdict.low, verdict.n) == (None, None, 3)
    assert verdict.why.startswith("one category throughout")
    same = only(agreement(coded), of="all", respect="verdict", measure="agreement")
    assert same.value == 1


def test_json_and_csv_hold_the_same_figures(coded, tmp_path):
    path = tmp_path / "out.csv"
    text = run_command(
        annotate, "agreement", coded.root, "--json", "--csv", path, "--bootstrap", 50
    )
    assert "NaN" not in text
    found = json.loads(text)
    assert (found["resampled"], found["resamples"]) == ("intervals", 50)
    rows = list(csv.DictReader(StringIO(path.read_text())))
    assert len(rows) == len(found["figures"]) > 100
    for row, figure in zip(rows, found["figures"], strict=True):
        assert row["coders"] == "anna ben"
        assert row["value"] == ("" if figure["value"] is None else str(figure["value"]))
        assert (figure["value"] is None) == bool(figure["why"])
        if figure["low"] is not None:
            assert figure["low"] <= figure["high"]
    assert run_command(annotate, "agreement", coded.root, "--json", "--bootstrap", 50) == text


def test_the_table_names_figures_intervals_and_what_was_drawn(coded):
    shown = run_command(annotate, "agreement", coded.root, "--bootstrap", 20)
    for part in ("FACS index", "0.889", "anna − ben", "AU12", "bootstrap over intervals", "AU43"):
        assert part in shown


def test_only_submitted_codes_made_blind_by_coders_count(coded):
    session = coded.sessions()[0]
    code(session, "carl", 0, SMILE, submit=None)
    code(session, "dora", 0, SMILE, unblinded=True)
    code(session, "dora", 1, SMILE, suggested=True)
    code(session, "erik", 0, SMILE, submit="final")
    code(session, "erik", 1, SMILE, submit="gold")
    found = agreement(coded, resamples=0)
    assert found.coders == ("anna", "ben")
    assert found.left_out == (
        "carl: 1 not submitted",
        "dora: 2 not made blind (--all counts them)",
        "erik: 2 final, by an adjudicator",
    )
    everything = agreement(coded, blind=False, resamples=0)
    assert everything.coders == ("anna", "ben", "dora")
    assert len(everything.left_out) == 2


def test_three_coders_who_share_no_interval_have_pairs_and_alpha_but_no_fleiss(study):
    session = study.sessions()[0]
    for interval, pair in enumerate((("anna", "ben"), ("ben", "carl"), ("anna", "carl"))):
        emotion = ("fear", "anger", "fear")[interval]
        for coder in pair:
            code(session, coder, interval, {**SMILE, "emotion": emotion})
    found = agreement(study, resamples=0)
    assert only(found, of="all", respect="emotion", measure="alpha_nominal").value == 1
    fleiss = only(found, of="all", respect="emotion", measure="fleiss_kappa")
    assert (fleiss.value, fleiss.n) == (None, 0)
    assert "all the coders" in fleiss.why
    pair = agreement(study, ("anna", "ben"), resamples=0)
    assert only(pair, of="all", respect="emotion", measure="agreement").n == 1


def test_refused_intervals_have_a_verdict_to_compare_and_nothing_else(study):
    session = study.sessions()[0]
    code(session, "anna", 0, {"verdict": "uncodable", "emotion": "fear", "AU12": "B", "apex": 3})
    code(session, "ben", 0, {"verdict": "reject"})
    code(session, "anna", 1, {**SMILE, "verdict": "adjust"})
    code(session, "ben", 1, SMILE)
    found = ratings(study)
    assert found.emotion[0].tolist() == [-1, -1]
    assert np.isnan(found.intensity[0]).all()
    assert np.isnan(found.moment_ms[0]).all()
    verdict = only(agreement(study), of="all", respect="verdict", measure="agreement")
    assert (verdict.value, verdict.n) == (0.5, 2)


def test_the_first_submission_counts_whatever_was_changed_with_everything_in_sight(coded):
    before = agreement(coded, resamples=0)
    code(coded.sessions()[0], "ben", 2, {"emotion": "happiness", "apex": 16}, unblinded=True)
    assert agreement(coded, resamples=0) == before


def test_moments_correlate_within_their_interval_only(study):
    # All apexes lie equally far from each other; on the session's clock the ICC would be near 1.
    session = study.sessions()[0]
    for coder, shift in (("anna", 0), ("ben", 3)):
        for interval, start in enumerate((0, 90, 180)):
            code(session, coder, interval, {"apex": start + 20 + (shift if interval else -shift)})
    found = agreement(study, resamples=0)
    assert only(found, of="all", respect="apex", measure="icc_2_1").value < 0.5


def test_participants_without_consent_are_left_out_and_said(tmp_path):
    study = new_study(tmp_path / "study", scopes=("recorded",))
    for coder in ("anna", "ben"):
        code(study.sessions()[0], coder, 0, SMILE)
    with pytest.raises(StudyError, match="no consent to being analysed"):
        agreement(study)


def test_five_participants_are_drawn_whole(tmp_path):
    study = new_study(tmp_path / "study", sessions=5, intervals=1)
    for session in study.sessions():
        for coder in ("anna", "ben"):
            code(session, coder, 0, SMILE)
    assert agreement(study, resamples=5).resampled == "participants"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "agreement takes two coders, submitted codes have 1"),
        (("--coders", "anna,zoe"), "no codes by zoe; --coders; coders are: anna"),
        (("--coders", "anna"), "agreement takes two coders"),
    ],
)
def test_fewer_than_two_coders_is_one_line(study, options, said):
    code(study.sessions()[0], "anna", 0, SMILE)
    assert said in refused(annotate, "agreement", study.root, *options)


def test_a_mark_beyond_the_recording_is_named(study):
    for coder in ("anna", "ben"):
        code(study.sessions()[0], coder, 0, {**SMILE, "apex": 99_999})
    assert "anna marked frame 99999, the recording has 360" in refused(
        annotate, "agreement", study.root
    )


def test_no_study_is_one_line(tmp_path):
    assert "no such study" in refused(annotate, "agreement", tmp_path / "nowhere")
