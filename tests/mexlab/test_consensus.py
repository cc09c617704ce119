from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mexlab.codes import Code
from mexlab.consensus import ReviewSettings, au_index, differences, final_code, likeness
from mexlab.emotions import AUS
from mexlab.errors import StudyError
from mexlab.timebase import NS_PER_MS

SETTINGS = ReviewSettings()
TIMES = np.arange(100) * 40 * NS_PER_MS  # 25 frames a second


def code(coder="ana", apex=14, submitted="code", **changed):
    made = Code("i", coder, None, 10, apex, 20, "fear", {"AU01": "B", "AU04": "C"})
    return replace(made, **{"submitted": submitted, "submitted_at": "t1", **changed})


def rejected(coder="ben", verdict="reject"):
    return Code("i", coder, verdict, submitted="code", submitted_at="t1")


def test_the_facs_index_is_twice_the_agreed_over_all():
    both = replace(code(), aus={"AU01": "A", "AU12": "E", "AU25": "B"})
    assert au_index(code(), both) == pytest.approx(2 / 5)
    assert au_index(code(), code(aus={})) == 0
    assert au_index(code(aus={}), code(aus={})) is None


@given(st.lists(st.sets(st.sampled_from(AUS)), min_size=2, max_size=2))
def test_the_facs_index_is_symmetric_and_one_for_the_same(sets):
    first, second = (code(aus=dict.fromkeys(sorted(aus), "B")) for aus in sets)
    assert au_index(first, second) == au_index(second, first)
    assert au_index(first, first) in (1, None)


@pytest.mark.parametrize(
    ("other", "reasons"),
    [
        (code("ben"), ()),
        (code("ben", verdict="accept"), ()),
        (code("ben", apex=16), ()),  # 80 ms
        (code("ben", apex=17), ("apex",)),  # 120 ms
        (code("ben", emotion="anger"), ("emotion",)),
        (code("ben", aus={"AU01": "B", "AU12": "B"}), ()),  # exactly a half
        (code("ben", aus={"AU12": "B"}), ("aus",)),
        (code("ben", aus={}), ("aus",)),
        (rejected(), ("verdict",)),
        (code("ben", apex=18, emotion="anger"), ("emotion", "apex")),
    ],
)
def test_two_codes_differ_where_they_should(other, reasons):
    assert differences([code(), other], TIMES, SETTINGS) == reasons
    assert differences([other, code()], TIMES, SETTINGS) == reasons


def test_nothing_there_and_not_to_be_judged_are_two_verdicts():
    pair = [rejected("ana"), rejected("ben", "uncodable")]
    assert differences(pair, TIMES, SETTINGS) == ("verdict",)
    assert differences([rejected("ana"), rejected("ben")], TIMES, SETTINGS) == ()


def test_distance_is_by_capture_times_not_by_frame_numbers():
    stalled = TIMES.copy()
    stalled[15:] += 500 * NS_PER_MS
    assert likeness(code(), code(apex=15), TIMES).apex_ms == 40
    assert likeness(code(), code(apex=15), stalled).apex_ms == 540
    assert differences([code(), code(apex=15)], stalled, SETTINGS) == ("apex",)


def test_aus_that_a_study_does_not_code_are_no_disagreement():
    assert differences([code(), code("ben", aus={})], TIMES, replace(SETTINGS, au_index=0.0)) == ()


def test_the_settings_tolerance_counts():
    pair = [code(), code("ben", apex=16)]
    assert differences(pair, TIMES, replace(SETTINGS, apex_ms=79.0)) == ("apex",)


def test_a_frame_beyond_the_recording_is_one_line():
    with pytest.raises(StudyError, match=r"coder ben marked frame 100 of 100; i; "):
        differences([code(), code("ben", apex=100)], TIMES, SETTINGS)


def test_the_agreed_code_has_medians_and_what_most_scored():
    codes = [
        code("cem", apex=15, onset=8, confidence=5, aus={"AU01": "D", "AU04": "C"}),
        code("ana", apex=14, confidence=2, aus={"AU01": "B", "AU12": "A"}, unblinded=True),
        code("ben", apex=16, onset=9, aus={"AU01": "C", "AU04": "E"}, submitted_at="t2"),
    ]
    agreed = final_code(codes, TIMES, replace(SETTINGS, au_index=0.3))
    assert (agreed.coder, agreed.submitted, agreed.submitted_at) == ("ana+ben+cem", "agreed", "t2")
    assert (agreed.moments, agreed.emotion) == ((9, 15, 20), "fear")
    assert agreed.aus == {"AU01": "C", "AU04": "C"}
    assert (agreed.confidence, agreed.unblinded, agreed.suggested) == (2, True, False)


def test_of_two_coders_both_must_have_scored_an_au():
    agreed = final_code([code(), code("ben", aus={"AU01": "D"})], TIMES, SETTINGS)
    assert agreed.aus == {"AU01": "B"}


def test_agreed_rejections_are_a_rejection():
    agreed = final_code([rejected("ana"), rejected("ben")], TIMES, SETTINGS)
    assert (agreed.verdict, agreed.codable, agreed.moments) == ("reject", False, ())


def test_what_is_not_enough_or_not_agreed_or_not_submitted_does_not_count():
    open_code = replace(code("ben"), submitted=None)
    assert final_code([], TIMES, SETTINGS) is None
    assert final_code([code()], TIMES, SETTINGS) is None
    assert final_code([code(), open_code], TIMES, SETTINGS) is None
    assert final_code([code(), rejected()], TIMES, SETTINGS) is None
    assert final_code([code()], TIMES, replace(SETTINGS, coders=1)).moments == (10, 14, 20)


def test_the_last_final_code_settles_it_whatever_the_others_say():
    finals = [
        code("cem", submitted="final", submitted_at="t3", emotion="anger"),
        code("dan", submitted="gold", submitted_at="t2"),
    ]
    assert final_code([code(), rejected(), *finals], TIMES, SETTINGS) == finals[0]
    assert final_code([code(), rejected(), finals[1]], TIMES, SETTINGS) == finals[1]


@given(st.lists(st.tuples(*[st.integers(0, 33)] * 3).map(sorted), min_size=2, max_size=5))
def test_agreed_moments_keep_their_order(triples):
    codes = [
        replace(code(f"c{k}"), onset=on, apex=33 + apex, offset=66 + off)
        for k, (on, apex, off) in enumerate(triples)
    ]
    agreed = final_code(codes, TIMES, replace(SETTINGS, apex_ms=1e9))
    assert list(agreed.moments) == sorted(agreed.moments)
    assert all(
        min(c.apex for c in codes) <= agreed.apex <= max(c.apex for c in codes) for c in codes
    )
