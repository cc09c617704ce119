import json
from dataclasses import asdict
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mexlab.codes import (
    CONFIDENCES,
    INTENSITIES,
    MARKS,
    SUBMISSIONS,
    VERDICTS,
    Act,
    Code,
    acts_of,
    append_act,
    check_coder,
    coder_files,
    codes_of,
    read_acts,
    standing,
)
from mexlab.emotions import AUS, EMOTIONS
from mexlab.errors import InputError, StudyError
from mexlab.session import Session

CODED = {"onset": 10, "apex": 14, "offset": 20, "emotion": "fear"}


def acts(*steps, interval="i", at=None):
    """(field, value) sets it; a word is an act; each step a gesture of its own."""
    clock = count()
    made = []
    for step in steps:
        when = at or f"2026-11-23T12:00:00.{next(clock):06d}+00:00"
        act, *rest = ("set", *step) if isinstance(step, tuple) else step.split()
        if act == "set":
            made.append(Act("set", interval, *rest, at=when))
        else:
            made.append(Act(act, interval, value=rest[0] if rest else None, at=when))
    return made


marks = st.one_of(
    st.tuples(st.just("verdict"), st.sampled_from((None, *VERDICTS))),
    st.tuples(st.sampled_from(MARKS[:3]), st.one_of(st.none(), st.integers(0, 10**6))),
    st.tuples(st.just("emotion"), st.sampled_from((None, *EMOTIONS))),
    st.tuples(st.just("confidence"), st.sampled_from((None, *CONFIDENCES))),
    st.tuples(st.just("comment"), st.one_of(st.none(), st.text(max_size=5))),
    st.tuples(st.sampled_from(AUS), st.sampled_from((None, *INTENSITIES))),
)
submits = st.sampled_from([f"submit {value}" if value else "submit" for value in SUBMISSIONS])
gestures = st.lists(st.one_of(marks, submits), max_size=12)


@given(gestures)
def test_as_many_undos_as_gestures_leave_nothing(steps):
    code = Code.of("ana", acts(*steps, *["undo"] * len(steps)))
    submitted = any(isinstance(step, str) for step in steps)
    assert code == Code("i" if steps else "", "ana", revealed=submitted)


@given(gestures, gestures)
def test_undos_lead_back_to_where_one_was(before, after):
    went_and_came = acts(*before, *after, *["undo"] * len(after))
    assert standing(went_and_came) == acts(*before)


@given(gestures)
def test_acts_come_back_from_the_disk_as_they_were_made(tmp_path_factory, steps):
    path = tmp_path_factory.mktemp("codes") / "review" / "ana.jsonl"
    made = acts(*steps)
    for act in made:
        append_act(path, act)
    assert list(read_acts(path)) == made


def test_one_undo_takes_back_a_gesture_of_several_marks():
    accepted = acts(*CODED.items(), ("verdict", "accept"), at="noon")
    code = Code.of("ana", [*acts(("AU12", "B")), *accepted])
    assert (code.verdict, code.apex, code.missing) == ("accept", 14, ())
    undone = Code.of("ana", [*acts(("AU12", "B")), *accepted, *acts("undo")])
    assert undone.aus == {"AU12": "B"}
    assert undone.missing == MARKS
    assert undone.verdict is None


def test_a_mark_after_the_submission_wants_a_new_one_and_a_comment_does_not():
    submitted = acts(*CODED.items(), "submit")
    assert Code.of("ana", submitted).submitted == "code"
    assert Code.of("ana", [*submitted, *acts(("comment", "sure?"))]).submitted == "code"
    assert Code.of("ana", [*submitted, *acts(("apex", 15))]).submitted is None
    assert Code.of("ana", [*submitted, *acts(("apex", 15), "submit gold")]).submitted == "gold"
    assert Code.of("ana", [*submitted, *acts(("apex", 15), "undo")]).submitted == "code"


def test_undoing_a_submission_does_not_undo_what_was_seen():
    code = Code.of("ana", acts(*CODED.items(), "submit", "undo"))
    assert code.submitted is None
    assert code.revealed
    assert not Code.of("ana", acts(*CODED.items())).revealed


def test_the_first_submission_is_kept_apart_from_what_followed():
    done = acts(*CODED.items(), "submit", ("emotion", "anger"), "submit final")
    first = Code.first("ana", done)
    assert (first.emotion, first.submitted) == ("fear", "code")
    assert (Code.of("ana", done).emotion, Code.of("ana", done).final) == ("anger", True)
    assert Code.first("ana", acts(*CODED.items())) is None


