"""The operator's pages Pre-flight, Run and Self-report, without a browser."""

import time
from string import Formatter

import pytest
from streamlit.testing.v1 import AppTest

from collector.app import camera, linking, preflight, run, self_report, telling, watching
from collector.app.desk import Desk, use
from collector.finding import FAIL, OK, WARN, Finding, Phrase
from collector.form import links
from collector.form.filling import FIRST, SECOND, begin
from collector.live import Board, start_run
from collector.looking import Look
from collector.openness import Lock
from collector.planned import turn_of
from mexlab.errors import StudyError
from mexlab.study import Study
from tests.collector.desk_study import filled_in, register, sat
from tests.collector.test_planned import lay_down_film
from tests.collector.test_reporting import suggest

MODULES = (camera, linking, preflight, run, self_report, telling, watching)
SEEN = Look(
    at="2026-11-23T09:15:00+00:00",
    camera="0",
    offscreen=False,
    findings=(
        Finding("light", OK, (Phrase("muted"),), None, {"brightness": 0.514}),
        Finding("sound", WARN, (Phrase("no sound output"),), Phrase("connect sound")),
        Finding("disk", FAIL, (Phrase("as it is", {"text": "<b>:red[x]"}),), Phrase("free space")),
        Finding("rate", OK, (Phrase("muted"),), None, {"fps": 29.97}),
    ),
    crop=(300, 302),
    picture=None,
)


def script(root, name, language):
    from importlib import import_module
    from pathlib import Path

    from mexlab.study import Study

    import_module(f"collector.app.{name}").page(Study.open(Path(root)), language)


@pytest.fixture
def study(tmp_path):
    made = Study.create(tmp_path / "study")
    served(made)
    return made


def served(study, camera="0", for_tablets=False):
    """Say what the pages are told by the server."""
    addresses = ("https://10.0.0.3:8765", "https://192.168.1.20:8765")
    use(Desk(study.root, addresses, for_tablets, camera))


def opened(study, name, language="en", **query):
    """A page in a browser of its own."""
    page = AppTest.from_function(script, args=(str(study.root), name, language), default_timeout=60)
    for key, value in query.items():
        page.query_params[key] = value
    return shown(page.run())


def shown(page):
    assert not page.exception, page.exception[0].stack_trace
    return page


def press(page, key):
    return shown(page.button(key=key).click().run())


def keys(page):
    return {button.key for button in page.button}


def said(page):
    kinds = (page.error, page.success, page.info, page.warning, page.markdown, page.text)
    kinds = (*kinds, page.caption, page.code, page.header, page.metric)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def addresses_of(page, kind="link_button"):
    return [element.proto.url for element in page.get(kind)]


@pytest.mark.parametrize("module", MODULES)
def test_every_text_stands_in_both_languages_with_the_same_places(module):
    assert module.WORDS
    for key, texts in module.WORDS.items():
        assert len(texts) == 2, key
        assert all(text.strip() for text in texts), key
        places = [{name for _, name, *_ in Formatter().parse(text) if name} for text in texts]
        assert places[0] == places[1], key


# Pre-flight


def test_what_fails_stands_first_with_its_remedy_and_files_are_not_read_as_markdown(study):
    page = AppTest.from_function(script, args=(str(study.root), "preflight", "es"))
    page.session_state[preflight.KEPT] = SEEN
    page = shown(page.run())
    verdicts = [m.value.split("**")[1] for m in page.markdown if "**" in m.value]
    assert verdicts == ["Falla", "Atención", "Bien", "Bien"]
    texts = [text.value for text in page.text]
    assert "<b>:red[x]" in texts
    assert "Qué hacer: conecte altavoces o auriculares" in texts
    assert not any("red[x]" in m.value for m in page.markdown)
    assert [metric.value for metric in page.metric] == ["30", "51\u00a0%"]
    assert "corrija primero" in page.error[0].value
    assert page.text[0].value.startswith("Comprobado el 23 nov 2026")


def test_a_look_that_was_not_to_be_had_is_told(study):
    page = AppTest.from_function(script, args=(str(study.root), "preflight", "en"))
    page.session_state[preflight.KEPT] = StudyError("no answer", "collector check", "unplug it")
    page = shown(page.run())
    assert page.code[0].value == "no answer\ncollector check\nunplug it"


