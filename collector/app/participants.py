"""Participants: register the next one, see where everybody stands, correct what is on file.

Reads the study through `collector.roster`; writes participants/, always while nobody else may.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import streamlit as st

from collector.app.choosing import choose_participant, newest_first, remember
from collector.app.demographics import ask
from collector.app.literal import literal
from collector.registration import on_file
from collector.roster import Reported, Standing, roster
from mexlab.consent import SCOPES
from mexlab.participants import Participant
from mexlab.study import Study
from mexlab.web.language import NAMES, Speaker, Words

OFFERED = "register_offered"  # the number this browser shows, which may be taken meanwhile
REGISTERED = "register_count"  # people registered in this browser: each gets empty fields
NEWS = "participants_news"  # what to say after the page is drawn anew

WORDS: Final[Words] = {
    "register": ("Registrar a alguien nuevo", "Register somebody new"),
    "number": ("Su número será {number}.", "The number will be {number}."),
    "language": ("Idioma de los textos", "Language of the texts"),
    "register_it": ("Registrar {number}", "Register {number}"),
    "registered": ("{number} está en el registro.", "{number} is registered."),
    "taken": (
        "{number} se acaba de registrar en otro sitio. El número siguiente es {free}: "
        "compruébelo y pulse otra vez.",
        "{number} has just been registered elsewhere. The next number is {free}: "
        "check it and press again.",
    ),
    "correct": ("Corregir los datos", "Correct what is on file"),
    "save": ("Guardar", "Save"),
    "saved": ("Guardado.", "Saved."),
    "step": ("Paso", "Step"),
    "state": ("Estado", "State"),
    "consent": ("Consentimiento", "Consent"),
    "recording": ("Grabación", "Recording"),
    "report": ("Autoinforme", "Self-report"),
    "analysis": ("Análisis", "Analysis"),
    "review": ("Revisión", "Review"),
    "withdrawal": ("Retirada", "Withdrawal"),
    "yes": ("sí", "yes"),
    "no": ("no", "no"),
    "undecided": ("sin decidir", "undecided"),
    "refused": ("no a todo", "no to all"),
    "granted": ("{n} de {all}", "{n} of {all}"),
    "unrecordable": ("no a grabar", "not to record"),
    "open": ("en curso", "in progress"),
    "closed": ("completa", "complete"),
    "recovered": ("recuperada", "recovered"),
    "aborted": ("interrumpida", "aborted"),
    "several": ("{state} (de {n})", "{state} (of {n})"),
    "pages": ("{page} de {pages}", "{page} of {pages}"),
    "elsewhere": ("importado", "imported"),
    "damaged": ("dañado", "damaged"),
    "next": ("Lo siguiente:", "Next:"),
    "next.consent": ("Pedir el consentimiento", "Ask for consent"),
    "next.run": ("Grabar la sesión", "Record the session"),
    "next.self-report": ("Pasar al autoinforme", "Go on to the self-report"),
    "nothing": (
        "Con {number} no queda nada que hacer aquí.",
        "Nothing is left to do with {number}.",
    ),
    "no_recording": (
        "{number} no ha consentido que se le grabe: no hay nada que hacer.",
        "{number} has not consented to being recorded: there is nothing to do.",
    ),
    "everybody": ("Todos los participantes", "All participants"),
    "participant": ("Número", "Number"),
    "search": ("Buscar en la tabla", "Search the table"),
    "none_found": ("Nadie responde a esa búsqueda.", "Nobody matches that search."),
}


def page(study: Study, language: str) -> None:
    """The whole page."""
    say = Speaker(language, WORDS)
    if news := st.session_state.pop(NEWS, None):
        st.success(say(news[0], number=news[1]))
    person = choose_participant(study, language)
    chosen = st.container()
    with st.expander(say("register"), expanded=person is None, icon=":material/person_add:"):
        _register(study, say)
    # Last, so that a damaged session keeps nobody from being registered.
    standings = roster(study, newest_first(study))
    with chosen:
        for standing in standings:
            if person and standing.person.participant == person.participant:
                _show(study, standing, say)
    if standings:
        _everybody(standings, say)


def _register(study: Study, say: Speaker) -> None:
    shown = st.session_state.get(OFFERED)
    free = st.session_state[OFFERED] = study.next_participant_id()
    form = f"register_{st.session_state.get(REGISTERED, 0)}"
    with st.form(form, border=False):
        st.text(say("number", number=free))
        demographics = ask(say.language, {}, form)
        speaks = _language(study, study.settings.languages[0], form, say)
        pressed = st.form_submit_button(say("register_it", number=free), type="primary", key="add")
    if not pressed:
        return
    if shown != free or not _registered(study, free, speaks, demographics):
        st.session_state[OFFERED] = study.next_participant_id()
        st.warning(say("taken", number=shown, free=st.session_state[OFFERED]))
        return
    st.session_state[REGISTERED] = st.session_state.get(REGISTERED, 0) + 1
    _tell("registered", free)


def _registered(study: Study, number: str, speaks: str, demographics: dict[str, Any]) -> bool:
    """Register, unless somebody else has in the meantime."""
    with study.holding(number):
        if study.participant_path(number).exists():
            return False
        study.save_participant(on_file(study, number, None, speaks, demographics))
    return True


def _show(study: Study, standing: Standing, say: Speaker) -> None:
    """The participant chosen: where the person stands, what comes next, what is on file."""
    import pandas as pd

    rows = _cells(standing, say)
    st.table(pd.DataFrame({say("state"): list(rows.values())}, index=list(rows)), hide_header=True)
    _next(standing, say)
    if standing.person.simulated:
        return
    with st.expander(say("correct"), icon=":material/edit:"):
        _correct(study, standing.person, say)


def _next(standing: Standing, say: Speaker) -> None:
    number, step = standing.person.participant, standing.next_step
    if not step:
        refused = not standing.consented
        st.text(say("no_recording" if refused else "nothing", number=number))
        return
    kept = {"participant": number, "lang": say.language}
    page = st.Page(lambda: None, title=step, url_path=step)
    st.page_link(
        page,
        label=f"{say('next')} {say(f'next.{step}')}",
        icon=":material/arrow_forward:",
        query_params=kept,
    )


def _correct(study: Study, person: Participant, say: Speaker) -> None:
    form = f"correct_{person.participant}_{person.language}_{person.demographics}"
    with st.form(form, border=False):
        demographics = ask(say.language, person.demographics, form)
        speaks = _language(study, person.language, form, say)
        pressed = st.form_submit_button(say("save"), key=f"{form}_save")
    if not pressed:
        return
    with study.holding(person.participant):
        now = study.participant(person.participant)  # with what was decided meanwhile
        study.save_participant(replace(now, language=speaks, demographics=demographics))
    _tell("saved", person.participant)


def _language(study: Study, before: str, form: str, say: Speaker) -> str:
    languages = tuple(dict.fromkeys((*study.settings.languages, before)))
    return st.radio(
        say("language"),
        languages,
        index=languages.index(before),
        format_func=lambda code: NAMES.get(code) or literal(code),
        horizontal=True,
        key=f"{form}_language",
    )


def _tell(news: str, number: str) -> None:
    """Draw the page anew, about this participant, with a line on what was done."""
    st.session_state[NEWS] = (news, number)
    remember(number)
    st.rerun()


def _everybody(standings: Sequence[Standing], say: Speaker) -> None:
    """A table of them, a line each; those that the search finds."""
    import pandas as pd

    st.subheader(say("everybody"))
    sought = st.text_input(say("search"), key="participants_search").casefold().strip()
    rows = [
        {say("participant"): standing.person.participant, **_cells(standing, say)}
        for standing in standings
    ]
    found = [row for row in rows if any(sought in cell.casefold() for cell in row.values())]
    if not found:
        st.info(say("none_found"))
        return
    pinned = {say("participant"): st.column_config.TextColumn(pinned=True)}
    st.dataframe(pd.DataFrame(found), hide_index=True, column_config=pinned, alt=say("everybody"))


def _cells(standing: Standing, say: Speaker) -> dict[str, str]:
    """Where somebody stands, in a word or two a step."""

    def yes(value: bool) -> str:
        return say("yes" if value else "no")

    return {
        say("consent"): _consent(standing, say),
        say("recording"): _recording(standing, say),
        say("report"): _report(standing.reported, say),
        say("analysis"): yes(standing.analysed),
        say("review"): yes(standing.reviewed),
        say("withdrawal"): say.moment(standing.withdrawn) if standing.withdrawn else say("no"),
    }


def _consent(standing: Standing, say: Speaker) -> str:
    if not standing.decided:
        return say("undecided")
    given = standing.person.scopes
    if not given:
        return say("refused")
    said = say("granted", n=len(given), all=len(SCOPES))
    return said if standing.consented else f"{said}, {say('unrecordable')}"


def _recording(standing: Standing, say: Speaker) -> str:
    if standing.shown is None:
        return say("no")
    state, number = say(standing.shown.state), len(standing.sittings)
    return say("several", state=state, n=number) if number > 1 else state


def _report(reported: Reported, say: Speaker) -> str:
    if reported.elsewhere or reported.damaged:
        return say("damaged" if reported.damaged else "elsewhere")
    if reported.finished or not reported.begun:
        return say("yes" if reported.finished else "no")
    return say("pages", page=reported.page, pages=reported.pages)