@pytest.mark.parametrize("verdict", ["reject", "uncodable"])
def test_who_finds_nothing_to_code_has_no_marks_until_that_is_taken_back(verdict):
    done = acts(*CODED.items(), ("AU12", "B"), ("confidence", 4), ("verdict", verdict))
    code = Code.of("ana", done)
    assert not code.codable
    assert code.missing == code.moments == ()
    assert (code.emotion, code.aus, code.confidence) == (None, {}, 4)
    assert Code.of("ana", [*done, *acts("undo")]).moments == (10, 14, 20)


def test_unblinded_is_what_stands_and_was_marked_with_sight():
    blind = acts(*CODED.items(), "submit")
    seen = Act("set", "i", "apex", 15, unblinded=True, at="later")
    assert not Code.of("ana", blind).unblinded
    assert Code.of("ana", [*blind, seen]).unblinded
    assert not Code.of("ana", [*blind, seen, Act("undo", "i", unblinded=True)]).unblinded
    remark = Act("set", "i", "comment", "hm", unblinded=True)
    assert not Code.of("ana", [*blind, remark]).unblinded


def test_only_the_suggestion_makes_a_code_suggested():
    assert Code.of("ana", acts("shown suggestion", ("apex", 3))).suggested
    assert not Code.of("ana", acts("shown scene", ("apex", 3))).suggested


@pytest.mark.parametrize(
    ("act", "field", "value"),
    [
        ("paint", None, None),
        ("set", None, 3),
        ("set", "target", "fear"),
        ("set", "apex", -1),
        ("set", "apex", 3.0),
        ("set", "apex", True),
        ("set", "emotion", "joy"),
        ("set", "AU12", "F"),
        ("set", "AU99", "A"),
        ("set", "confidence", 6),
        ("submit", None, "perhaps"),
        ("submit", "apex", None),
        ("undo", None, 3),
        ("unblind", None, "all"),
        ("shown", None, None),
    ],
)
def test_what_cannot_be_an_act_is_refused(act, field, value):
    with pytest.raises(InputError, match="i; "):
        Act(act, "i", field, value)


def test_a_line_torn_by_a_crash_is_passed_over_and_the_next_one_counts(tmp_path):
    path = tmp_path / "ana.jsonl"
    for act in acts(("apex", 3), ("onset", 1)):
        append_act(path, act)
    path.write_bytes(path.read_bytes()[:-20])
    assert codes_of(path)["i"].moments == (3,)
    append_act(path, acts(("offset", 9))[0])
    assert codes_of(path)["i"].moments == (3, 9)


@pytest.mark.parametrize(
    "line",
    [
        {"act": "set", "interval_id": "i", "field": "apex", "value": "soon"},
        {"act": "set", "interval_id": 7, "field": "apex", "value": 3},
        {**asdict(Act("submit", "i")), "unblinded": "no"},
        {**asdict(Act("submit", "i")), "mood": "good"},
        {"act": ["set"], "interval_id": "i"},
        {"apex": 3},
        [1, 2],
    ],
)
def test_a_damaged_file_is_one_line_with_its_name(tmp_path, line):
    path = tmp_path / "ana.jsonl"
    path.write_text(json.dumps(line) + "\n")
    with pytest.raises(StudyError) as caught:
        codes_of(path)
    assert "damaged coder's file" in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_each_session_has_its_own_file_and_each_file_its_coder(tmp_path):
    sessions = [Session(tmp_path / name) for name in ("P001-1", "P002-1")]
    for number, session in enumerate(sessions):
        for act in acts(("apex", number), interval=f"{session.id}-s1-r1"):
            append_act(session.codes_path("ana"), act)
    append_act(sessions[0].codes_path("ben"), Act("set", "other", "apex", 5))
    (sessions[0].review_path / "ana (copy).jsonl").write_text("")
    found = [coder_files(session.review_path) for session in sessions]
    assert [list(files) for files in found] == [["ana", "ben"], ["ana"]]
    codes = codes_of(found[1]["ana"])
    assert list(codes) == ["P002-1-s1-r1"]
    assert (codes["P002-1-s1-r1"].coder, codes["P002-1-s1-r1"].apex) == ("ana", 1)
    assert acts_of(tmp_path / "nobody.jsonl") == {}


@pytest.mark.parametrize("name", ["", "../ana", "a b", "-ana", "a" * 41, "ana\n", "año"])
def test_a_name_that_cannot_be_a_file_is_no_coder(name):
    assert check_coder("ana_B-2") == "ana_B-2"
    with pytest.raises(InputError, match="no name for a coder"):
        check_coder(name)