def test_the_simulated_camera_is_looked_through_and_the_camera_is_remembered(study):
    page = opened(study, "preflight")
    assert page.text_input(key=camera.CAMERA_GIVEN).value == "0"
    page.text_input(key=camera.CAMERA_GIVEN).set_value("simulated:1").run()
    page.checkbox(key=camera.OFFSCREEN_GIVEN).check().run()
    page = press(page, "look")
    found = page.session_state[preflight.KEPT]
    assert (found.camera, found.offscreen) == ("simulated:1", True)
    assert found.picture
    assert page.get("image")
    assert page.session_state[camera.CAMERA] == "simulated:1"


def test_no_look_while_a_recording_runs(study):
    Board(study, "P001", 1, Lock.mine()).show()
    page = opened(study, "preflight")
    assert "P001 is being recorded" in page.info[0].value
    assert "look" not in keys(page)


# Run


def test_without_consent_there_is_no_start(study):
    register(study, "P001", granted=("analysed",))
    page = opened(study, "run", participant="P001")
    assert "has not consented" in page.error[0].value
    assert [button.label for button in page.button] == ["Go to Consent"]
    study.withdraw("P001")
    page = opened(study, "run", participant="P001")
    assert "withdrew" in page.error[0].value
    assert not page.button


def test_a_simulated_participant_needs_the_simulated_camera(study):
    register(study, "T001", simulated=True)
    page = opened(study, "run", participant="T001")
    assert "needs the camera `simulated`" in page.error[0].value
    assert "start" not in keys(page)


def test_the_film_is_explained_and_must_be_built(study):
    register(study, "P012")
    page = opened(study, "run", participant="P012")
    turn = turn_of(study, "P012")
    assert f"number {turn.compilation}**" in said(page)
    assert "place 4 of block 2" in said(page)
    assert f"Film {turn.compilation} is not ready" in said(page)
    assert f"mexlab stimuli build {study.root}" in said(page)
    assert "start" not in keys(page)
    lay_down_film(study, turn.compilation)
    page = opened(study, "run", participant="P012")
    assert "placeholder" in said(page)
    assert "start" in keys(page)


def test_another_film_can_be_chosen_with_a_warning(study):
    register(study, "P012")
    other = turn_of(study, "P012").compilation % 8 + 1
    lay_down_film(study, other)
    page = opened(study, "run", participant="P012")
    page = shown(page.selectbox(key="film_P012").select(other).run())
    assert "not the scheduled film" in said(page)
    assert "start" in keys(page)


def test_somebody_without_a_number_has_no_film_by_the_schedule(study):
    register(study, "Ana")
    page = opened(study, "run", participant="Ana")
    assert "has no number" in page.warning[0].value
    assert "start" not in keys(page)


def test_earlier_sessions_are_said(study):
    register(study, "P001")
    session = sat(study, "P001", state="aborted")
    lay_down_film(study, turn_of(study, "P001").compilation)
    page = opened(study, "run", "es", participant="P001")
    assert f"interrumpida · {session.id}" in said(page)


def test_a_session_left_open_comes_first(study):
    register(study, "P001")
    sat(study, "P001", state="open")
    page = opened(study, "run", participant="P001")
    assert f"collector recover {study.root}" in said(page)
    assert not page.button


def test_the_simulated_camera_asks_for_a_participant_of_its_own(study):
    served(study, camera="simulated")
    register(study, "P001")
    register(study, "T001", simulated=True)
    page = opened(study, "run")
    who = next(field for field in page.text_input if field.label == "Simulated participant")
    assert who.value == "T002"
    page = shown(who.set_value("P001").run())
    assert "a real participant before a simulated camera" in said(page)
    assert "start" not in keys(page)


def test_start_starts_and_what_came_of_it_is_told(study):
    """The film that was laid down is none, so that the process ends at once."""
    served(study, camera="simulated")
    lay_down_film(study, turn_of(study, "T001").compilation)
    page = press(opened(study, "run"), "start")
    assert "Recording T001" in page.header[0].value
    until = time.monotonic() + 60
    while page.header[0].value != "New session":
        assert time.monotonic() < until
        time.sleep(0.2)
        page = shown(page.run())
    assert "Nothing was recorded." in said(page)
    assert "not the one that was measured" in said(page)


