"""The page Run: who is recorded, which film they see and why, and the recording as it goes.

Starts `collector run` as a process that outlives these pages (`collector.live`). Everything shown
is read from disk, so that a reload, another browser or a restarted server finds it again.
"""

from typing import Final

import streamlit as st

from collector.app.camera import ask_camera
from collector.app.choosing import choose_participant
from collector.app.literal import literal
from collector.app.telling import go_to, tell, telling, verbatim
from collector.app.watching import ended, watch
from collector.live import is_running, read_live, start_run
from collector.openness import is_live, open_sessions
from collector.planned import (
    NUMBERS,
    built_film,
    free_simulated_id,
    is_simulated,
    sessions_of,
    turn_of,
)
from collector.run import allowed_participant
from mexlab.consent import withdrawn_at
from mexlab.errors import ConsentError, StudyError
from mexlab.study import Study
from mexlab.web.language import Speaker, Words

WORDS: Final[Words] = {
    "new": ("Nueva sesión", "New session"),
    "left open": (
        "Un fallo dejó una sesión abierta. Antes de grabar otra, ciérrela en un terminal con:",
        "A crash left a session open. Before another is recorded, close it in a terminal with:",
    ),
    "simulated about": (
        "La cámara simulada no filma a nadie: la sesión se guarda con un participante simulado, "
        "que se registra al empezar. Para grabar a una persona, elija abajo otra cámara.",
        "The simulated camera films nobody: the session is kept under a simulated participant, "
        "registered when it starts. To record a person, choose another camera below.",
    ),
    "simulated id": ("Participante simulado", "Simulated participant"),
    "is simulated": (
        "{participant} es un participante simulado: necesita la cámara `simulated`.",
        "{participant} is a simulated participant: it needs the camera `simulated`.",
    ),
    "consented": (
        "Ha dado su consentimiento para ser grabado.",
        "Consent to being recorded is there.",
    ),
    "no consent": (
        "{participant} no ha dado su consentimiento para ser grabado: no se puede empezar.",
        "{participant} has not consented to being recorded: it cannot start.",
    ),
    "withdrew": (
        "{participant} se retiró: no se puede grabar.",
        "{participant} withdrew and cannot be recorded.",
    ),
    "to consent": ("Ir a Consentimiento", "Go to Consent"),
    "why": (
        "Verá la **película {film}**: {participant} es el número {number}, o sea el puesto "
        "{place} del bloque {block}, en el orden que la semilla {seed} da a ese bloque.",
        "The **film is number {film}**: {participant} is number {number}, which is place {place} "
        "of block {block}, in the order that seed {seed} gives to that block.",
    ),
    "no number": (
        "{participant} no lleva número, así que el plan no le da ninguna película: elija una.",
        "{participant} has no number, so the schedule gives no film: choose one.",
    ),
    "another": ("Otra película", "Another film"),
    "film": ("Película", "Film"),
    "scheduled": ("La del plan", "As scheduled"),
    "choose film": ("Elija una película", "Choose a film"),
    "film n": ("Película {film}", "Film {film}"),
    "overridden": (
        "No es la película del plan: las ocho dejarán de mostrarse igual de a menudo.",
        "This is not the scheduled film: the eight will no longer be shown equally often.",
    ),
    "built": ("La película está preparada.", "The film is ready."),
    "placeholder": (
        "La película es un sustituto para ensayos, sin los clips del estudio.",
        "The film is a placeholder for rehearsals, without the study's clips.",
    ),
    "not built": (
        "La película {film} no está preparada. Constrúyala en un terminal con:",
        "Film {film} is not ready. Build it in a terminal with:",
    ),
    "before": (
        "Ya hay una sesión suya. Puede grabar otra; cuenta la última que esté completa.",
        "There is a session already. Another can be recorded; the last complete one counts.",
    ),
    "closed": ("completa", "complete"),
    "recovered": ("completa, tras un fallo", "complete, after a crash"),
    "aborted": ("interrumpida", "broken off"),
    "open": ("abierta", "open"),
    "start": ("Empezar a grabar", "Start recording"),
    "start about": (
        "La pantalla mostrará las instrucciones; la barra espaciadora empieza la película.",
        "The screen will show the instructions; the space bar starts the film.",
    ),
}


