import pytest

from annotate.coding.adjudication import disagreement, disagreements, final_of, history
from annotate.coding.desk import CodingDesk
from mexlab.consensus import ReviewSettings
from mexlab.errors import StudyError
from tests.annotate.coding_study import item_of, study_to_code, submit

SETTINGS = ReviewSettings(adjudicators=("cem",))


@pytest.fixture
def study(tmp_path):
    return study_to_code(tmp_path / "study", 2, 'adjudicators = ["cem"]')


def item(study, person="P001"):
    return item_of(CodingDesk(study, "cem"), person)


def test_only_intervals_on_which_coders_differ_are_listed(study):
    submit(study, "ana", 360)
    assert disagreements(study) == []  # one opinion
    submit(study, "ben", 362, emotion="anger")  # 80 ms
    submit(study, "ana", 360, person="P002")
    submit(study, "ben", 362, person="P002")
    (found,) = disagreements(study)
    assert found.item == item(study)
    assert [(code.coder, code.emotion) for code in found.codes] == [
        ("ana", "disgust"),
        ("ben", "anger"),
    ]
    assert (found.reasons, found.final) == (("emotion",), None)
    assert final_of(found.item, SETTINGS) is None
    agreed = final_of(item(study, "P002"), SETTINGS)
    assert (agreed.coder, agreed.apex, agreed.submitted) == ("ana+ben", 360, "agreed")


def test_a_third_coder_who_differs_opens_what_two_had_agreed_on(study):
    submit(study, "ana", 360)
    submit(study, "ben", 361)
    assert final_of(item(study), SETTINGS).apex == 360
    submit(study, "dan", 370)
    assert disagreement(item(study), SETTINGS).reasons == ("apex",)
    assert final_of(item(study), SETTINGS) is None


def test_the_study_says_how_far_apart_apexes_may_be(tmp_path):
    study = study_to_code(tmp_path / "wide", 1, "apex_ms = 500.0")
    submit(study, "ana", 355)
    submit(study, "ben", 367)  # 480 ms
    assert disagreements(study) == []


def test_a_final_code_settles_it_and_an_open_one_does_not(study):
    submit(study, "ana", 360)
    submit(study, "ben", 370)
    cem = CodingDesk(study, "cem")
    cem.act(item(study), "unblind")
    cem.act(item(study), "set", "verdict", "reject")
    assert len(disagreements(study)) == 1
    cem.act(item(study), "submit", value="final")
    assert disagreements(study) == []
    (settled,) = disagreements(study, settled=True)
    assert (settled.final.coder, settled.final.verdict) == ("cem", "reject")
    assert [code.coder for code in settled.codes] == ["ana", "ben"]
    assert final_of(item(study), SETTINGS) == settled.final
    cem.act(item(study), "undo")
    assert len(disagreements(study)) == 1


def test_the_history_holds_every_act_of_everybody_in_order(study):
    ana, ben = CodingDesk(study, "ana"), CodingDesk(study, "ben")
    one = item(study)
    ana.act(one, "set", "apex", 360)
    ben.act(one, "set", "apex", 370)
    ana.act(one, "undo")
    ana.act(one, "unblind")
    ana.act(item(study, "P002"), "set", "apex", 360)
    found = [(e.coder, e.act.act, e.act.value, e.stands) for e in history(one)]
    assert found == [
        ("ana", "set", 360, False),
        ("ben", "set", 370, True),
        ("ana", "undo", None, False),
        ("ana", "unblind", None, True),
    ]
    times = [entry.act.at for entry in history(one)]
    assert times == sorted(times)


def test_a_damaged_coders_file_is_one_line(study):
    submit(study, "ana", 360)
    path = item(study).session.codes_path("ben")
    path.write_text('{"act": "dance", "interval_id": "x"}\n')
    with pytest.raises(StudyError, match=r"damaged coder's file: no act 'dance'.*ben.jsonl"):
        disagreements(study)
