"""The instrument file: what a laboratory may write, and what it is told when it cannot be asked."""

from importlib.resources import files
from pathlib import Path

import pytest

from collector.form.instrument import REPORTABLE, read_instrument
from collector.form.kinds import KINDS
from mexlab.emotions import EMOTIONS
from mexlab.errors import MexlabError

TEMPLATES = Path(str(files("mexlab"))) / "templates"
SMALL = """
id = "small"
version = "2"
es = "Pequeño"
en = "Small"
[[page]]
id = "only"
es = "Uno"
en = "One"
[[page.question]]
id = "emotion"
kind = "choice"
es = "¿Cuál?"
en = "Which?"
[[page.question.option]]
value = "fear"
es = "Miedo"
en = "Fear"
[[page.question.option]]
value = "none"
es = "Ninguna"
en = "None"
"""


def test_the_self_report_asks_what_the_field_asks():
    instrument = read_instrument(TEMPLATES / "self-report.toml")
    asked = {q.id: q for _, q in instrument.questions()}
    assert [o.value for o in asked["emotion"].options] == list(REPORTABLE)
    assert [o.value for o in asked["emotion"].options if o.asks] == ["other"]
    assert asked["emotion"].shuffle
    assert [o.value for o in asked["intensity"].options] == list(EMOTIONS)
    assert (asked["intensity"].low, asked["intensity"].high) == (0, 8)
    assert asked["attention"].expected == "2"
    answers = [name for q in asked.values() for name in KINDS[q.kind].answers(q)]
    assert {"valence", "arousal", "moment_ns", "moment_how", "moment_sure", "words"} < {*answers}
    assert {"seen_before", "looked_away", "tried_to_hide", "emotion_text"} < {*answers}


def test_the_second_pass_stands_apart():
    instrument = read_instrument(TEMPLATES / "second-pass.toml")
    assert instrument.id != read_instrument(TEMPLATES / "self-report.toml").id


@pytest.mark.parametrize("name", ["self-report.toml", "second-pass.toml"])
def test_spanish_and_english_are_different_texts(name):
    for page, question in read_instrument(TEMPLATES / name).questions():
        for thing in (page, question, *question.options):
            if not (question.kind == "choice" and getattr(thing, "value", "") in ("no",)):
                assert thing.es != thing.en


def test_a_laboratory_writes_its_own(tmp_path):
    (tmp_path / "own.toml").write_text(SMALL)
    found = read_instrument(tmp_path / "own.toml")
    assert (found.id, found.version) == ("small", "2")
    assert found.pages[0].questions[0].text("es") == "¿Cuál?"


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('en = "Which?"', "", "no setting 'en'"),
        ('en = "Which?"', 'en = ""', "in every language"),
        ('en = "Which?"', 'en = "Which?"\nhint_es = "algo"', "in every language"),
        ('kind = "choice"', 'kind = "guess"', "unknown kind 'guess'"),
        ('value = "fear"', 'value = "Fear!"', "cannot name anything"),
        ('value = "fear"', 'value = "joy"', "emotion is a choice of"),
        ('value = "fear"', 'value = "none"', "two or more different options"),
        ('id = "emotion"', 'id = "emotion"\nlou = 1', "unknown setting 'lou'"),
        ("[[page.question]]", "[[page.questions]]", "no list of tables"),
        ('id = "small"', 'id = "small"\npage = 3', "not valid TOML"),
        ('id = "only"', 'id = "only"\nafter_scene = "4"', "not int"),
        ('id = "only"', 'id = "only"\nafter_scene = -1', "0 or more"),
        ('id = "emotion"', 'id = "act"', "'act' stands there 2 times"),
        ('id = "emotion"\nkind = "choice"', 'id = "emotion"\nkind = "text"', "is a choice of"),
        ('id = "emotion"\nkind = "choice"', 'id = "moment_ns"\nkind = "text"', "a moment answers"),
        ('id = "emotion"\nkind = "choice"', 'id = "intensity"\nkind = "text"', "within 0 to 8"),
    ],
)
def test_what_cannot_be_asked_is_one_line(tmp_path, before, after, message):
    path = tmp_path / "own.toml"
    assert before in SMALL
    path.write_text(SMALL.replace(before, after, 1))
    with pytest.raises(MexlabError, match=message) as caught:
        read_instrument(path)
    assert str(path) in caught.value.where


def test_no_two_answers_of_one_name(tmp_path):
    again = SMALL[SMALL.index("[[page.question]]") :]
    (tmp_path / "own.toml").write_text(SMALL + again)
    with pytest.raises(MexlabError, match="'emotion' stands there 2 times"):
        read_instrument(tmp_path / "own.toml")


def test_a_page_asks_something(tmp_path):
    (tmp_path / "own.toml").write_text(SMALL[: SMALL.index("[[page.question]]")])
    with pytest.raises(MexlabError, match="without a question"):
        read_instrument(tmp_path / "own.toml")
    with pytest.raises(MexlabError, match="no such instrument"):
        read_instrument(tmp_path / "none.toml")
