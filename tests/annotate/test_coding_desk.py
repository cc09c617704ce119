import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict

import pytest

from annotate.coding.desk import CodingDesk, Show
from annotate.coding.items import suggestion_of
from mexlab.codes import Act, append_act, codes_of, read_acts
from mexlab.errors import ConsentError, InputError
from mexlab.study import Study
from tests.annotate.coding_study import item_of, mark, study_to_code, submit

APEX = 367  # the suggested one of scene 2


@pytest.fixture
def study(tmp_path):
    return study_to_code(tmp_path / "study")


@pytest.fixture
def desk(study):
    return CodingDesk(study, "ana")


def showing(tmp_path, suggestion, people=2):
    return study_to_code(tmp_path / suggestion, people, f'suggestion = "{suggestion}"')


def logged(study, item, coder="ana"):
    return [
        (a.act, a.field, a.value, a.unblinded) for a in read_acts(item.session.codes_path(coder))
    ]


def as_sent(seen):
    """What a page could send of it."""
    return json.dumps(asdict(seen), default=dict)


def test_a_code_goes_its_way_and_every_act_is_on_disk_at_once(study, desk):
    item = item_of(desk)
    assert desk.state(item) == "new"
    code = desk.act(item, "set", "onset", 360)
    assert codes_of(item.session.codes_path("ana"))[item.interval_id].onset == 360
    assert (code.interval_id, code.coder, code.missing) == (
        item.key,
        "ana",
        ("apex", "offset", "emotion"),
    )
    assert desk.state(item) == "begun"
    mark(desk, item, 360, 365, 372)
    desk.act(item, "set", "AU09", "C")
    code = desk.act(item, "submit")
    assert (code.moments, code.aus, code.submitted) == ((360, 365, 372), {"AU09": "C"}, "code")
    assert not code.unblinded
    assert desk.state(item) == CodingDesk(Study.open(study.root), "ana").state(item) == "submitted"
    assert desk.counts() == {"new": 5, "begun": 0, "submitted": 1}
    assert item not in desk.queue()
    assert desk.queue(Show("submitted")) == [item]


def test_before_submitting_nothing_of_what_is_hidden_is_given_out(study, desk):
    submit(study, "ben", 365, emotion="surprise", aus=("AU02",))
    item = item_of(desk)
    for act in (None, ("set", "onset", 350), ("set", "verdict", "reject"), ("undo",)):
        if act:
            desk.act(item, *act)
        seen = desk.seen(item)
        assert seen.revealed is None
        assert seen.suggestion is None
        hidden = (
            item.session.id,
            "P001",
            "-s2",
            "disgust",
            "fear",
            "surprise",
            "ben",
            "365",
            "AU02",
        )
        assert [word for word in hidden if word in as_sent(seen)] == []
    mark(desk, item, 350, 360, 370, "anger")
    desk.act(item, "submit")
    seen = desk.seen(item)
    assert seen.suggestion == suggestion_of(item)
    assert (seen.revealed.target, seen.revealed.reported) == ("disgust", "fear")
    assert (seen.revealed.session, seen.revealed.scene) == (item.session.id, 2)
    (other,) = seen.revealed.others
    assert (other.coder, other.apex, other.interval_id) == ("ben", 365, item.key)


def test_what_others_have_not_submitted_stays_theirs(study, desk):
    ben = CodingDesk(study, "ben")
    ben.act(item_of(ben), "set", "apex", 365)
    item = item_of(desk)
    desk.act(item, "unblind")
    assert desk.seen(item).revealed.others == ()


def test_asking_to_see_is_logged_and_marks_made_after_it_say_so(study, desk):
    item = item_of(desk)
    desk.act(item, "set", "onset", 350)
    desk.act(item, "unblind")
    desk.act(item, "unblind")
    assert desk.seen(item).revealed is not None
    assert not desk.act(item, "undo").unblinded
    assert desk.act(item, "set", "onset", 351).unblinded
    assert logged(study, item) == [
        ("set", "onset", 350, False),
        ("unblind", None, None, False),
        ("undo", None, None, True),
        ("set", "onset", 351, True),
    ]


