"""The page Pre-flight: a look through the camera and at everything else a session needs.

Runs `collector check` as a process of its own (`collector.looking`); what it found stays in this
browser's session, so that going to another page and back does not lose it.
"""

from typing import Final

import streamlit as st

from collector.app.camera import ask_camera
from collector.app.literal import literal
from collector.app.telling import tell
from collector.finding import FAIL, OK, WARN, Finding, first_to_last
from collector.live import is_running, read_live
from collector.looking import Look, look
from mexlab.errors import MexlabError
from mexlab.study import Study
from mexlab.web.language import Speaker, Words

KEPT = "preflight"  # the last look, in the session
ICONS = {FAIL: ":material/cancel:", WARN: ":material/warning:", OK: ":material/check_circle:"}

WORDS: Final[Words] = {
    "about": (
        "Siente a la persona participante delante de la cámara, con la luz de la sesión.",
        "Have the participant sit in front of the camera, in the light of the session.",
    ),
    "look": ("Comprobar ahora", "Check now"),
    "again": ("Comprobar otra vez", "Check again"),
    "looking": ("Comprobando cámara, luz, cara, disco…", "Checking camera, light, face, disk…"),
    "busy": (
        "Se está grabando una sesión de {participant}: la cámara está ocupada. Vuelva cuando "
        "termine.",
        "A session of {participant} is being recorded: the camera is busy. Come back when it ends.",
    ),
    "all ok": ("Todo listo.", "Everything is ready."),
    "all warn": (
        "Se puede grabar; hay algo que mejorar.",
        "Ready to record; something could be better.",
    ),
    "all fail": (
        "Así no se puede grabar: corrija primero lo que ha fallado.",
        "Not ready: put right what has failed first.",
    ),
    "looked": (
        "Comprobado el {at}, cámara {camera}",
        "Checked on {at}, camera {camera}",
    ),
    "rehearsal": ("ensayo sin pantalla", "rehearsal without a screen"),
    "picture": (
        "Lo que ve la cámara; en verde, la parte que se graba ({width}x{height} px).",
        "What the camera sees; framed in green, the part that is recorded ({width}x{height} px).",
    ),
    "picture whole": (
        "Lo que ve la cámara; se graba la imagen entera.",
        "What the camera sees; the whole picture is recorded.",
    ),
    "no picture": ("Sin imagen de la cámara.", "No picture from the camera."),
    "fps": ("Imágenes por segundo", "Pictures a second"),
    "light": ("Brillo", "Brightness"),
    "fail": ("Falla", "Failed"),
    "warn": ("Atención", "Attention"),
    "ok": ("Bien", "OK"),
    "remedy": ("Qué hacer: {remedy}", "What to do: {remedy}"),
}


def page(study: Study, language: str) -> None:
    """The button, and below it what the last look found."""
    say = Speaker(language, WORDS)
    st.write(say("about"))
    camera, offscreen = ask_camera(language)
    live = read_live(study)
    if live and is_running(live):
        st.info(say("busy", participant=literal(live.participant)))
    else:
        label = say("again") if KEPT in st.session_state else say("look")
        if st.button(label, type="primary", icon=":material/photo_camera:", key="look"):
            _look(study, camera, offscreen, say)
    found = st.session_state.get(KEPT)
    if isinstance(found, Look):
        _show(found, say)
    elif isinstance(found, MexlabError):
        tell(found, language)


def _look(study: Study, camera: str, offscreen: bool, say: Speaker) -> None:
    """Look, and keep what was found or why nothing was; the page is then drawn anew."""
    with st.spinner(say("looking"), show_time=True):
        try:
            st.session_state[KEPT] = look(study, camera, offscreen)
        except MexlabError as error:
            st.session_state[KEPT] = error
    st.rerun()


def _show(found: Look, say: Speaker) -> None:
    """The verdict, what fails or wants attention, then the still beside what is well."""
    {FAIL: st.error, WARN: st.warning, OK: st.success}[found.worst](
        say(f"all {found.worst}"), icon=ICONS[found.worst]
    )
    when = say("looked", at=say.moment(found.at), camera=found.camera)
    st.text(f"{when}, {say('rehearsal')}" if found.offscreen else when)
    amiss = [finding for finding in first_to_last(found.findings) if finding.verdict != OK]
    for finding in amiss:
        with st.container(border=True, gap="xxsmall"):
            _finding(finding, say)
    left, right = st.columns(2)
    with left:
        _picture(found, say)
        fps, light = found.value("rate", "fps"), found.value("light", "brightness")
        with st.container(horizontal=True):
            if fps is not None:
                st.metric(say("fps"), say.number(fps), width="content")
            if light is not None:
                st.metric(say("light"), say.percent(light, 0), width="content")
    with right:
        for finding in found.verdicts(OK):
            with st.container(gap="xxsmall"):
                _finding(finding, say)


def _picture(found: Look, say: Speaker) -> None:
    if found.picture is None:
        st.info(say("no picture"))
        return
    seen = say("picture whole")
    if found.crop:
        seen = say("picture", width=found.crop[0], height=found.crop[1])
    st.image(found.picture, alt=seen, width="stretch")
    st.text(seen)


def _finding(finding: Finding, say: Speaker) -> None:
    """One thing looked at: the verdict in words, what was measured, what to do."""
    name, detail, remedy = finding.said(say.language)
    st.markdown(f"{ICONS[finding.verdict]} **{say(finding.verdict)}** · {name}")
    st.text(detail)
    if remedy and finding.verdict != OK:
        st.text(say("remedy", remedy=remedy))
