"""The operator's pages Participants, Consent and Overview, without a browser."""

from string import Formatter

import pytest
from streamlit.testing.v1 import AppTest

from collector.app import choosing, consent, demographics, overview, participants
from collector.app.literal import literal, paragraphs
from collector.consent_text import agreed_path, read_consent_text
from collector.roster import roster
from mexlab.consent import SCOPES
from mexlab.emotions import EMOTIONS
from mexlab.study import Study
from mexlab.web.language import Speaker
from tests.collector.desk_study import filled_in, from_elsewhere, register, sat

LANGUAGES = ("es", "en")


def script(root, name, language):
    from importlib import import_module
    from pathlib import Path

    from mexlab.study import Study

    import_module(f"collector.app.{name}").page(Study.open(Path(root)), language)


@pytest.fixture
def study(tmp_path):
    return Study.create(tmp_path / "study")


def opened(study, name, language="en", participant=None):
    """A page in a browser of its own."""
    arguments = (str(study.root), name, language)
    page = AppTest.from_function(script, args=arguments, default_timeout=60)
    if participant:
        page.query_params["participant"] = participant
    return shown(page.run())


def shown(page):
    assert not page.exception, page.exception[0].stack_trace
    return page


def field(elements, label):
    (found,) = [element for element in elements if element.label == label]
    return found


def press(page, label):
    return shown(field(page.button, label).click().run())


def said(page):
    kinds = (page.success, page.info, page.warning, page.text, page.code)
    return "\n".join(element.value for kind in kinds for element in kind)


@pytest.mark.parametrize("module", [choosing, consent, demographics, overview, participants])
def test_every_text_stands_in_both_languages_with_the_same_places(module):
    for key, texts in module.WORDS.items():
        assert len(texts) == len(LANGUAGES), key
        assert all(text.strip() for text in texts), key
        places = [{name for _, name, *_ in Formatter().parse(text) if name} for text in texts]
        assert places[0] == places[1], key


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["participants", "consent", "overview"])
def test_pages_open_on_an_empty_and_on_a_full_study(study, name, language):
    opened(study, name, language)
    register(study, "P001", gender="woman", age_band="25-34", glasses=True)
    register(study, "P002", None)
    register(study, "S001", simulated=True)
    filled_in(study, sat(study, "P001"), EMOTIONS)
    for participant in (None, "P001", "P002", "S001", "P404"):
        opened(study, name, language, participant)


# Participants


def test_registering_shows_the_number_before_and_guesses_nothing(study):
    page = opened(study, "participants")
    assert "P001" in said(page)
    assert page.selectbox(key="register_0_age_band").value == "undisclosed"
    assert [field(page.radio, label).value for label in ("Gender", "Glasses", "Beard")] == [
        "undisclosed",
        "not-stated",
        "not-stated",
    ]
    press(page, "Register P001")
    person = study.participant("P001")
    assert person.demographics == {"age_band": "undisclosed", "gender": "undisclosed"}
    assert (person.language, person.consents, person.simulated) == ("es", (), False)
    assert "P001 is registered" in said(page)
    assert page.session_state["participant"] == "P001"
    assert page.query_params["participant"] in ("P001", ["P001"])


def test_what_was_said_goes_on_file_and_the_next_one_starts_afresh(study):
    page = opened(study, "participants")
    page.selectbox(key="register_0_age_band").select("25-34")
    for label, value in (("Gender", "woman"), ("Glasses", "yes"), ("Beard", "no")):
        field(page.radio, label).set_value(value)
    field(page.radio, "Language of the texts").set_value("en")
    press(page, "Register P001")
    person = study.participant("P001")
    assert person.language == "en"
    assert person.demographics == {
        "age_band": "25-34",
        "gender": "woman",
        "glasses": True,
        "beard": False,
    }
    press(page, "Register P002")
    assert study.participant("P002").demographics["gender"] == "undisclosed"