def test_marks_after_the_submission_are_unblinded_and_want_a_new_one(study, desk):
    submit(study, "ana", 365)
    item = item_of(desk)
    code = desk.act(item, "set", "apex", 366)
    assert (code.unblinded, code.submitted, desk.state(item)) == (True, None, "begun")
    assert desk.act(item, "submit").submitted == "code"
    assert desk.seen(item).revealed is not None


def test_undo_goes_back_to_the_beginning_and_stops_there(study, desk):
    item = item_of(desk)
    mark(desk, item, 350, 360, 370)
    desk.act(item, "submit")
    assert desk.act(item, "undo").submitted is None
    for _ in range(10):
        code = desk.act(item, "undo")
    assert code.missing == ("onset", "apex", "offset", "emotion")
    assert code.revealed
    assert logged(study, item).count(("undo", None, None, True)) == 5
    assert desk.state(item) == "new"


def test_what_stands_already_is_not_written_again(study, desk):
    item = item_of(desk)
    for _ in range(3):
        mark(desk, item, 350, 360, 370)
        desk.act(item, "submit")
    assert len(logged(study, item)) == 5


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (("set", "apex", 349), "onset 350 would be after apex 349"),
        (("set", "offset", 359), "apex 360 would be after offset 359"),
        (("set", "onset", 361), "onset 361 would be after apex 360"),
        (("set", "offset", 10), "offset 10 is outside frames"),
        (("set", "offset", 10_000), "offset 10000 is outside frames"),
        (("set", "offset", -1), "-1 is no offset"),
        (("set", "emotion", "joy"), "'joy' is no emotion"),
        (("set", "interval_id", "x"), "'x' is no interval_id"),
        (("submit",), "no offset, emotion marked"),
        (("submit", None, "final"), "only an adjudicator submits a final code"),
        (("shown", None, "suggestion"), "shown is no act of a coder"),
        (("set", "verdict", "accept"), "no suggestion to accept"),
        (("set", "verdict", "adjust"), "no suggestion to adjust"),
    ],
)
def test_what_cannot_be_is_refused_by_the_key_and_not_written(study, desk, act, message):
    item = item_of(desk)
    desk.act(item, "set", "onset", 350)
    desk.act(item, "set", "apex", 360)
    before = logged(study, item)
    with pytest.raises(InputError) as caught:
        desk.act(item, *act)
    assert message in str(caught.value)
    assert item.key in str(caught.value)
    assert "P001" not in str(caught.value)
    assert logged(study, item) == before


def test_moments_may_be_the_same_frame_and_be_taken_away(desk):
    item = item_of(desk)
    code = mark(desk, item, 360, 360, 360)
    assert code.missing == ()
    assert desk.act(item, "set", "apex", None).missing == ("apex",)


@pytest.mark.parametrize("verdict", ["reject", "uncodable"])
def test_nothing_to_code_is_submitted_without_marks(desk, verdict):
    item = item_of(desk)
    desk.act(item, "set", "verdict", verdict)
    code = desk.act(item, "submit")
    assert (code.verdict, code.submitted, code.moments) == (verdict, "code", ())


def test_a_mark_after_a_rejection_begins_afresh(desk):
    item = item_of(desk)
    mark(desk, item, 350, 360, 370, aus=("AU09",))
    desk.act(item, "set", "verdict", "reject")
    code = desk.act(item, "set", "onset", 365)  # after the hidden apex
    assert (code.verdict, code.moments, code.aus, code.emotion) == (None, (365,), {}, None)
    code = desk.act(item, "undo")
    assert code.verdict == "reject"
    assert desk.act(item, "undo").moments == (350, 360, 370)


