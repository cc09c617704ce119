"""The page Self-report: which forms are open, and how a participant gets at one.

A link is made by pressing a button, opens the form on one device, and shuts out the device before
it. Reads sessions and forms; writes the link's hash (`collector.form.links`). The operator's token
is in none of the addresses shown here.
"""

from collections import Counter
from typing import Final

import streamlit as st

from collector.app.choosing import KEPT, remember
from collector.app.linking import offer
from collector.app.literal import literal
from collector.app.telling import tell, telling, verbatim
from collector.form import links
from collector.form.filling import FIRST, FORMS
from collector.reporting import (
    BEGUN,
    DAMAGED,
    FINISHED,
    OPENS,
    STATES,
    WAITING,
    WITHDRAWN,
    Reportable,
    reportable,
    standing,
)
from mexlab.study import Study
from mexlab.web.language import Speaker, Words

ASKED = "session"  # of the address: the session to show first
EVERY_S = 3  # how often progress is read

WORDS: Final[Words] = {
    "form": ("Formulario", "Form"),
    "self-report": ("Autoinforme", "Self-report"),
    "second-pass": ("Segunda pasada", "Second pass"),
    "nobody": (
        "Aquí aparecen las sesiones grabadas de quienes dieron su consentimiento. Todavía no hay "
        "ninguna.",
        "Recorded sessions of people who consented appear here. There is none yet.",
    ),
    "session": ("Sesión", "Session"),
    "not begun": ("sin empezar", "not begun"),
    "begun": ("página {page} de {pages}", "page {page} of {pages}"),
    "finished": ("terminado", "finished"),
    "withdrawn": ("se retiró", "withdrew"),
    "waiting": ("sin analizar", "not analysed"),
    "damaged": ("dañado", "damaged"),
    "count not begun": ("Sin empezar: {n}", "Not begun: {n}"),
    "count begun": ("A medias: {n}", "Begun: {n}"),
    "count finished": ("Terminados: {n}", "Finished: {n}"),
    "count withdrawn": ("Retirados: {n}", "Withdrawn: {n}"),
    "count waiting": ("Sin analizar: {n}", "Not analysed: {n}"),
    "count damaged": ("Dañados: {n}", "Damaged: {n}"),
    "is not begun": ("Sin empezar.", "Not begun."),
    "is begun": ("A medias: página {page} de {pages}.", "Begun: page {page} of {pages}."),
    "choose": ("Elija una sesión", "Choose a session"),
    "no form": (
        "{number} no tiene ninguna sesión con autoinforme: falta grabarla, el consentimiento, o el "
        "informe vino de otra parte.",
        "{number} has no session with a self-report: it is not recorded yet, consent is missing, "
        "or the report came from elsewhere.",
    ),
    "is finished": (
        "Terminado. Las respuestas ya no se cambian.",
        "Finished. The answers stay as they are.",
    ),
    "is withdrawn": (
        "Se retiró el {at}: no se le pregunta nada más.",
        "Withdrew on {at}: nothing more is asked.",
    ),
    "is waiting": (
        "La segunda pasada pregunta por momentos de la cara. Primero hay que encontrarlos, en un "
        "terminal:",
        "The second pass asks about moments of the face. They have to be found first, in a "
        "terminal:",
    ),
    "aborted": (
        "La sesión se interrumpió: se pregunta por las escenas que se vieron.",
        "The session was broken off: the scenes that were seen are asked about.",
    ),
}


def page(study: Study, language: str) -> None:
    """The sessions that have a form, and for the chosen one how it stands and how to open it."""
    say = Speaker(language, WORDS)
    form = _form(study, say)
    sessions = reportable(study, form)
    if not sessions:
        st.info(say("nobody"))
        return
    st.text(_counts(sessions, say))
    chosen = _choose(sessions, say)
    if chosen is None:
        return
    if chosen.session.header.state == "aborted":
        st.text(say("aborted"))
    _going(study, chosen, _opened_at(chosen), language)
    if chosen.state in OPENS:
        offer(study, chosen, language)
    elif chosen.state == WAITING:
        study_and_session = f"{study.root} --session {chosen.session.id}"
        verbatim(f"annotate analyse {study_and_session}\nannotate locate {study_and_session}")
    elif chosen.state == DAMAGED and chosen.problem:
        tell(chosen.problem, language)


def _form(study: Study, say: Speaker) -> str:
    if not study.forms.second_pass:
        return FIRST
    picked = st.radio(say("form"), FORMS, format_func=say, horizontal=True, key="form")
    return picked or FIRST


def _counts(sessions: list[Reportable], say: Speaker) -> str:
    """How many stand where: Not begun: 2 · Finished: 5."""
    counts = Counter(one.state for one in sessions)
    return " · ".join(say(f"count {s}", n=counts[s]) for s in STATES if counts[s])


def _choose(sessions: list[Reportable], say: Speaker) -> Reportable | None:
    """The session in the box, kept in the address; nobody else's than the chosen participant's.

    Where nobody is chosen yet: the newest that somebody can still fill in.
    """
    by_id = {one.session.id: one for one in sessions}
    asked, about = st.query_params.get(ASKED, ""), st.session_state.get(KEPT)
    own = [name for name, one in by_id.items() if about in (None, one.person.participant)]
    opens = [name for name in own if by_id[name].state in OPENS]
    first = asked if asked in own else next(iter([*opens, *own]), None)
    picked = st.selectbox(
        say("session"),
        list(by_id),
        index=None if first is None else list(by_id).index(first),
        format_func=lambda name: _label(by_id[name], say) if name in by_id else name,
        placeholder=say("choose"),
    )
    if picked is None:
        st.info(say("no form", number=literal(str(about))))
        return None
    st.query_params[ASKED] = picked
    remember(by_id[picked].person.participant)
    return by_id[picked]


def _label(one: Reportable, say: Speaker) -> str:
    header = one.session.header
    state = say(one.state, page=one.page, pages=one.pages)
    return f"{header.participant} · {state} · {say.moment(header.started_at)}"


@st.fragment(run_every=EVERY_S)
def _going(study: Study, drawn: Reportable, opened_at: str, language: str) -> None:
    """How the form stands, every few seconds; the whole page anew where its buttons change."""
    say = Speaker(language, WORDS)
    with telling(language):
        now = standing(study, drawn.session, drawn.form)
        # A link that was opened a moment ago is not to be shown any longer.
        if (now.state, _opened_at(now)) != (drawn.state, opened_at):
            st.rerun()
        _state(now, say)


def _opened_at(one: Reportable) -> str:
    """When the latest link was opened on a device; empty before."""
    access = links.latest(one.session, one.form)
    return access.opened_at if access else ""


def _state(now: Reportable, say: Speaker) -> None:
    if now.state == DAMAGED:
        return
    at = say.moment(now.withdrawn) if now.withdrawn else ""
    text = say(f"is {now.state}", page=now.page, pages=now.pages, at=at)
    if now.state == BEGUN:
        st.progress((now.page - 1) / now.pages, text=text)
    else:
        {FINISHED: st.success, WITHDRAWN: st.warning}.get(now.state, st.info)(text)