def test_two_browsers_never_register_one_number_twice(study):
    first, second = opened(study, "participants"), opened(study, "participants")
    field(first.radio, "Gender").set_value("woman")
    press(first, "Register P001")
    field(second.radio, "Gender").set_value("man")
    press(second, "Register P001")
    assert "P001 has just been registered elsewhere" in said(second)
    assert [p.participant for p in study.participants()] == ["P001"]
    assert study.participant("P001").demographics["gender"] == "woman"
    press(second, "Register P002")
    assert study.participant("P002").demographics["gender"] == "man"


def test_a_number_taken_while_the_lock_was_waited_for_is_left_alone(study):
    register(study, "P001", gender="woman")
    assert not participants._registered(study, "P001", "en", {"gender": "man"})
    assert study.participant("P001").demographics == {"gender": "woman"}


def test_the_table_says_where_everybody_stands_and_is_searched(study):
    for name in ("P001", "P002", "P003"):
        register(study, name, SCOPES if name != "P003" else None)
    filled_in(study, sat(study, "P001"), EMOTIONS)
    from_elsewhere(sat(study, "P002"), scene1="fear")
    study.withdraw("P002")
    page = opened(study, "participants")
    table = page.dataframe[0].value
    assert list(table["Number"]) == ["P003", "P002", "P001"]
    assert list(table["Consent"]) == ["undecided", "no to all", "6 of 6"]
    assert list(table["Recording"]) == ["no", "complete", "complete"]
    assert list(table["Self-report"]) == ["no", "imported", "yes"]
    assert list(table["Withdrawal"] == "no") == [True, False, True]
    shown(field(page.text_input, "Search the table").input("IMPORT").run())
    assert list(page.dataframe[0].value["Number"]) == ["P002"]
    shown(field(page.text_input, "Search the table").input("nobody").run())
    assert not page.dataframe
    assert "Nobody matches" in said(page)


def test_correcting_keeps_what_was_decided_meanwhile_and_foreign_values(study):
    register(study, "P001", None, gender="man", handedness="left", age_band="30")
    page = opened(study, "participants", participant="P001")
    register(study, "P001", SCOPES, gender="man", handedness="left", age_band="30")
    genders = [radio for radio in page.radio if radio.label == "Gender"]
    (correcting,) = [radio for radio in genders if radio.value == "man"]
    correcting.set_value("woman")
    press(page, "Save")
    person = study.participant("P001")
    assert person.demographics == {"gender": "woman", "handedness": "left", "age_band": "30"}
    assert person.scopes == SCOPES
    assert "Saved" in said(page)


def test_glasses_can_become_unknown_again(study):
    register(study, "P001", None, glasses=True, gender="other", age_band="18-24")
    page = opened(study, "participants", participant="P001")
    (glasses,) = [r for r in page.radio if r.label == "Glasses" and r.value == "yes"]
    glasses.set_value("not-stated")
    press(page, "Save")
    assert study.participant("P001").demographics == {"gender": "other", "age_band": "18-24"}


def test_a_damaged_report_keeps_nobody_from_being_registered(study):
    register(study, "P001")
    session = sat(study, "P001")
    filled_in(study, session, EMOTIONS)
    session.report_path.write_text("{")
    page = opened(study, "participants")
    assert list(page.dataframe[0].value["Self-report"]) == ["damaged"]
    assert "Complete self-reports: 0" in said(opened(study, "overview"))
    field(page.button, "Register P002").click().run()
    assert study.participant("P002")


# Consent


def ask(page, granted, refused=()):
    """Mark yes and no to the form's sentences, which stand in the order of the scopes."""
    radios = [radio for radio in page.radio if radio.options in (["Sí", "No"], ["Yes", "No"])]
    for scope, radio in zip(SCOPES, radios, strict=True):
        if scope in granted or scope in refused:
            radio.set_value("yes" if scope in granted else "no")


def test_nothing_is_ticked_and_nothing_ticked_means_no(study):
    register(study, "P001", None)
    page = opened(study, "consent", participant="P001")
    assert [r.value for r in page.radio if r.options == ["Sí", "No"]] == [None] * len(SCOPES)
    press(page, "Guardar lo decidido")
    person = study.participant("P001")
    assert (len(person.consents), person.scopes) == (len(SCOPES), ())