def test_half_of_the_suggestions_are_shown_the_same_half_every_time(tmp_path):
    study = showing(tmp_path, "half", people=12)

    def shown(coder):
        desk = CodingDesk(study, coder)
        return [desk.seen(item).suggestion is not None for item in desk.items()]

    first = shown("ana")
    assert first == shown("ana")
    assert 9 <= sum(first) <= 27  # of 36
    ana, ben = (CodingDesk(study, coder) for coder in ("ana", "ben"))
    items = ana.items()
    assert [ana.seen(i).suggestion for i in items] != [ben.seen(i).suggestion for i in items]


def test_a_suggestion_is_logged_once_before_it_is_given_and_shows_nothing_else(tmp_path):
    study = showing(tmp_path, "always")
    desk = CodingDesk(study, "ana")
    item = item_of(desk)
    assert not item.session.codes_path("ana").exists()
    for _ in range(2):
        seen = desk.seen(item)
        assert logged(study, item) == [("shown", None, "suggestion", False)]
    assert (seen.suggestion.apex, seen.suggestion.expressed) == (APEX, "disgust")
    assert seen.revealed is None
    assert seen.state == "new"
    mark(desk, item, 350, 360, 370)
    code = desk.act(item, "submit")
    assert (code.suggested, code.unblinded) == (True, False)


def test_where_marks_stand_already_the_suggestion_is_not_shown(tmp_path):
    desk = CodingDesk(showing(tmp_path, "always"), "ana")
    item = item_of(desk)
    desk.act(item, "set", "onset", 350)
    assert desk.seen(item).suggestion is None
    assert not desk.act(item, "set", "apex", 352).suggested


def test_accepting_takes_everything_over_and_one_undo_takes_it_back(tmp_path):
    desk = CodingDesk(showing(tmp_path, "always"), "ana")
    item = item_of(desk)
    desk.seen(item)
    desk.act(item, "set", "apex", 360)
    code = desk.act(item, "set", "verdict", "accept")
    assert (code.verdict, code.moments, code.emotion) == ("accept", (362, APEX, 375), "disgust")
    assert desk.act(item, "undo").moments == (360,)
    desk.act(item, "set", "verdict", "accept")
    assert desk.act(item, "set", "AU09", "B").verdict == "accept"
    changed = desk.act(item, "set", "apex", APEX + 1)
    assert (changed.verdict, changed.apex) == ("adjust", APEX + 1)
    assert desk.act(item, "undo").verdict == "accept"
    assert desk.act(item, "submit").submitted == "code"


def test_that_nothing_happened_is_confirmed_by_reject(tmp_path):
    desk = CodingDesk(showing(tmp_path, "always"), "ana")
    item = item_of(desk, scene=1)
    assert desk.seen(item).suggestion.kind == "none"
    with pytest.raises(InputError, match=r"nothing happened.*confirm with reject"):
        desk.act(item, "set", "verdict", "accept")
    desk.act(item, "set", "verdict", "reject")
    assert desk.act(item, "submit").submitted == "code"


def test_after_the_submission_the_suggestion_can_be_accepted_unblinded(study, desk):
    submit(study, "ana", 365)
    code = desk.act(item_of(desk), "set", "verdict", "accept")
    assert (code.apex, code.unblinded, code.suggested) == (APEX, True, False)


def test_a_scene_that_the_coder_chose_is_logged_as_a_hint(study, desk):
    item = desk.queue(Show(scene=2))[0]
    desk.seen(item, scene_known=True)
    desk.seen(item, scene_known=True)
    assert logged(study, item) == [("shown", None, "scene", False)]
    assert not desk.act(item, "set", "verdict", "reject").suggested


def test_once_others_are_in_sight_their_frames_may_be_marked(study, desk):
    item = item_of(desk)
    ben = next(
        CodingDesk(study, f"ben{k}")
        for k in range(50)
        if CodingDesk(study, f"ben{k}").seen(item).window.last > desk.seen(item).window.last + 5
    )
    late = ben.seen(item).window.last
    mark(ben, item, 360, 365, late)
    ben.act(item, "submit")
    with pytest.raises(InputError, match="outside frames"):
        desk.act(item, "set", "offset", late)
    desk.act(item, "unblind")
    assert desk.act(item, "set", "offset", late).offset == late
    assert late in desk.seen(item).window


