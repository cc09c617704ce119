"""A recording on the page Run: how it goes, what can be told to it, and how it ended.

Reads STUDY/recording.json every second; writes orders to it (`collector.live`).
"""

from datetime import UTC, datetime
from typing import Final

import streamlit as st

from collector.app.choosing import remember
from collector.app.literal import literal
from collector.app.telling import go_to, telling, verbatim
from collector.form.filling import FIRST
from collector.live import Live, give_order, is_running, read_live
from collector.reporting import OPENS, reportable
from mexlab.study import Study
from mexlab.web.language import Speaker, Words

ABORTING = "aborting"  # in the session: the session the operator was asked about
LONGEST_NOTE = 300
SILENT_S = 8  # without a word of a recording that shows every second how it goes

WORDS: Final[Words] = {
    "recording": (
        "Se está grabando a {participant}, película {film}",
        "Recording {participant}, film {film}",
    ),
    "starting": ("Arrancando…", "Starting…"),
    "camera": ("Preparando la cámara…", "Getting the camera ready…"),
    "ready": (
        "Las instrucciones están en la pantalla: la barra espaciadora empieza la película.",
        "The instructions are on the screen: the space bar starts the film.",
    ),
    "film": ("La película está en marcha.", "The film is running."),
    "paused": ("En pausa.", "Paused."),
    "closing": ("Cerrando la sesión, espere…", "Closing the session, please wait…"),
    "silent": (
        "Sin noticias de la grabación desde hace {seconds} s.",
        "No word from the recording for {seconds} s.",
    ),
    "progress": (
        "Escena {scene} de {scenes} · {played} de {length}",
        "Scene {scene} of {scenes} · {played} of {length}",
    ),
    "fps": ("Imágenes por segundo", "Pictures a second"),
    "dropped": ("Imágenes perdidas", "Pictures dropped"),
    "warnings": ("Avisos de la grabación", "Warnings of the recording"),
    "pause": ("Pausar", "Pause"),
    "resume": ("Seguir", "Go on"),
    "told": ("Orden enviada", "Order sent"),
    "note": ("Nota del momento", "Note on this moment"),
    "mark": ("Marcar", "Mark"),
    "abort": ("Interrumpir…", "Abort…"),
    "abort about": (
        "La sesión termina y lo grabado se conserva; sin más, no cuenta para el estudio.",
        "The session ends and what was recorded is kept; it does not count by itself.",
    ),
    "abort yes": ("Sí, interrumpir", "Yes, abort"),
    "abort no": ("No, seguir", "No, go on"),
    "last": ("Última grabación: {participant}, {at}", "Last recording: {participant}, {at}"),
    "closed": ("Grabada hasta el final.", "Recorded to its end."),
    "aborted": (
        "Interrumpida; lo grabado se conserva.",
        "Broken off; what was recorded is kept.",
    ),
    "refused": ("No se grabó nada.", "Nothing was recorded."),
    "to report": ("Ir al autoinforme", "Go to the self-report"),
}


def watch(study: Study, live: Live, language: str) -> None:
    """The running recording. Only how it goes is drawn every second: a note being typed stays."""
    say = Speaker(language, WORDS)
    st.header(say("recording", participant=literal(live.participant), film=live.compilation))
    _going(study, live, language)
    if live.stage == "film":
        _orders(study, live, say)
    if live.stage in ("camera", "ready", "film"):
        _abort(study, live, say)


@st.fragment(run_every=1)
def _going(study: Study, drawn: Live, language: str) -> None:
    """Stage, progress, rate, warnings; the whole page anew once its buttons would be others."""
    say = Speaker(language, WORDS)
    with telling(language):
        live = read_live(study)
        if live is None or not is_running(live):
            st.rerun()
        if (live.stage, live.paused) != (drawn.stage, drawn.paused):
            st.rerun()
        _state(live, say)


def _state(live: Live, say: Speaker) -> None:
    paused = live.stage == "film" and live.paused
    (st.warning if paused else st.info)(say("paused" if paused else live.stage))
    silent = round((datetime.now(UTC) - datetime.fromisoformat(live.at)).total_seconds())
    if live.stage == "film" and silent > SILENT_S:
        st.warning(say("silent", seconds=silent))
    if live.film_s:
        played, length = min(live.played_s, live.film_s), live.film_s
        times = {"played": _clock(played), "length": _clock(length)}
        text = say("progress", scene=live.scene, scenes=live.scenes, **times)
        st.progress(played / length, text=text)
        with st.container(horizontal=True):
            st.metric(say("fps"), say.number(live.fps), width="content")
            st.metric(say("dropped"), live.dropped, width="content")
    if live.warnings:
        st.warning(say("warnings"))
        verbatim("\n".join(live.warnings))


def _orders(study: Study, live: Live, say: Speaker) -> None:
    """Pause or go on, and a marker with a note."""
    label, icon = ("resume", "play_arrow") if live.paused else ("pause", "pause")
    if st.button(say(label), icon=f":material/{icon}:", key="pause"):
        give_order(study, "p")
        st.toast(say("told"))
    with st.form("marker", clear_on_submit=True, border=False):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            note = st.text_input(say("note"), max_chars=LONGEST_NOTE, width=480)
            marked = st.form_submit_button(say("mark"), icon=":material/bookmark_add:")
        if marked:
            give_order(study, f"m {note}")
            st.toast(say("told"))


def _abort(study: Study, live: Live, say: Speaker) -> None:
    """Only after a second question; one about an earlier recording asks nothing of this one."""
    this = (live.pid, live.created)
    if st.session_state.get(ABORTING) != this:
        if st.button(say("abort"), icon=":material/stop_circle:", key="abort"):
            st.session_state[ABORTING] = this
            st.rerun()
        return
    st.warning(say("abort about"))
    with st.container(horizontal=True):
        sure = st.button(say("abort yes"), type="primary", key="abort_yes")
        back = st.button(say("abort no"), key="abort_no")
    if sure:
        give_order(study, "abort")
        st.toast(say("told"))
    if sure or back:
        del st.session_state[ABORTING]
        st.rerun()


def ended(study: Study, live: Live, language: str) -> None:
    """How the last recording ended, its last words, and the way to its self-report."""
    say = Speaker(language, WORDS)
    with st.container(border=True):
        st.markdown(say("last", participant=literal(live.participant), at=say.moment(live.at)))
        shown = {"closed": st.success, "aborted": st.warning}.get(live.outcome, st.error)
        shown(say(live.outcome if say.knows(live.outcome) else "refused"))
        if live.message:
            verbatim(live.message)
        if live.warnings:
            st.markdown(say("warnings"))
            verbatim("\n".join(live.warnings))
        asked = live.session and any(
            one.session.id == live.session and one.state in OPENS
            for one in reportable(study, FIRST)
        )
        if asked and st.button(say("to report"), type="primary", icon=":material/edit_note:"):
            remember(live.participant)
            go_to("self-report", session=live.session)


def _clock(seconds: float) -> str:
    """125.3 as 2:05."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02d}"
