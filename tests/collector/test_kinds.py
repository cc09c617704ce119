"""From the fields of a page to answers and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.form.instrument import Option, Question
from collector.form.items import Item
from collector.form.kinds import KINDS, LONGEST_TEXT, Misread, moment_text
from mexlab.timebase import NS_PER_S

EMOTION = Question(
    "emotion",
    "choice",
    "¿?",
    "?",
    options=(Option("fear", "Miedo", "Fear"), Option("other", "Otra", "Other", asks=True)),
)
SCALES = Question("intensity", "scales", "¿?", "?", options=EMOTION.options)
MOMENT = Question("moment", "moment", "¿?", "?")
WORDS = Question("words", "text", "¿?", "?")
# What a browser can send: no lone surrogates, and line ends as CR LF.
typed = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), min_size=1)


def parsed(question, length_ns=None, **fields):
    item = Item(1, None, length_ns, None, 0, length_ns) if length_ns else None
    return KINDS[question.kind].parse(question, fields, item)


def misread(question, length_ns=None, **fields):
    with pytest.raises(Misread) as caught:
        parsed(question, length_ns, **fields)
    return caught.value.field, caught.value.words


@given(typed)
def test_words_survive(text):
    assert parsed(WORDS, words=text.replace("\n", "\r\n")) == {"words": text}


@given(typed)
def test_words_for_another_emotion_survive(text):
    answers = parsed(EMOTION, emotion="other", emotion_text=text.replace("\n", "\r\n"))
    assert answers == {"emotion": "other", "emotion_text": text}
    assert KINDS["choice"].fields(EMOTION, answers, None) == answers


def test_nothing_filled_in_is_no_answer():
    for question in (EMOTION, SCALES, MOMENT, WORDS):
        assert parsed(question) == {}
        assert parsed(question, emotion="", intensity_fear="", moment=" ", words="") == {}


def test_words_belong_to_the_option_that_asks_for_them():
    assert parsed(EMOTION, emotion="fear", emotion_text="awe") == {
        "emotion": "fear",
        "emotion_text": None,
    }
    assert parsed(EMOTION, emotion="other") == {"emotion": "other", "emotion_text": None}


def test_scales_take_points_only():
    assert parsed(SCALES, intensity_fear="0", intensity_other="8") == {
        "intensity_fear": 0,
        "intensity_other": 8,
    }
    assert parsed(SCALES, intensity_fear="3") == {"intensity_fear": 3}
    for wrong in ("9", "-1", "3.5", "x", "٣", "1e1", "9" * 5000):
        assert misread(SCALES, intensity_fear=wrong) == ("intensity_fear", "not_on_the_scale")


def test_the_manikin_has_nine_points():
    valence = Question("valence", "valence", "¿?", "?")
    assert parsed(valence, valence="9") == {"valence": 9}
    assert misread(valence, valence="0") == ("valence", "not_on_the_scale")


def test_an_option_that_is_none():
    assert misread(EMOTION, emotion="awe") == ("emotion", "not_an_option")


def test_too_many_words():
    assert parsed(WORDS, words="é" * LONGEST_TEXT)["words"] == "é" * LONGEST_TEXT
    assert misread(WORDS, words="é" * (LONGEST_TEXT + 1)) == ("words", "too_long")


@pytest.mark.parametrize(
    ("fields", "moment_ns", "how"),
    [
        ({"moment": "0:42"}, 42 * NS_PER_S, "typed"),
        ({"moment": " 01:05 "}, 65 * NS_PER_S, "typed"),
        ({"moment": "0:42,5"}, 42_500_000_000, "typed"),
        ({"moment": "0:42.5", "moment_mark": "0:42.5"}, 42_500_000_000, "marked"),
        ({"moment": "0:43", "moment_mark": "0:42.5"}, 43 * NS_PER_S, "typed"),
        ({"moment_unknown": "yes"}, None, "unknown"),
        ({"moment": "0:42", "moment_unknown": "yes"}, None, "unknown"),
    ],
)
def test_moments(fields, moment_ns, how):
    answers = parsed(MOMENT, 90 * NS_PER_S, **fields)
    assert answers == {"moment_ns": moment_ns, "moment_how": how}


def test_moments_that_cannot_be():
    for wrong in ("42", "0:60", "1.05", "soon", "-0:01", "0:1:2"):
        assert misread(MOMENT, 90 * NS_PER_S, moment=wrong) == ("moment", "not_a_moment")
    assert misread(MOMENT, 90 * NS_PER_S, moment="1:31") == ("moment", "after_the_end")
    assert parsed(MOMENT, 90 * NS_PER_S, moment="1:30")["moment_ns"] == 90 * NS_PER_S


@given(st.integers(0, 3_600_000), st.booleans())
def test_a_moment_shows_as_it_was_given(milliseconds, marked):
    answers = {"moment_ns": milliseconds * 1_000_000, "moment_how": "marked" if marked else "typed"}
    fields = KINDS["moment"].fields(MOMENT, answers, None)
    assert parsed(MOMENT, None, **fields) == answers


def test_moments_in_words():
    assert moment_text(0) == "0:00"
    assert moment_text(65 * NS_PER_S) == "1:05"
    assert moment_text(42_500_000_000, ",") == "0:42,5"
    assert KINDS["moment"].fields(MOMENT, {"moment_how": "unknown"}, None) == {
        "moment_unknown": "yes"
    }
    assert KINDS["moment"].fields(MOMENT, {}, None) == {}