def test_only_named_adjudicators_submit_final_and_gold(tmp_path):
    study = study_to_code(tmp_path / "study", 2, 'adjudicators = ["cem"]')
    assert submit(study, "cem", 365, value="final").final
    with pytest.raises(InputError, match="only an adjudicator"):
        submit(study, "ana", 365, value="gold")
    assert CodingDesk(study, "cem").adjudicator
    assert submit(study, "cem", 365, value="gold").submitted == "gold"


def test_a_withdrawal_ends_seeing_and_coding_at_once(study, desk):
    item = item_of(desk)
    desk.act(item, "set", "onset", 350)
    before = item.session.codes_path("ana").read_bytes()
    study.withdraw("P001")
    for refused in (
        lambda: desk.seen(item),
        lambda: desk.act(item, "undo"),
        lambda: desk.check(item),
        lambda: desk.item(item.key),
    ):
        with pytest.raises(ConsentError, match=f"no consent to being analysed; {item.key}"):
            refused()
    assert item.session.codes_path("ana").read_bytes() == before
    assert {left.participant for left in desk.items()} == {"P002"}
    assert [left.subject for left in desk.left_out] == ["P001"]


def test_a_session_taken_away_does_not_come_back_by_an_act(desk):
    item = item_of(desk)
    shutil.rmtree(item.session.root)
    with pytest.raises(ConsentError, match="the session has been taken away"):
        desk.act(item, "set", "onset", 350)
    assert not item.session.root.exists()


def test_two_browsers_of_one_coder_leave_a_code_that_holds(study):
    item = item_of(CodingDesk(study, "ana"))

    def browse(frame):
        desk = CodingDesk(Study.open(study.root), "ana")
        done = 0
        for name in ("onset", "apex", "offset"):
            try:
                desk.act(item, "set", name, frame)
                done += 1
            except InputError:
                continue
        return done

    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(browse, range(340, 380)))
    acts = logged(study, item)
    code = codes_of(item.session.codes_path("ana"))[item.interval_id]
    assert len(acts) == sum(done)
    assert len(code.moments) == 3
    assert list(code.moments) == sorted(code.moments)


def test_an_act_waits_for_the_other_browser_and_is_judged_by_what_that_left(study, desk):
    item = item_of(desk)
    window = desk.seen(item).window
    with ThreadPoolExecutor(1) as pool:
        with study.holding("P001"):
            waiting = pool.submit(desk.act, item, "set", "offset", window.first)
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.3)
            other = Act("set", item.interval_id, "apex", window.first + 9)
            append_act(item.session.codes_path("ana"), other)
        with pytest.raises(InputError, match=f"apex {window.first + 9} would be after offset"):
            waiting.result()
    assert len(logged(study, item)) == 1


def test_coders_names_that_differ_only_in_case_are_one_persons_mistake(study):
    submit(study, "ana", 365)
    with pytest.raises(InputError, match="use ana, or another name"):
        CodingDesk(study, "Ana")
    with pytest.raises(InputError, match="no name for a coder"):
        CodingDesk(study, "../ana")


def test_the_disagreement_queue_says_nothing_of_others_to_who_has_not_submitted(tmp_path):
    study = study_to_code(tmp_path / "study", 2, 'adjudicators = ["cem"]')
    submit(study, "ana", 360)
    submit(study, "ben", 370)
    submit(study, "ana", 360, person="P002")
    submit(study, "ben", 361, person="P002")

    def disputed(coder):
        return [i.participant for i in CodingDesk(study, coder).queue(Show("disagreement"))]

    assert disputed("ana") == disputed("ben") == disputed("cem") == ["P001"]
    assert disputed("dan") == []
    submit(study, "cem", 365, value="final")
    assert disputed("ana") == disputed("cem") == []
