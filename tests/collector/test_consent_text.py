"""The consent form as a file: what is refused, and which wording a decision names."""

from hashlib import sha256

import pytest

from collector.consent_text import agreed, agreed_path, read_consent_text
from mexlab.consent import SCOPES
from mexlab.errors import MexlabError, StudyError
from mexlab.study import Study
from mexlab.study_settings import LANGUAGES


@pytest.fixture
def study(tmp_path):
    return Study.create(tmp_path / "study")


def edit(study, old, new):
    path = study.consent_text_path
    source = path.read_text(encoding="utf-8")
    assert source.count(old) >= 1
    path.write_text(source.replace(old, new), encoding="utf-8")


def test_the_form_as_shipped_has_everything_in_both_languages(study):
    text = read_consent_text(study.consent_text_path)
    assert set(text.wordings) == set(LANGUAGES)
    for language in LANGUAGES:
        wording = text.wordings[language]
        assert tuple(wording.scopes) == SCOPES
        assert len(wording.texts) == 6 + len(SCOPES)
        assert "2024/1689" in wording.ai_act
        assert "2016/679" in wording.gdpr
        assert text.unfinished(language)  # nobody may forget to fill in the controller


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('version = "1.0"', 'version = "1 0"', "version is '1 0'"),
        ('version = "1.0"', "version = 1.0", "version is 1.0"),
        ('id = "mexlab-consent"', "", "id is None"),
        ('id = "mexlab', 'name = "x"\nid = "mexlab', "unknown setting 'name'"),
        ("[en", "[fr", "unknown setting 'fr'"),
        ('title = "Informed consent"', "", "no setting 'title'"),
        ('title = "Informed consent"', 'title = " "', "title is empty"),
        ('title = "Informed consent"', 'titel = "Informed consent"', "unknown setting 'titel'"),
        ("  training =", "  sold =", "no text for training"),
        ("  training =", '  sold = "x"\n  training =', "unknown scope 'sold'"),
        ('  training = "', '  training = ""  # "', "no text for training"),
        ("[es.scopes]", "[es.scopes", "not valid TOML"),
    ],
)
def test_refusals_are_one_line(study, old, new, says):
    edit(study, old, new)
    with pytest.raises(MexlabError) as caught:
        read_consent_text(study.consent_text_path)
    assert says in caught.value.what
    assert str(study.consent_text_path) in caught.value.where
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(study):
    with pytest.raises(MexlabError, match="no such consent form"):
        read_consent_text(study.root / "nowhere.toml")


def test_a_decision_names_the_wording_and_a_copy_is_kept_once(study):
    path = study.consent_text_path
    source = path.read_bytes()
    text = read_consent_text(path)
    name = agreed(study, text, "es")
    assert name == f"mexlab-consent 1.0 es {sha256(source).hexdigest()[:12]}"
    kept = agreed_path(study, text)
    assert kept.read_bytes() == source
    assert kept.stem == sha256(source).hexdigest()
    before = kept.stat()
    assert agreed(study, text, "en").split()[2] == "en"
    assert (kept.stat().st_ino, kept.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert list(kept.parent.iterdir()) == [kept]


def test_another_wording_is_another_copy_and_the_first_stays(study):
    first = read_consent_text(study.consent_text_path)
    agreed(study, first, "es")
    edit(study, "[plazo]", "diez años 🙂\u200f")
    second = read_consent_text(study.consent_text_path)
    assert agreed(study, second, "es") != first.name("es")
    assert agreed_path(study, first).read_text(encoding="utf-8") == first.source
    assert agreed_path(study, second).read_text(encoding="utf-8") == second.source


def test_the_copy_is_to_the_letter_whatever_the_line_ends(study):
    path = study.consent_text_path
    source = path.read_bytes().replace(b"\n", b"\r\n")
    path.write_bytes(source)
    text = read_consent_text(path)
    agreed(study, text, "es")
    assert agreed_path(study, text).read_bytes() == source
    assert text.sha256 == sha256(source).hexdigest()


def test_a_kept_wording_that_was_changed_is_noticed(study):
    text = read_consent_text(study.consent_text_path)
    agreed(study, text, "es")
    agreed_path(study, text).write_text("something else")
    with pytest.raises(StudyError, match="kept wording was changed"):
        agreed(study, text, "es")


def test_a_text_without_open_places_is_finished(study):
    path = study.consent_text_path
    source = path.read_text(encoding="utf-8")
    for place in ("[laboratory, address, contact and data\nprotection officer]", "[period]"):
        source = source.replace(place, "x")
    source = source.replace("[name]", "x").replace("[contact]", "x")
    path.write_text(source, encoding="utf-8")
    text = read_consent_text(path)
    assert (text.unfinished("en"), text.unfinished("es")) == (False, True)