def test_consent_in_spanish_with_two_scopes_refused(study):
    register(study, "P001", None)
    page = opened(study, "consent", participant="P001")
    ask(page, ("recorded", "analysed", "shared", "training"), ("excerpts", "published"))
    press(page, "Guardar lo decidido")
    person, text = study.participant("P001"), read_consent_text(study.consent_text_path)
    assert person.scopes == ("recorded", "analysed", "shared", "training")
    assert {(d.how, d.text) for d in person.consents} == {("form", text.name("es"))}
    assert agreed_path(study, text).is_file()
    assert "Saved for P001: yes to recording, analysis, sharing, training models" in said(page)
    assert "1.0 Español" in said(page)
    assert list(page.dataframe[0].value["Decision"]) == ["Yes", "Yes", "Yes", "No", "No", "Yes"]


def test_the_text_is_in_the_participant_s_language_and_can_be_changed(study):
    register(study, "P001", None)
    page = opened(study, "consent", "es", "P001")
    assert "He leído esta información" in said(page)
    assert "2024/1689" in said(page)
    shown(field(page.radio, "Idioma del texto").set_value("en").run())
    assert "I have read this information" in said(page)
    ask(page, ("recorded",))
    press(page, "Save the decisions")
    assert {d.text.split()[2] for d in study.participant("P001").consents} == {"en"}


def test_open_places_are_warned_of_until_they_are_filled_in(study):
    register(study, "P001", None)
    assert "open places" in said(opened(study, "consent", participant="P001"))
    path = study.consent_text_path
    path.write_text(path.read_text().replace("[", "(").replace("(es", "[es").replace("(en", "[en"))
    assert "open places" not in said(opened(study, "consent", participant="P001"))


def test_another_wording_in_the_meantime_saves_nothing(study):
    register(study, "P001", None)
    page = opened(study, "consent", participant="P001")
    ask(page, SCOPES)
    path = study.consent_text_path
    path.write_text(path.read_text().replace("Que se grabe mi cara", "Que se venda mi cara"))
    press(page, "Guardar lo decidido")
    assert study.participant("P001").consents == ()
    assert "nothing was saved" in said(page)
    assert [r.value for r in page.radio if r.options == ["Sí", "No"]] == [None] * len(SCOPES)


def test_another_decision_in_the_meantime_saves_nothing(study):
    register(study, "P001", None)
    page = opened(study, "consent", participant="P001")
    ask(page, SCOPES)
    study.withdraw("P001")
    press(page, "Guardar lo decidido")
    assert study.participant("P001").scopes == ()
    assert len(study.participant("P001").consents) == len(SCOPES)
    assert "nothing was saved" in said(page)


def test_a_decision_while_the_lock_was_waited_for_is_left_alone(study):
    before, text = register(study, "P001", None), read_consent_text(study.consent_text_path)
    withdrawn = study.withdraw("P001")
    assert not consent._decided(study, before, text, "es", SCOPES)
    assert study.participant("P001") == withdrawn
    assert consent._decided(study, withdrawn, text, "es", ("recorded",))
    assert study.participant("P001").scopes == ("recorded",)


def test_withdrawing_asks_first_and_is_shown(study):
    register(study, "P001")
    page = opened(study, "consent", participant="P001")
    assert field(page.button, "Withdraw now").disabled
    assert "stay in the study until somebody deletes them" in said(page)
    shown(field(page.checkbox, "P001 wants to withdraw").check().run())
    press(page, "Withdraw now")
    person = study.participant("P001")
    assert (person.scopes, len(person.consents)) == ((), 2 * len(SCOPES))
    assert "P001 withdrew on" in said(page)
    history = page.dataframe[1].value
    assert list(history["How"]) == ["withdrawal", "form"]
    assert list(history["Yes to"]) == ["–", "everything"]
    assert "Withdraw now" not in [button.label for button in page.button]


def test_a_simulated_participant_is_not_asked(study):
    register(study, "S001", simulated=True)
    page = opened(study, "consent", participant="S001")
    assert "simulated participant" in said(page)
    assert not page.button