def page(study: Study, language: str) -> None:
    """The running recording; without one, how the last ended and what the next would be."""
    live = read_live(study)
    if live and is_running(live):
        watch(study, live, language)
        return
    if live:
        with telling(language):
            ended(study, live, language)
    say = Speaker(language, WORDS)
    st.header(say("new"))
    if any(not is_live(session) for session in open_sessions(study)):
        st.warning(say("left open"))
        verbatim(f"collector recover {study.root}")
        return
    # The camera decides who can be recorded, and is asked for below them.
    above, below = st.container(), st.container()
    with below:
        camera, offscreen = ask_camera(language)
    with above:
        simulated = is_simulated(study, camera)
        who = _simulated(study, say) if simulated else _person(study, say)
        film = _film(study, who, say) if who else None
    if who and film:
        _start(study, who, film, camera, offscreen, say)


def _simulated(study: Study, say: Speaker) -> str | None:
    """A participant's id for the simulated camera."""
    st.info(say("simulated about"))
    offered = free_simulated_id(study)
    who = st.text_input(say("simulated id"), offered, max_chars=32, width=320).strip() or offered
    with telling(say.language):
        allowed_participant(study, who, simulated=True)
        return who
    return None


def _person(study: Study, say: Speaker) -> str | None:
    """A real participant who may be recorded."""
    person = choose_participant(study, say.language)
    if person is None:
        return None
    name = literal(person.participant)
    if person.simulated:
        st.error(say("is simulated", participant=name))
        return None
    try:
        allowed_participant(study, person.participant, simulated=False)
    except ConsentError:
        gone = withdrawn_at(person.consents)
        st.error(say("withdrew" if gone else "no consent", participant=name))
        if not gone and st.button(say("to consent"), icon=":material/verified_user:"):
            go_to("consent", participant=person.participant)
        return None
    st.markdown(f":material/check_circle: {say('consented')}")
    return person.participant


def _film(study: Study, who: str, say: Speaker) -> int | None:
    """The film's number, if it can be shown: by the schedule, or as the operator says."""
    turn, name = turn_of(study, who), literal(who)
    if turn:
        reasons = {"number": turn.number, "place": turn.place, "block": turn.block}
        film = turn.compilation
        st.markdown(say("why", film=film, participant=name, seed=turn.seed, **reasons))
    else:
        st.warning(say("no number", participant=name))
    with st.expander(say("another"), expanded=turn is None):
        chosen = st.selectbox(
            say("film"),
            [None, *NUMBERS],
            key=f"film_{who}",  # a choice for one is none for the next
            format_func=lambda n: (
                say("film n", film=n) if n else say("scheduled" if turn else "choose film")
            ),
        )
        if turn and chosen and chosen != turn.compilation:
            st.warning(say("overridden"))
    number = chosen or (turn.compilation if turn else None)
    if number is None:
        return None
    built = built_film(study, number)
    if built is None:
        st.error(say("not built", film=number))
        verbatim(f"mexlab stimuli build {study.root}")
        return None
    icon, words = ("info", "placeholder") if built.placeholder else ("check_circle", "built")
    st.markdown(f":material/{icon}: {say(words)}")
    return number


def _start(study: Study, who: str, film: int, camera: str, offscreen: bool, say: Speaker) -> None:
    """What was recorded of them before, and the button."""
    before = sessions_of(study, who)
    if before:
        st.warning(say("before"))
        for session in before:
            header = session.header
            st.text(f"{say.moment(header.started_at)} · {say(header.state)} · {session.id}")
    if not offscreen:
        st.text(say("start about"))
    if st.button(say("start"), type="primary", icon=":material/radio_button_checked:", key="start"):
        try:
            start_run(study, who, camera, film, offscreen)
        except StudyError as error:
            tell(error, say.language)
            return
        st.rerun()
