import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.emfacs import PROTOTYPES, emotion_scores
from mexlab.emotions import AUS, EMOTIONS


@given(st.dictionaries(st.sampled_from(AUS), st.floats(0, 1)))
def test_scores_are_shares_of_one_in_the_papers_order(aus):
    scores = emotion_scores(aus)
    assert tuple(scores) == EMOTIONS
    assert sum(scores.values()) == pytest.approx(1)
    assert all(0 <= score <= 1 for score in scores.values())


@pytest.mark.parametrize("emotion", PROTOTYPES)
def test_a_full_prototype_is_its_own_emotion(emotion):
    aus = dict.fromkeys(AUS, 0.0) | dict.fromkeys(PROTOTYPES[emotion], 1.0)
    scores = emotion_scores(aus)
    assert max(scores, key=scores.get) == emotion


def test_a_face_at_rest_is_neutral():
    assert emotion_scores(dict.fromkeys(AUS, 0.05))["neutral"] > 0.9


def test_aus_the_analyzer_lacks_do_not_count_against_an_emotion():
    aus = dict.fromkeys(AUS, 0.0) | dict.fromkeys(PROTOTYPES["anger"], 1.0)
    del aus["AU23"]
    assert emotion_scores(aus)["anger"] == max(emotion_scores(aus).values()) > 0.5
