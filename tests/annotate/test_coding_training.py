import pytest

from annotate.coding.desk import CodingDesk, Show
from annotate.coding.influence import influence
from annotate.coding.training import drift, training_score
from tests.annotate.coding_study import item_of, mark, study_to_code, submit

APEX = 367  # the suggested one of scene 2


@pytest.fixture
def study(tmp_path):
    return study_to_code(tmp_path / "study", 4, 'adjudicators = ["gold"]\ndrift_block = 2')


def test_a_trainee_sees_the_gold_answer_only_after_submitting(study):
    submit(study, "gold", 365, value="gold", aus=("AU09",))
    desk = CodingDesk(study, "ana")
    (item,) = desk.queue(Show("training"))
    assert (item.participant, item.scene) == ("P001", 2)
    assert desk.seen(item).revealed is None
    submit(study, "ana", 350)
    (gold,) = desk.seen(item).revealed.others
    assert (gold.submitted, gold.apex, gold.aus) == ("gold", 365, {"AU09": "B"})


def test_the_training_queue_ends_with_what_is_done(study):
    for person in ("P001", "P002", "P003"):
        submit(study, "gold", 365, person, value="gold")
    submit(study, "gold", 365, "P004", value="final")
    first = CodingDesk(study, "ana").queue(Show("training"))
    submit(study, "ana", 365, first[0].participant)
    after = CodingDesk(study, "ana").queue(Show("training"))
    assert len(first) == 3
    assert after == [*first[1:], first[0]]
    assert CodingDesk(study, "gold").queue(Show("training")) == []


def test_a_trainee_is_scored_by_the_first_submission(study):
    for person in ("P001", "P002", "P003"):
        submit(study, "gold", 365, person, value="gold", aus=("AU09", "AU10"))
    submit(study, "ana", 366, "P001", aus=("AU09", "AU10"))  # 40 ms
    submit(study, "ana", 372, "P002", emotion="anger", aus=("AU09", "AU12"))  # 280 ms
    submit(study, "ana", 365, "P004")  # nothing to be held against
    desk = CodingDesk(study, "ana")
    desk.act(item_of(desk, "P003"), "set", "verdict", "reject")
    desk.act(item_of(desk, "P003"), "submit")
    score = training_score(study, "ana")
    assert (score.compared, score.verdict) == (3, pytest.approx(2 / 3))
    assert (score.emotion, score.apex, score.apex_ms) == (0.5, 0.5, pytest.approx(160))
    assert score.aus == pytest.approx((1 + 0.5) / 2)
    desk.act(item_of(desk, "P002"), "set", "emotion", "disgust")  # having seen the answer
    desk.act(item_of(desk, "P002"), "submit")
    assert training_score(study, "ana") == score


def test_nobody_to_compare_with_is_no_score(study):
    submit(study, "ana", 365)
    score = training_score(study, "ana")
    assert (score.compared, score.emotion, score.apex, score.aus) == (0, None, None, None)
    assert drift(study, "nobody") == []


def test_drift_is_by_blocks_in_the_order_of_submission(study):
    people = ("P003", "P001", "P004", "P002")
    for person in ("P001", "P002", "P003", "P004"):
        submit(study, "ben", 365, person)
    for number, person in enumerate(people):
        late = number >= 2  # the coder changes half-way
        desk = CodingDesk(study, "ana")
        desk.act(item_of(desk, person), "set", "AU04", "E" if late else "A")
        apex, emotion = (380, "anger") if late else (365, "disgust")
        submit(study, "ana", apex, person, emotion=emotion)
    early, late = drift(study, "ana")
    assert (early.block, early.codes, late.block, late.codes) == (1, 2, 2, 2)
    assert (early.intensity, late.intensity) == (1, 5)
    assert (early.aus_per_code, early.rejected) == (1, 0)
    assert (early.score.compared, early.score.emotion, early.score.apex) == (2, 1, 1)
    assert (late.score.emotion, late.score.apex, late.score.apex_ms) == (0, 0, pytest.approx(600))
    assert early.first_at < early.last_at < late.first_at < late.last_at


def test_drift_is_held_against_gold_where_there_is_some(study):
    submit(study, "ben", 365, emotion="fear")
    submit(study, "gold", 365, value="gold", emotion="disgust")
    submit(study, "ana", 365, emotion="disgust")
    (block,) = drift(study, "ana")
    assert (block.score.compared, block.score.emotion) == (1, 1)


def test_influence_is_the_difference_between_what_was_shown_and_what_was_not(tmp_path):
    study = study_to_code(tmp_path / "half", 12, 'suggestion = "half"')
    desk = CodingDesk(study, "ana")
    shown = hidden = 0
    for item in desk.queue(Show("all", scene=2)):
        seen = desk.seen(item)
        if seen.suggestion:
            shown += 1
            mark(desk, item, 360, APEX, 370)
        else:
            hidden += 1
            near = hidden == 1
            mark(desk, item, 345, APEX + 2 if near else 350, 370, "disgust" if near else "fear")
        desk.act(item, "submit")
    assert min(shown, hidden) >= 3
    found = influence(study)
    assert (found.shown.codes, found.hidden.codes) == (shown, hidden)
    assert (found.shown.apex, found.shown.emotion, found.shown.rejected) == (1, 1, 0)
    assert found.hidden.apex == found.hidden.emotion == pytest.approx(1 / hidden)
    assert found.shown.apex_ms == pytest.approx(20)
    assert found.difference == pytest.approx(1 - 1 / hidden)
    assert -1 <= found.low < found.difference < found.high <= 1 + 1e-9
    assert influence(study, "ben").difference is None


def test_influence_counts_no_code_made_after_asking_to_see(tmp_path):
    study = study_to_code(tmp_path / "study", 2)
    desk = CodingDesk(study, "ana")
    item = item_of(desk)
    desk.act(item, "unblind")
    submit(study, "ana", APEX)
    submit(study, "ana", 350, person="P002")
    found = influence(study)
    assert (found.hidden.codes, found.hidden.near, found.shown.codes) == (1, 0, 0)
    assert found.difference is found.low is found.high is None
    desk.act(item_of(desk, "P002"), "set", "verdict", "accept")  # the submission has shown it
    desk.act(item_of(desk, "P002"), "submit")
    assert influence(study) == found


def test_a_rejection_counts_as_one_and_not_as_an_apex(tmp_path):
    study = study_to_code(tmp_path / "study", 1)
    desk = CodingDesk(study, "ana")
    desk.act(item_of(desk), "set", "verdict", "reject")
    desk.act(item_of(desk), "submit")
    nothing = item_of(desk, scene=1)  # suggests no apex: does not count
    desk.act(nothing, "set", "verdict", "reject")
    desk.act(nothing, "submit")
    half = influence(study).hidden
    assert (half.codes, half.codable, half.rejected, half.apex) == (1, 0, 1, None)


def test_the_bounds_are_those_of_the_published_example():
    """Newcombe (1998), table II: 56/70 against 48/80 by method 10 gives 0.0524 to 0.3339."""
    from annotate.coding.influence import Half, _difference

    first, second = (Half(n, n, k, 0, k / n, None, None) for k, n in ((56, 70), (48, 80)))
    assert _difference(first, second) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)
