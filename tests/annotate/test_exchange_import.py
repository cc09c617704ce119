"""Codes coming in: changed in ELAN, made there by hand, from CSV; twice, and under a taken name."""

import re

import pytest
from click.testing import CliRunner
from pympi.Elan import Eaf

from annotate.cli import annotate
from mexlab.codes import Code, codes_of, read_acts
from mexlab.study import Study
from tests.annotate.coded import code, ids, new_study
from tests.annotate.test_exchange_eaf import FULL
from tests.conftest import refused, run_command


@pytest.fixture
def study(tmp_path):
    return new_study(tmp_path / "study")


@pytest.fixture
def session(study):
    return study.sessions()[0]


def anna(session):
    return codes_of(session.codes_path("anna"))


def bring_in(study, path, *options, coder="anna"):
    """Import; returns what was said on stdout and on stderr."""
    arguments = ["import-codes", study.root, path, "--coder", coder, *options]
    result = CliRunner().invoke(annotate, list(map(str, arguments)), catch_exceptions=False)
    assert result.exit_code == 0, result.stderr
    return result.stdout, result.stderr


def take_out(study, name):
    path = study.root.parent / name
    run_command(annotate, "export-codes", study.root, path)
    return path


@pytest.mark.parametrize("name", ["all.csv", "one.eaf", "folder"])
def test_what_went_out_comes_into_another_copy_and_only_once(tmp_path, study, session, name):
    code(session, "anna", 0, {**FULL, "comment": "=1+1\r\n\x01 ñ"})
    code(session, "anna", 1, {"verdict": "reject"}, submit="final")
    code(session, "anna", 2, {"onset": 200, "AU04": "A"}, submit=None, suggested=True)
    code(session, "ben", 0, FULL, unblinded=True)
    path = take_out(study, name)
    before = anna(session)
    assert [c.unblinded for c in before.values()] == [False] * 3
    copied = new_study(tmp_path / "copy")
    (copy,) = copied.sessions()
    said, _ = bring_in(copied, path)
    assert said == f"{session.id}: 3 codes imported, 0 there already\n"
    assert anna(copy) == before
    lines = copy.codes_path("anna").read_text()
    said, _ = bring_in(copied, path)
    assert said == f"{session.id}: 0 codes imported, 3 there already\n"
    assert copy.codes_path("anna").read_text() == lines
    bring_in(copied, path, coder="ben")
    assert codes_of(copy.codes_path("ben"))[ids(copy)[0]].unblinded


def test_several_sessions_go_into_a_folder_and_back(tmp_path):
    study = new_study(tmp_path / "study", sessions=2)
    for session in study.sessions():
        code(session, "anna", 0, FULL)
    said = refused(annotate, "export-codes", study.root, tmp_path / "one.eaf")
    assert "2 sessions have codes, and an .eaf file holds one" in said
    out = run_command(annotate, "export-codes", study.root, tmp_path / "out")
    assert len(out.splitlines()) == 2
    copy = new_study(tmp_path / "copy", sessions=2)
    bring_in(copy, tmp_path / "out")
    assert all(anna(s)[ids(s)[0]].emotion == "happiness" for s in copy.sessions())
    only = run_command(
        annotate, "export-codes", study.root, tmp_path / "p2.eaf", "--session", "P002"
    )
    assert only.startswith(str(tmp_path / "p2.eaf"))


def test_nothing_is_written_over_what_may_have_been_worked_on(study, session):
    code(session, "anna", 0, FULL)
    path = take_out(study, "one.eaf")
    path.write_text("changed in ELAN")
    assert "there is a file of that name" in refused(annotate, "export-codes", study.root, path)
    assert path.read_text() == "changed in ELAN"


def test_a_taken_name_wants_merge_and_keeps_the_history(study, session):
    code(session, "anna", 0, FULL)
    path = take_out(study, "one.eaf")
    text = path.read_text(encoding="utf-8").replace(">happiness</ANN", ">fear</ANN")
    path.write_text(text, encoding="utf-8")
    before = session.codes_path("anna").read_bytes()
    said = refused(annotate, "import-codes", study.root, path, "--coder", "anna")
    assert "anna has 1 other codes" in said
    assert "--merge" in said
    assert session.codes_path("anna").read_bytes() == before
    bring_in(study, path, "--merge")
    assert anna(session)[ids(session)[0]].emotion == "fear"
    assert session.codes_path("anna").read_bytes().startswith(before)
    values = [act.value for act in read_acts(session.codes_path("anna")) if act.field == "emotion"]
    assert values == ["happiness", "fear"]