def running(study, **changes):
    board = Board(study, "P001", 3, Lock.mine())
    film = {"scene": 2, "scenes": 7, "played_s": 65.4, "film_s": 240.0, "fps": 29.97, "dropped": 4}
    board.show(**({"stage": "film", "session": "P001-x"} | film | changes))
    return board


def test_a_running_recording_is_found_again_with_all_it_says(study):
    running(study).warn("the disk is <b>full</b>")
    page = opened(study, "run", "es")
    assert page.header[0].value == "Se está grabando a P001, película 3"
    assert page.get("progress")[0].proto.text == "Escena 2 de 7 · 1:05 de 4:00"
    assert [metric.value for metric in page.metric] == ["30", "4"]
    assert "the disk is <b>full</b>" in [code.value for code in page.code]
    assert page.button(key="pause").label == "Pausar"
    running(study, paused=True)
    assert opened(study, "run", "es").button(key="pause").label == "Seguir"


@pytest.mark.parametrize("stage", ["starting", "camera", "ready", "closing"])
def test_every_stage_is_said_and_only_the_film_can_be_paused(study, stage):
    running(study, stage=stage, film_s=0.0)
    page = opened(study, "run")
    assert page.info[0].value == watching.WORDS[stage][1]
    assert "pause" not in keys(page)
    assert ("abort" in keys(page)) == (stage in ("camera", "ready"))


def test_orders_reach_the_recording_and_abort_only_after_a_second_question(study):
    running(study)
    page = press(opened(study, "run"), "pause")
    note = next(field for field in page.text_input if field.label == "Note on this moment")
    note.set_value("sneezed")
    mark = next(button for button in page.button if button.label == "Mark")
    page = shown(mark.click().run())
    page = press(page, "abort")
    assert "The session ends" in said(page)
    page = press(page, "abort_no")
    assert "abort_yes" not in keys(page)
    assert study.orders_path.read_text() == "p\nm sneezed\n"
    press(press(page, "abort"), "abort_yes")
    assert study.orders_path.read_text() == "p\nm sneezed\nabort\n"


def test_a_second_recording_is_not_started_beside_one(study):
    running(study)
    with pytest.raises(StudyError, match="being recorded"):
        start_run(study, "P002", "0")


def test_the_end_leads_to_the_self_report(study):
    register(study, "P001")
    session = sat(study, "P001")
    board = running(study, session=session.id)
    board.over("kept <b>all</b>", "closed")
    page = opened(study, "run")
    assert page.success[0].value == "Recorded to its end."
    assert page.code[0].value == "kept <b>all</b>"
    assert [button.label for button in page.button] == ["Go to the self-report"]
    filled_in(study, session, ["fear"] * 7)
    assert not opened(study, "run").button


def test_a_mistake_is_told_letter_by_letter_and_the_rest_still_shows(study):
    def page():
        import streamlit as st

        from collector.app.telling import telling
        from mexlab.errors import StudyError

        with telling("es"):
            raise StudyError("*damaged*", "<b>there</b>", ":red[put it right]")
        st.text("the rest")

    shown_there = shown(AppTest.from_function(page).run())
    assert shown_there.code[0].value == "*damaged*\n<b>there</b>\n:red[put it right]"
    assert shown_there.text[0].value == "the rest"


# Self-report


def waiting(study, *names):
    for later_s, name in enumerate(names):
        register(study, name)
        sat(study, name, later_s=later_s)


def test_the_first_box_holds_the_newest_that_can_be_filled_in(study):
    waiting(study, "P001", "P002", "P003")
    filled_in(study, study.session("P003"), ["fear"] * 7)
    page = opened(study, "self_report", "es")
    assert page.selectbox[0].value == study.session("P002").id
    assert "P002 · sin empezar · 23 nov 2026" in page.selectbox[0].options[1]
    assert "Sin empezar: 2 · Terminados: 1" in said(page)
    page = opened(study, "self_report", session=study.session("P003").id)
    assert page.success[0].value.startswith("Finished.")
    assert not page.button


def test_a_form_that_is_begun_shows_its_page(study):
    waiting(study, "P001")
    filling = begin(study, study.session("P001"), FIRST, "es")
    filling.save(0, dict.fromkeys(filling.steps[0].answers))
    page = opened(study, "self_report")
    assert page.get("progress")[0].proto.text == f"Begun: page 2 of {len(filling.steps)}."