def test_what_people_wrote_is_never_markdown(study):
    nasty = "<script>x</script> **b** [a](http://b) $x$ :red[r]"
    assert literal(nasty) == (r"\<script\>x\</script\> \*\*b\*\* \[a\](http\://b) \$x\$ \:red\[r\]")
    assert literal("Que se grabe mi cara (10:15), sin más.") == (
        "Que se grabe mi cara (10:15), sin más."
    )
    assert literal("a :smile: b") == "a \\:\u2060smile: b"
    assert paragraphs("a\nb\r\n\r\nc\n \n\nd\n") == ["a b", "c", "d"]
    register(study, "P001", None)
    path = study.consent_text_path
    path.write_text(path.read_text().replace("Que se grabe mi cara", f"<b>{nasty}</b>"))
    page = opened(study, "consent", participant="P001")
    assert any(literal(nasty) in radio.label for radio in page.radio)
    assert not page.markdown


# Overview


def test_the_overview_counts_people_and_says_so(study):
    register(study, "P001", gender="woman", age_band="25-34")
    register(study, "P002", gender="man", age_band="18-24")
    register(study, "S001", simulated=True)
    for name in ("P001", "P002", "S001"):
        filled_in(study, sat(study, name), EMOTIONS)
    page = opened(study, "overview")
    sentence = page.code[0].value
    assert sentence.splitlines()[0] == "2 individuals: 50.00% female, 50.00% male."
    assert "Attention checks passed: 2 of 2 (100.00%)" in sentence
    tables = [frame.value for frame in page.dataframe]
    assert dict(zip(tables[0]["Value"], tables[0]["n"], strict=True))["registered"] == 2
    assert tables[4].shape == (7, 10)
    assert list(tables[4]["fear"]) == [0, 0, 0, 2, 0, 0, 0]
    shown(page.checkbox[0].check().run())
    assert page.code[0].value.startswith("3 individuals")
    assert "include simulated" in said(page)
    study.withdraw("P001")
    assert opened(study, "overview").code[0].value.startswith("1 individual: 100.00% male")


def test_the_csv_has_a_mark_for_spreadsheets_and_runs_nothing(study):
    register(study, "P001", gender="=1+1", age_band="18-24")
    sat(study, "P001")
    standings, say = roster(study, study.participants()), Speaker("es", overview.WORDS)
    rows = overview.number_rows(overview.tables(standings, standings, say), say)
    data = overview.sheet(["Tabla", "Valor", "n", "%"], rows)
    assert data.startswith(b"\xef\xbb\xbfTabla,Valor,n,%\r\n")
    lines = data.decode("utf-8-sig").splitlines()
    assert "Edad,18–24 años,1,100.0" in lines
    assert "Hasta dónde se ha llegado,retirada,0,0.0" in lines
    (formula,) = [line for line in lines if "=1+1" in line]
    assert formula.startswith("Género,'")
    page = opened(study, "overview", "es")
    assert [button.proto.label for button in page.get("download_button")] == [
        "Recuentos en CSV",
        "Emociones en CSV",
    ]


def test_a_second_decision_leaves_nothing_to_accident(study):
    register(study, "P001", SCOPES)
    page = opened(study, "consent", participant="P001")
    ask(page, ("analysed",), ("published",))
    press(page, "Guardar lo decidido")
    assert study.participant("P001").scopes == SCOPES
    assert "mark all six uses" in said(page)
    ask(page, [s for s in SCOPES if s != "published"], ("published",))
    press(page, "Guardar lo decidido")
    assert study.participant("P001").scopes == tuple(s for s in SCOPES if s != "published")


def test_values_from_elsewhere_are_no_markdown(study):
    register(study, "P001", None, gender="![x](http://192.0.2.1/y.png)")
    page = opened(study, "participants", participant="P001")
    offered = [o for radio in page.radio for o in radio.options if "192.0.2.1" in o]
    assert offered
    assert all(r"\!" in o or r"\[" in o for o in offered)
