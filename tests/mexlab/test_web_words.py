"""What pages say: numbers as a language writes them, messages in the reader's language."""

import re
from importlib.resources import files

import pytest

from mexlab.web.language import Speaker
from mexlab.web.pages import SHARED
from mexlab.web.words import PAGE_WORDS, PLAYER_WORDS

SAID = {"no such clip": ("no hay tal clip", "no such clip")}


@pytest.mark.parametrize(
    ("value", "digits", "least", "told"),
    [(10.8, 2, 0, "10,8"), (10.8, 2, 2, "10,80"), (0.957, 3, 2, "0,957"), (1.0, 3, 2, "1,00"),
     (1234.0, 0, 0, "1.234"), (2.0, 1, 0, "2")],
)  # fmt: skip
def test_numbers_have_as_many_decimals_as_asked_for(value, digits, least, told):
    assert Speaker("es", {}).number(value, digits, least) == told


def test_a_message_that_is_not_known_stays_as_it_is():
    spanish, english = (Speaker(language, SAID) for language in ("es", "en"))
    assert spanish.told("no such clip") == "no hay tal clip"
    assert english.told("no such clip") == "no such clip"
    assert spanish.told("{odd} text; of a {file") == "{odd} text; of a {file"


def test_shared_scripts_load_only_what_is_served():
    static = files("mexlab.web") / "static"
    loaded = {
        name
        for script in SHARED
        for name in re.findall(r'from "\./([\w.]+)"', (static / script).read_text(encoding="utf-8"))
    }
    assert loaded == {"chunks.js"}
    assert loaded < set(SHARED)
    assert {entry.name for entry in static.iterdir()} == set(SHARED)


def test_every_shared_text_is_in_both_languages():
    for key, pair in {**PAGE_WORDS, **PLAYER_WORDS}.items():
        assert all(pair), key