def test_a_link_is_made_by_pressing_and_opens_on_the_host_the_browser_is_on(study):
    waiting(study, "P001")
    session = study.session("P001")
    page = opened(study, "self_report")
    assert links.latest(session, FIRST) is None
    assert addresses_of(page) == []
    (path,) = addresses_of(press(page, "make_here"))
    assert path.startswith(links.form_path(session, FIRST))
    assert links.is_good(session, FIRST, path.rsplit("/", 1)[1])
    assert addresses_of(opened(study, "self_report")) == []  # another browser sees no link


def test_a_device_that_has_the_form_is_shut_out_only_after_a_word(study):
    waiting(study, "P001")
    session = study.session("P001")
    page = press(opened(study, "self_report"), "make_here")
    token = addresses_of(page)[0].rsplit("/", 1)[1]
    with study.holding("P001"):
        key = links.open_link(session, FIRST, token)
    page = shown(page.run())
    assert addresses_of(page) == [links.form_path(session, FIRST)]  # the link itself is gone
    assert "shuts that device out" in said(page)
    assert page.button(key="make_here").disabled
    assert links.opens(session, FIRST, key)
    page = press(shown(page.checkbox[0].check().run()), "make_here")
    assert not links.opens(session, FIRST, key)
    assert len(addresses_of(page)) == 1


def test_a_tablet_gets_each_address_and_a_picture_of_it(study):
    waiting(study, "P001")
    served(study, for_tablets=True)
    page = press(opened(study, "self_report"), "make_tablet")
    shown_there = [code.value for code in page.code]
    assert [address.split("/form/")[0] for address in shown_there] == [
        "https://10.0.0.3:8765",
        "https://192.168.1.20:8765",
    ]
    assert len(page.get("image")) == 2
    assert "token=" not in "".join(shown_there)
    assert linking.qr_code(shown_there[0]).startswith(b"\x89PNG")
    assert linking.qr_code(shown_there[0]) != linking.qr_code(shown_there[1])


def test_a_server_for_this_computer_alone_says_how_to_serve_tablets(study):
    waiting(study, "P001")
    page = opened(study, "self_report")
    assert "make_tablet" not in keys(page)
    assert f"collector app {study.root} --host 0.0.0.0 --tls-cert" in said(page)


def test_who_withdrew_is_asked_nothing_more(study):
    waiting(study, "P001")
    page = press(opened(study, "self_report"), "make_here")
    study.withdraw("P001")
    page = shown(page.run())
    assert "Withdrew on" in said(page)
    assert not page.button
    assert addresses_of(page) == []


def test_the_second_pass_is_there_where_the_study_wants_it(study):
    waiting(study, "P001", "P002")
    assert not opened(study, "self_report").radio
    settings = study.settings_path.read_text()
    assert "second_pass = false" in settings
    study.settings_path.write_text(settings.replace("second_pass = false", "second_pass = true"))
    suggest(study.session("P001"))
    page = opened(study, "self_report", session=study.session("P001").id)
    page = shown(page.radio(key="form").set_value(SECOND).run())
    session = study.session("P001")
    assert page.selectbox[0].value == session.id
    (path,) = addresses_of(press(page, "make_here"))
    assert links.is_good(session, SECOND, path.rsplit("/", 1)[1])
    assert links.latest(session, FIRST) is None
    page = shown(page.selectbox[0].select(study.session("P002").id).run())
    assert f"annotate locate {study.root} --session" in said(page)


def test_a_damaged_report_is_told_without_hiding_the_others(study):
    waiting(study, "P001", "P002")
    begin(study, study.session("P001"), FIRST, "es")
    study.session("P001").report_path.write_text("{")
    page = opened(study, "self_report", session=study.session("P001").id)
    assert "damaged self-report" in page.code[0].value
    assert len(page.selectbox[0].options) == 2


def test_nobody_is_handed_somebody_elses_form(study):
    register(study, "P003")
    sat(study, "P003")
    register(study, "P009")
    page = AppTest.from_function(script, args=(str(study.root), "self_report", "en"))
    page.session_state["participant"] = "P009"
    page.query_params["session"] = study.session("P003").id
    page.run(timeout=60)
    assert not page.exception
    assert not page.button
    assert any("P009 has no session" in info.value for info in page.info)