def test_a_name_with_codes_of_other_intervals_wants_merge_too(study, session):
    code(session, "anna", 0, FULL)
    path = take_out(study, "one.csv")
    session.codes_path("anna").unlink()
    code(session, "anna", 1, FULL)
    assert "1 other codes" in refused(annotate, "import-codes", study.root, path, "--coder", "anna")
    bring_in(study, path, "--merge")
    assert set(anna(session)) == set(ids(session)[:2])


def by_hand(tmp_path, *tiers):
    """An ELAN file as a person makes it: (tier, start ms, end ms, text)."""
    eaf = Eaf(author="a person")
    eaf.remove_tier("default")
    for name, start, end, text in tiers:
        if name not in eaf.get_tier_names():
            eaf.add_tier(name)
        eaf.add_annotation(name, start, end, text)
    path = tmp_path / "by hand.eaf"
    eaf.to_file(str(path))
    return path


def test_a_file_made_by_hand(tmp_path, study, session):
    path = by_hand(
        tmp_path,
        ("Emotion", 1002, 1496, " Happiness "),  # in interval 1, 0-2 s
        ("Apex", 1230, 1240, ""),
        ("FACS", 1002, 1496, "6B 12d"),
        ("emotion", 3100, 3500, "fear"),  # in interval 2, 3-5 s
        ("emotion", 5200, 5900, "anger"),  # between 2 and 3
        ("anna/emotion", 6100, 6300, "joy"),  # no emotion of ours
        ("comments", 6100, 6300, "hm"),
        ("ben/emotion", 6100, 6300, "fear"),
        ("gaze", 100, 200, "left"),
    )
    said, reported = bring_in(study, path, "--session", session.id)
    assert said == f"{session.id}: 3 codes imported, 0 there already\n"
    first, second, third = (anna(session)[name] for name in ids(session))
    assert first == Code(
        ids(session)[0],
        "anna",
        onset=30,
        apex=37,
        offset=45,
        emotion="happiness",
        aus={"AU06": "B", "AU12": "D"},
        submitted="code",
        submitted_at=first.submitted_at,
        unblinded=True,
        revealed=True,
    )
    assert (second.onset, second.offset, second.emotion) == (93, 105, "fear")
    assert (third.emotion, third.comment) == (None, "hm")
    file = "by hand.eaf"
    assert sorted(reported.splitlines()) == sorted(
        [
            f"{file}: not imported: tiers of ben",
            f"{file}: not imported: tier gaze, no tier of codes",
            f"{file}: emotion 'anger' at 5.200-5.900 s: not imported: "
            "overlaps no interval of the session",
            f"{file}: anna/emotion 'joy' at 6.100-6.300 s: not imported: 'joy' is no emotion",
        ]
    )
    again, _ = bring_in(study, path, "--session", session.id)
    assert again == f"{session.id}: 0 codes imported, 3 there already\n"


def test_a_second_different_mark_for_an_interval_is_reported(tmp_path, study, session):
    path = by_hand(tmp_path, ("emotion", 200, 700, "fear"), ("emotion", 900, 1200, "anger"))
    _, reported = bring_in(study, path, "--session", session.id)
    assert len(reported.splitlines()) == 3  # emotion, onset, offset
    assert "emotion 'anger', but" in reported
    assert anna(session)[ids(session)[0]].emotion == "fear"


def test_marks_of_a_rejected_interval_are_reported(tmp_path, study, session):
    path = by_hand(tmp_path, ("verdict", 200, 700, "reject"), ("AUs", 200, 700, "12C"))
    _, reported = bring_in(study, path, "--session", session.id)
    assert reported.endswith("not imported: AU12, since it is rejected or uncodable\n")
    assert anna(session)[ids(session)[0]].aus == {}
    again, _ = bring_in(study, path, "--session", session.id)
    assert again == f"{session.id}: 0 codes imported, 1 there already\n"


def test_an_interval_added_in_elan_to_our_file_counts_as_seen(study, session):
    code(session, "anna", 0, FULL)
    path = take_out(study, "one.eaf")
    eaf = Eaf(str(path))
    eaf.add_annotation("anna/interval", 3000, 5000, "new")
    eaf.add_annotation("anna/apex", 3500, 3533, "apex")
    eaf.add_ref_annotation("anna/emotion", "anna/interval", 4000, "disgust")
    changed = path.with_name("changed.eaf")
    eaf.to_file(str(changed))
    bring_in(study, changed, "--merge")
    first, second = (anna(session)[name] for name in ids(session)[:2])
    assert (first.emotion, first.unblinded) == ("happiness", False)
    assert (second.emotion, second.apex, second.unblinded) == ("disgust", 105, True)


def test_an_older_id_goes_to_the_interval_that_lies_there_now(study, session):
    code(session, "anna", 0, FULL)
    path = take_out(study, "one.eaf")
    text = path.read_text(encoding="utf-8").replace(ids(session)[0], "gone")
    path.write_text(text, encoding="utf-8")
    session.codes_path("anna").unlink()
    bring_in(study, path)
    assert list(anna(session)) == [ids(session)[0]]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no xml", "not an ELAN file"),
        ("<html/>", "not an ELAN file but <html>"),
        ("<ANNOTATION_DOCUMENT><TIER/></ANNOTATION_DOCUMENT>", "damaged ELAN file"),
        ("<ANNOTATION_DOCUMENT/>", "no tiers of anna"),
    ],
)
def test_what_is_no_elan_file_is_one_line(tmp_path, study, session, text, said):
    path = tmp_path / f"{session.id}.eaf"
    path.write_text(text)
    assert said in refused(annotate, "import-codes", study.root, path, "--coder", "anna")


def test_another_coders_file_is_not_taken_for_ones_own(study, session):
    code(session, "ben", 0, FULL)
    for name, said in (("a.eaf", "its tiers are of ben"), ("a.csv", "no code of anna")):
        path = take_out(study, name)
        assert said in refused(annotate, "import-codes", study.root, path, "--coder", "anna")
    assert not session.codes_path("anna").exists()


def test_a_file_of_no_session_is_one_line(tmp_path, study):
    path = by_hand(tmp_path, ("emotion", 200, 700, "fear"))
    said = refused(annotate, "import-codes", study.root, path, "--coder", "anna")
    assert "of no session of the study ('by hand')" in said
    assert "--session" in said


def test_no_consent_no_codes_out_or_in(tmp_path):
    study = new_study(tmp_path / "study", scopes=("recorded",))
    code(study.sessions()[0], "anna", 0, FULL)
    said = refused(annotate, "export-codes", study.root, tmp_path / "a.csv")
    assert "no session whose participant agreed" in said
    path = by_hand(tmp_path, ("emotion", 200, 700, "fear"))
    options = ("--coder", "ben", "--session", "P001")
    assert "agreed" in refused(annotate, "import-codes", study.root, path, *options)


def test_an_import_is_one_gesture(tmp_path, study, session):
    path = by_hand(tmp_path, ("emotion", 200, 700, "fear"))
    bring_in(study, path, "--session", session.id)
    acts = list(read_acts(session.codes_path("anna")))
    assert len({act.at for act in acts}) == 1
    assert [act.act for act in acts][-1] == "submit"


def test_an_ending_that_says_nothing_wants_a_format(tmp_path, study, session):
    code(session, "anna", 0, FULL)
    assert "what format?" in refused(annotate, "export-codes", study.root, tmp_path / "codes.txt")
    assert "no codes by zoe" in refused(
        annotate, "export-codes", study.root, tmp_path / "codes.csv", "--coder", "zoe"
    )
    inside = study.sessions_path / "codes.csv"
    assert "a folder of the study" in refused(annotate, "export-codes", study.root, inside)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("milliseconds", "PAL-frames", "its times are PAL-frames, not milliseconds"),
        ("<MEDIA_DESCRIPTOR", '<MEDIA_DESCRIPTOR TIME_ORIGIN="1200"', "shifted by 1200 ms"),
    ],
)
def test_times_of_another_clock_are_refused(study, session, old, new, said):
    code(session, "anna", 0, FULL)
    path = take_out(study, "one.eaf")
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    assert said in refused(annotate, "import-codes", study.root, path, "--coder", "anna")


def test_windows_line_ends_and_a_byte_order_mark_change_nothing(tmp_path, study, session):
    code(session, "anna", 0, {**FULL, "comment": "one\ntwo"})
    path = take_out(study, "one.eaf")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    bring_in(new_study(tmp_path / "copy"), path)
    (copy,) = Study.open(tmp_path / "copy").sessions()
    assert anna(copy) == anna(session)


def test_a_moment_without_a_time_is_said(tmp_path, study, session):
    code(session, "anna", 0, FULL)
    path = take_out(study, "one.eaf")
    text = path.read_text(encoding="utf-8")
    (start,) = re.findall(
        r'TIER_ID="anna/apex".*?(<ALIGNABLE.*?TIME_SLOT_REF2="ts\d+">)', text, re.S
    )
    slots = re.findall(r"ts\d+", start)
    for slot in slots:
        text = re.sub(rf'(TIME_SLOT_ID="{slot}") TIME_VALUE="\d+"', r"\1", text)
    path.write_text(text, encoding="utf-8")
    (copy,) = new_study(tmp_path / "copy").sessions()
    _, reported = bring_in(Study.open(tmp_path / "copy"), path)
    assert "anna/apex" in reported
    assert anna(copy)[ids(copy)[0]].apex is None
    assert anna(copy)[ids(copy)[0]].onset == FULL["onset"]
